;; It leaves out how to recover.
;; The host: does not load it: to find that out when somebody needs it would be too late.
;; Threat: not a component. Duty: WORLD-1.

;; What is left out is said beside its entry in plugins.toml.
