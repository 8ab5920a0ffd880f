;; It has the keyring make one tag after another.
;; The host: counts calls of the host too.
;; Threat: slow host calls. Duty: WORLD-3.

(func $administration.status (param i32 i32) (result i32)
    (loop (call $keyring.mac (i32.const 0) (i32.const 8192) (i32.const 4096) (i32.const 4000)) (br 0)) unreachable)
;; One place for all that is handed in.
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536))
