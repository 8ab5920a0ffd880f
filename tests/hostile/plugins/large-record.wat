;; It stores an account of 16,385 bytes.
;; The host: refuses a record that is larger than the contract allows.
;; Threat: huge arguments to the host. Duty: STORE-8.

;; A change `put { id: user(account), expected: none, value: 16,385 zeros }` at 3400.
(data (i32.const 3440) "\00\20\00\00" "\01\40\00\00")
(func $administration.status (param i32 i32) (result i32)
    (call $store.commit (i32.const 3400) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 4000))
    unreachable)
