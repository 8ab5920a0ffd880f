"""wasi:clocks/wall-clock"""

from __future__ import annotations

from typing import Any

from call import Call, ImportFailed


class Clock:
    """A clock that stands until it is moved. Elsewhere: `int(time.time())`."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.fails = False

    def read(self) -> int:
        """Reads the clock, once a call."""
        if self.fails:
            raise ImportFailed("clock")
        return self.at

    def imports(self, call: Call) -> dict[str, Any]:
        return {"now": lambda: {"seconds": call.now, "nanoseconds": 0}}
