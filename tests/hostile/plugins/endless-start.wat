;; It never even starts.
;; The host: sets its limits before it makes an instance, since start functions run then.
;; Threat: loop in a start function. Duty: WORLD-3.

(func $never (loop (br 0)))
(start $never)
