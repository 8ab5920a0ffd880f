;; Its failures have one case more than those of the contract.
;; The host: does not load it: types are compared whole.
;; Threat: not a component. Duty: WORLD-1.

;; The type is changed beside its entry in plugins.toml.
