;; It asks for the policy of a company that the call does not name.
;; The host: gives it none.
;; Threat: reading other tenants. Duty: SCOPE-1.

(data (i32.const 2560) "evil") (data (i32.const 2568) "q")
;; The ids `user(account)`, `policy("evil")` and `quota("q")`.
(data (i32.const 3000) "\00\00\00\00\00\00\00\00\00\00\00\00")
(data (i32.const 3100) "\01\00\00\00\00\0a\00\00\04\00\00\00")
(data (i32.const 3200) "\02\00\00\00\08\0a\00\00\01\00\00\00")
(func $administration.status (param i32 i32) (result i32)
    (call $store.get (i32.const 3100) (i32.const 1) (i32.const 4000)) unreachable)
