;; Its `acknowledge` takes a number where the contract has a text.
;; The host: does not load it.
;; Threat: not a component. Duty: WORLD-1.

;; The type is changed beside its entry in plugins.toml.
