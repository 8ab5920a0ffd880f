;; What it hands over lies where there is no memory.
;; The host: checks pointers in this direction too.
;; Threat: invalid UTF-8 / out-of-range pointers. Duty: WORLD-3.

(func $administration.status (param i32 i32) (result i32)
    (call $store.get (i32.const 0x7ffffff0) (i32.const 8) (i32.const 4000)) unreachable)
