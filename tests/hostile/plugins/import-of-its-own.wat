;; It imports what some hosts may have for others.
;; The host: does not load it, and names what it wanted.
;; Threat: undeclared imports. Duty: WORLD-1.

;; Its import is declared beside its entry in plugins.toml.
