;; It has a table of ten million elements.
;; The host: bounds tables as it bounds memories.
;; Threat: memory growth. Duty: WORLD-3.

(table 10000000 funcref)
