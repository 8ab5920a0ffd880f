;; It forgets the account that it just read, and with it epoch, counts and mark.
;; The host: **cannot prevent this**: what is in a record is the plugin's own. It holds that the record was read,
;; that it is the user's own, and that no version is used twice.
;; Threat: false results. Duty: SCOPE-1.

;; A change `put { id: user(account), expected: none, value: "" }` at 3400.
(func $administration.first-factor-changed (param i32 i32) (result i32)
    (call $store.commit (i32.const 3400) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 4000))
    (i32.const 512))
