;; It looks for what an earlier call wrote to memory.
;; The host: gives each instance memory that was wiped.
;; Threat: secrets left in memory. Duty: WORLD-2.

(func $administration.status (param i32 i32) (result i32)
    ;; ok(first-factor-changed) of the call before would have left a seven here.
    (if (i32.load (i32.const 60000)) (then (unreachable)))
    (i32.store (i32.const 60000) (i32.const 7))
    (i32.const 3504))
;; `err(busy)`.
(data (i32.const 3504) "\01\00\00\00\00\00\00\00" "\05")
