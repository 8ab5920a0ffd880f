;; It asks about one number after another, for which carriers may charge.
;; The host: lets a call ask a few times.
;; Threat: slow host calls. Duty: WORLD-3.

(data (i32.const 2560) "acme") (data (i32.const 2570) "+12025550100")
(data (i32.const 2600) "123456") (data (i32.const 2640) "key")
;; `err(busy)`.
(data (i32.const 3504) "\01\00\00\00\00\00\00\00" "\05")
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536))
(func $verification.send-code (param i32 i32 i32 i32) (result i32)
    (loop
        (call $sms.check (i32.const 2560) (i32.const 4) (i32.const 2570) (i32.const 12) (i32.const 1) (i32.const 4000))
        (br 0))
    unreachable)
