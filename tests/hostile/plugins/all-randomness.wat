;; It draws all the randomness there is.
;; The host: counts before it draws, so that it has no memory to find for it either.
;; Threat: slow host calls. Duty: WORLD-3.

(func $administration.status (param i32 i32) (result i32)
    (call $random.get-random-bytes (i64.const -1) (i32.const 4000)) unreachable)
