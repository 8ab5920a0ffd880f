;; It hands over a mebibyte to be tagged.
;; The host: refuses what is too much before it copies it.
;; Threat: huge arguments to the host. Duty: WORLD-3.

(func $administration.status (param i32 i32) (result i32)
    (drop (memory.grow (i32.const 32)))
    (call $keyring.mac (i32.const 0) (i32.const 65536) (i32.const 1048576) (i32.const 0))
    unreachable)
