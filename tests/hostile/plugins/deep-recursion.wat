;; It calls itself without end.
;; The host: bounds the stack, and does not lose its own.
;; Threat: deep recursion. Duty: WORLD-3.

(func $deep (param i64) (call $deep (i64.add (local.get 0) (i64.const 1))))
(func $administration.status (param i32 i32) (result i32)
    (call $deep (i64.const 0)) unreachable)
