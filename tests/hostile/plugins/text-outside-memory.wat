;; Its name begins within the memory, and ends four gibibytes later.
;; The host: checks where a text ends.
;; Threat: invalid UTF-8 / out-of-range pointers. Duty: WORLD-3.

(data (i32.const 4096) "\00\20\00\00\ff\ff\ff\ff")
(func $meta.describe (result i32) (i32.const 4096))
