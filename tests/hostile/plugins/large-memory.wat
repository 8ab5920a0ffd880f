;; It wants 125 MiB from the start.
;; The host: does not load it, since no instance could be made.
;; Threat: memory growth. Duty: WORLD-3.

(memory (export "memory") 2000)
