;; It takes back that a message went out, by the name of the counter that the host keeps for it.
;; The host: lets no plugin name a counter of its own: `_` is not for them.
;; Threat: reading other tenants. Duty: STORE-8.

(data (i32.const 2560) "host_sms/0")
;; The id `quota("host_sms/0")`.
(data (i32.const 3200) "\02\00\00\00\00\0a\00\00\0a\00\00\00")
(func $administration.status (param i32 i32) (result i32)
    (call $store.get (i32.const 3200) (i32.const 1) (i32.const 4000)) unreachable)
