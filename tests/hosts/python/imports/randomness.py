"""wasi:random/random"""

from __future__ import annotations

from hashlib import sha256
from itertools import count
from typing import Any

from call import Call, ImportFailed, Misuse
from faults import Faults


class Randomness:
    """Randomness that is the same for the same seed, so that a case can be run again. Elsewhere: `os.urandom`."""

    def __init__(self, seed: int, faults: Faults) -> None:
        self._blocks = (sha256(f"{seed}/{n}".encode()).digest() for n in count())
        self._faults = faults
        self._mode = "works"
        self._given = 0

    def break_down(self, mode: str) -> None:
        """Makes it fail, or give `zero` bytes, 16 bytes that repeat or 32 that are stuck; or mends it."""
        if mode not in PERIODS and mode not in ("works", "fails"):
            raise ValueError(f"no randomness is called {mode}")
        self._mode, self._given = mode, 0

    def draw(self, length: int) -> bytes:
        """Draws bytes."""
        if self._faults.strike("random") or self._mode == "fails":
            raise ImportFailed("random")
        if period := PERIODS.get(self._mode):
            # One stream, since nobody says in how many pieces a plugin draws.
            first, self._given = self._given, (self._given + length) % period
            return bytes(0 if period == 1 else (first + i) % period + 1 for i in range(length))
        return b"".join(next(self._blocks) for _ in range(0, length, 32))[:length]

    def imports(self, _call: Call) -> dict[str, Any]:
        left = MOST

        def get_random_bytes(length: int) -> bytes:
            nonlocal left
            left -= length
            # Before anything is allocated.
            if left < 0:
                raise Misuse("more random bytes than a call may draw")
            return self.draw(length)

        def get_random_u64() -> int:
            return int.from_bytes(get_random_bytes(8), "little")

        return {"get-random-bytes": get_random_bytes, "get-random-u64": get_random_u64}


PERIODS = {"zero": 1, "repeats": 16, "stuck": 32}
MOST = 65_536
