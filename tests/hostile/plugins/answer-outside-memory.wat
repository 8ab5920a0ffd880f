;; Its answer lies where there is no memory.
;; The host: checks each pointer.
;; Threat: invalid UTF-8 / out-of-range pointers. Duty: WORLD-3.

(func $meta.describe (result i32) (i32.const 0x7ffffff0))
