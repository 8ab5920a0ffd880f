;; It makes a table grow until there is no memory.
;; The host: stops it at its limit.
;; Threat: memory growth. Duty: WORLD-3.

(table $grows 1 funcref)
(func $administration.status (param i32 i32) (result i32)
    (loop (drop (table.grow $grows (ref.null func) (i32.const 1000))) (br 0)) unreachable)
