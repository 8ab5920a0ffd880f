;; It takes the arguments and never gives the place for them.
;; The host: counts the time in which arguments are handed over as the plugin's own.
;; Threat: infinite loop. Duty: WORLD-3.

(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (loop (br 0)) unreachable)
