;; A module of it exports a function whose name ends a text of JavaScript, and goes on as code.
;; The host: writes no name of the plugin's into code that it generates. Where it does, its process ends in the first call.
;; Threat: code in names. Duty: WORLD-1.

(core module $odd (func (export "a'] ?? process.exit(7) ?? ['b")))
(core instance $odd (instantiate $odd))
(core module $user (import "m" "f" (func)))
(core instance (instantiate $user (with "m" (instance
    (export "f" (func $odd "a'] ?? process.exit(7) ?? ['b"))))))
