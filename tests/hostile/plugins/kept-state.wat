;; It counts its calls, and traps in the second: whoever sees the count sees what else an earlier call left.
;; The host: makes an instance for each call, so that none sees what another left.
;; Threat: secrets left in memory. Duty: WORLD-2.

(global $calls (mut i32) (i32.const 0))
(func $meta.describe (result i32)
    (if (global.get $calls) (then unreachable))
    (global.set $calls (i32.const 1))
    (i32.const 1024))
