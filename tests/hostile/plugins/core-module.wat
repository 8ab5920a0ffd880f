;; It is a module, and no component.
;; The host: does not load it.
;; Threat: not a component. Duty: WORLD-1.

(module (memory (export "memory") 1))
