;; It never comes back.
;; The host: stops it when its own time is over.
;; Threat: infinite loop. Duty: WORLD-3.

(func $administration.status (param i32 i32) (result i32)
    (loop (br 0)) unreachable)
