"""How many wrong codes a factor bears: the table of `verification` in the contract.

Two counts. The *streak* are wrong codes in a row; a success ends it. *Unredeemed* are those that no success made
good: a success takes away only what was typed on its own ticket, so that an owner who signs in every day does not give
a thief new tries.
"""

from dataclasses import dataclass


@dataclass
class Attempts:
    streak: int = 0
    unredeemed: int = 0
    since: int | None = None
    """When `unredeemed` left 0, moved on by the periods that have faded."""
    rest_until: int | None = None
    disabled: bool = False

    def resting(self, now: int) -> int | None:
        """Until when the factor must rest, if it must."""
        return self.rest_until if self.rest_until is not None and now < self.rest_until else None

    def unredeemed_at(self, now: int) -> int:
        return max(0, self.unredeemed - self._faded(now))

    def fail(self, now: int, own: int, ends_ticket: bool) -> "Toll":
        """Counts a wrong code, the `own`th of its ticket."""
        self._fade(now)
        self.streak += 1
        self.unredeemed += 1
        if self.since is None:
            self.since = now
        # A ticket's own failures may still be redeemed by its success; they count in full once it has ended.
        may_be_redeemed = 0 if ends_ticket or self.streak >= LOCKING else own
        newly_disabled = not self.disabled and max(self.streak, self.unredeemed - may_be_redeemed) >= MOST
        self.disabled |= newly_disabled
        rest = None if self.disabled else rest_after(self.streak)
        self.rest_until = None if rest is None else now + rest
        return Toll(
            rest_until=self.rest_until,
            disabled=newly_disabled,
            ends_challenges=self.disabled or self.streak >= LOCKING,
            suspicious=self.unredeemed in SUSPICIOUS,
        )

    def succeed(self, now: int, own: int) -> None:
        """Ends the streak, and redeems the `own` failures of the ticket."""
        self._fade(now)
        self.streak = 0
        self.rest_until = None
        self.unredeemed = max(0, self.unredeemed - own)
        if self.unredeemed == 0:
            self.since = None

    def _fade(self, now: int) -> None:
        faded = self._faded(now)
        self.unredeemed = max(0, self.unredeemed - faded)
        if self.since is not None:
            self.since = self.since + faded * FADING if self.unredeemed else None

    def _faded(self, now: int) -> int:
        return 0 if self.since is None else max(0, now - self.since) // FADING


@dataclass(frozen=True)
class Toll:
    """What a wrong code costs."""

    rest_until: int | None
    disabled: bool
    """Whether it was this one that disabled the factor."""
    ends_challenges: bool
    suspicious: bool


def rest_after(streak: int) -> int | None:
    """How many seconds a factor rests after so many wrong codes in a row."""
    if streak < 5:
        return None
    if streak < LOCKING:
        return 30 * 2 ** (streak - 5)
    return 30 * 60 if streak % LOCKING == 0 else 15 * 60


LOCKING = 10
MOST = 100
SUSPICIOUS = (10, 50)
FADING = 4 * 86_400
