;; Its answer is the 255th case of a variant that has eight.
;; The host: checks cases.
;; Threat: invalid UTF-8 / out-of-range pointers. Duty: WORLD-3.

(data (i32.const 4096) "\01\00\00\00\00\00\00\00" "\ff")
(func $administration.status (param i32 i32) (result i32)
    (i32.const 4096))
