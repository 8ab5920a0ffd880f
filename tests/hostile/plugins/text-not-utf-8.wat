;; Its name is no text.
;; The host: checks that a text is UTF-8.
;; Threat: invalid UTF-8 / out-of-range pointers. Duty: WORLD-3.

(data (i32.const 4096) "\00\20\00\00\04\00\00\00")
(data (i32.const 8192) "\ff\fe\fd\fc")
(func $meta.describe (result i32) (i32.const 4096))
