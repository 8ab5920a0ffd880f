;; In a call about a company it asks for an account.
;; The host: answers no more than the call is about. Another user cannot even be named.
;; Threat: reading other tenants. Duty: SCOPE-1.

(data (i32.const 2560) "evil") (data (i32.const 2568) "q")
;; The ids `user(account)`, `policy("evil")` and `quota("q")`.
(data (i32.const 3000) "\00\00\00\00\00\00\00\00\00\00\00\00")
(data (i32.const 3100) "\01\00\00\00\00\0a\00\00\04\00\00\00")
(data (i32.const 3200) "\02\00\00\00\08\0a\00\00\01\00\00\00")
(func $policy.get (param i32 i32) (result i32)
    (call $store.get (i32.const 3000) (i32.const 1) (i32.const 4000)) unreachable)
