;; Its file has more than five megabytes.
;; The host: does not read on, let alone compile.
;; Threat: compile-time bombs. Duty: WORLD-3.

;; The items that make it large are said beside its entry in plugins.toml.
