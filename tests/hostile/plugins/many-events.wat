;; It writes thirty-three events at once.
;; The host: takes thirty-two.
;; Threat: log forging / terminal escapes. Duty: STORE-8.

;; Zeros are `policy-changed(0)`.
(func $administration.status (param i32 i32) (result i32)
      (call $store.commit (i32.const 0) (i32.const 0) (i32.const 8192) (i32.const 33) (i32.const 4000))
    unreachable)
