;; It has two memories, each below the limit.
;; The host: knows one memory a plugin, since limits are those of each.
;; Threat: memory growth. Duty: WORLD-3.

(memory $more 100)
(func $administration.status (param i32 i32) (result i32)
    (drop (memory.grow $more (i32.const 100))) unreachable)
