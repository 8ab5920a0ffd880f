;; It is a component, and nothing is in it.
;; The host: does not load it, and names what is missing.
;; Threat: not a component. Duty: WORLD-1.

(component)
