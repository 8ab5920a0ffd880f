;; It writes an event with a text of 201 bytes.
;; The host: bounds what an event may say, so that nobody fills the audit trail.
;; Threat: log forging / terminal escapes. Duty: STORE-8.

;; An event `other(…)` of 201 zeros at 5000.
(data (i32.const 5000) "\23\00\00\00\00\00\00\00" "\00\20\00\00\c9\00\00\00")
(func $administration.status (param i32 i32) (result i32)
      (call $store.commit (i32.const 0) (i32.const 0) (i32.const 5000) (i32.const 1) (i32.const 4000))
    unreachable)
