;; It sends to what is no number.
;; The host: sends to numbers in E.164 form.
;; Threat: exfiltration by SMS text. Duty: SMS-1.

(data (i32.const 2560) "acme") (data (i32.const 2570) "+12025550100")
(data (i32.const 2600) "123456") (data (i32.const 2640) "key")
;; `err(busy)`.
(data (i32.const 3504) "\01\00\00\00\00\00\00\00" "\05")
(func $verification.send-code (param i32 i32 i32 i32) (result i32)
    (call $sms.send (i32.const 2560) (i32.const 4) (i32.const 2571) (i32.const 11) (i32.const 2600)
        (i32.const 6) (i32.const 1) (i32.const 10) (i32.const 2640) (i32.const 3) (i32.const 4000))
    unreachable)
