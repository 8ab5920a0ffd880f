;; It imports the files of the machine.
;; The host: does not load it, and names what it wanted. It must not link all of WASI, nor a trap in place of what
;; it does not know.
;; Threat: undeclared imports. Duty: WORLD-1.

;; Its import is declared beside its entry in plugins.toml.
