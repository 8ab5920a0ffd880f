;; It asks for memory until there is none.
;; The host: stops it at its limit.
;; Threat: memory growth. Duty: WORLD-3.

(func $administration.status (param i32 i32) (result i32)
    (loop (drop (memory.grow (i32.const 16))) (br 0)) unreachable)
