;; It says that every session goes on, whatever its epoch.
;; The host: **cannot prevent this** either; the answer reaches the gateway as it is.
;; Threat: false results. Duty: SIGN-8.

;; Zeros are `ok(continue(0))`.
(func $sign-in.assess (param i32) (result i32)
    (i32.const 512))
