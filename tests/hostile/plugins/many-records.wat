;; It asks for sixty-five records at once.
;; The host: refuses more than sixty-four.
;; Threat: huge arguments to the host. Duty: STORE-8.

;; Zeros are `user(account)`.
(func $administration.status (param i32 i32) (result i32)
    (call $store.get (i32.const 8192) (i32.const 65) (i32.const 4000)) unreachable)
