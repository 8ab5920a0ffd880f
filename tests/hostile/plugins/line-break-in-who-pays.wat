;; The company that pays for a message has a line break in its name.
;; The host: checks what it hands on to carriers and logs.
;; Threat: exfiltration by SMS text. Duty: SMS-3.

(data (i32.const 6000) "ac\0ame")
(data (i32.const 2560) "acme") (data (i32.const 2570) "+12025550100")
(data (i32.const 2600) "123456") (data (i32.const 2640) "key")
;; `err(busy)`.
(data (i32.const 3504) "\01\00\00\00\00\00\00\00" "\05")
(func $verification.send-code (param i32 i32 i32 i32) (result i32)
    (call $sms.send (i32.const 6000) (i32.const 5) (i32.const 2570) (i32.const 12) (i32.const 2600)
        (i32.const 6) (i32.const 1) (i32.const 10) (i32.const 2640) (i32.const 3) (i32.const 4000))
    unreachable)
