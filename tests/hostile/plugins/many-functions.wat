;; It has ten thousand functions.
;; The host: compiles it once, in bounded time, and is none the worse for it.
;; Threat: compile-time bombs. Duty: WORLD-3.

;; The functions are said beside its entry in plugins.toml.
