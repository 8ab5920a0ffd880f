;; It says that everybody may come in.
;; The host: **cannot prevent this**: a sandbox keeps no plugin from lying. Pin the digest of one that passed the
;; cases; here it is shown that the lie leaves no trace in the store, by which it can be told.
;; Threat: false results. Duty: SIGN-8.

;; Zeros are `ok(allow({ reason: mode-off, epoch: 0, … }))`.
(func $sign-in.begin (param i32) (result i32)
    (i32.const 512))
