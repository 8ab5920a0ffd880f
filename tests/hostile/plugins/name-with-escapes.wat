;; Its name clears the terminal.
;; The host: gives the name as it is to programs, and escapes it before a terminal sees it.
;; Threat: log forging / terminal escapes. Duty: META-1.

(data (i32.const 4096)
    "\00\20\00\00\09\00\00\00" "\20\08\00\00\05\00\00\00" "\00\00\00\00\00\00\00\00"
    "\01\00\00\00\01\00\00\00\01\00\00\00")
(data (i32.const 8192) "\1b[2J\0devil")
(func $meta.describe (result i32) (i32.const 4096))
