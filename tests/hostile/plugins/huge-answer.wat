;; Its name has a mebibyte.
;; The host: refuses an answer that is too much, as it refuses arguments.
;; Threat: huge arguments to the host. Duty: WORLD-3.

(func $meta.describe (result i32)
    (drop (memory.grow (i32.const 32)))
    (i32.store (i32.const 1024) (i32.const 65536))
    (i32.store (i32.const 1028) (i32.const 1048576))
    (i32.const 1024))
