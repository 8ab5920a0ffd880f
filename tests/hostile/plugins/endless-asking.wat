;; It asks for the time without end, and uses none of its own.
;; The host: counts calls of the host too.
;; Threat: slow host calls. Duty: WORLD-3.

(func $administration.status (param i32 i32) (result i32)
    (loop (call $wall-clock.now (i32.const 4000)) (br 0)) unreachable)
