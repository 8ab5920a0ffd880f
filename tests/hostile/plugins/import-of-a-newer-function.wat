;; It imports a function of the store that the contract does not have.
;; The host: does not load it, though it knows the interface.
;; Threat: undeclared imports. Duty: WORLD-1.

;; Its import is declared beside its entry in plugins.toml.
