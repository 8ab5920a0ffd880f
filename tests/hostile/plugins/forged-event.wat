;; It writes an event whose text clears the terminal and begins a line of its own.
;; The host: writes an event as one line without a control character; who and when are its own words.
;; Threat: log forging / terminal escapes. Duty: SCOPE-3.

;; An event `other("…")` at 5000: escapes, a line break, and a line as a log may have it.
(data (i32.const 5000) "\23\00\00\00\00\00\00\00" "\00\20\00\00\26\00\00\00")
(data (i32.const 8192) "\1b[2J\0d\0aaccepted user=eva\1b]0;root\07......")
(func $administration.first-factor-changed (param i32 i32) (result i32)
      (call $store.commit (i32.const 0) (i32.const 0) (i32.const 5000) (i32.const 1) (i32.const 4000))
    (i32.const 512))
