"""The fault that a case planned, if any."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class _Plan:
    name: str
    kind: str
    #: Uses that still go well.
    spared: int
    #: Uses that then fail.
    times: int
    fired: int = 0


class Faults:
    """Which use of which import fails next."""

    _plan: _Plan | None = None

    def plan(self, name: str, on: int, times: int, kind: str) -> None:
        """Plans that the `on`th use of an import from now, counted from 1, fails, and `times - 1` after it."""
        if name not in IMPORTS:
            raise ValueError(f"no import is called {name}")
        self._plan = _Plan(name, kind, on - 1, times)

    def strike(self, name: str) -> str | None:
        """Counts a use of an import, and says how it fails, if it does."""
        plan = self._plan
        if plan is None or plan.name != name:
            return None
        if plan.spared > 0:
            plan.spared -= 1
            return None
        if plan.fired >= plan.times:
            return None
        plan.fired += 1
        return plan.kind

    def end(self) -> int:
        """Gives the plan up, and says how many uses failed by it."""
        plan, self._plan = self._plan, None
        return plan.fired if plan else 0


IMPORTS = {
    "store.get",
    "store.commit",
    "keyring.mac",
    "keyring.check-mac",
    "keyring.index",
    "random",
    "sms.check",
}
