;; A module of it imports a function whose name ends a text of JavaScript, and goes on as code.
;; The host: writes no name of the plugin's into code that it generates. Where it does, its process ends in the first call.
;; Threat: code in names. Duty: WORLD-1.

(core module $given (func (export "f")))
(core instance $given (instantiate $given))
(core module $odd (import "m" "a': (process.exit(7), 1), 'b" (func)))
(core instance (instantiate $odd (with "m" (instance
    (export "a': (process.exit(7), 1), 'b" (func $given "f"))))))
