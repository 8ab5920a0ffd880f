;; It replaces an account at a version that it guessed.
;; The host: lets nobody replace what this call did not read.
;; Threat: false results. Duty: STORE-6.

;; A change `put { id: user(account), expected: some(1), value: "" }` at 3400.
(data (i32.const 3424) "\01\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00")
(func $administration.status (param i32 i32) (result i32)
    (call $store.commit (i32.const 3400) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 4000))
    unreachable)
