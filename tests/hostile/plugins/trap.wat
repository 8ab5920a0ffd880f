;; It traps.
;; The host: answers the next call by an instance of its own: what trapped is not entered again.
;; Threat: use after a trap. Duty: WORLD-3.

(func $administration.status (param i32 i32) (result i32)
    unreachable)
