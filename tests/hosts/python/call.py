"""One call: whose it is, what time it is, and what it may reach."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from values import Case, Json


class ImportFailed(Exception):
    """An import failed in a way that the contract cannot tell the plugin; the call is refused with its name."""

    def __init__(self, dependency: str) -> None:
        super().__init__(f"{dependency} failed")
        self.dependency = dependency


class Misuse(Exception):
    """The plugin did what no plugin may."""


@dataclass(frozen=True)
class Key:
    """The place of a record in the store."""

    record: str
    of: str


class Call:
    """What a call may reach, read from its arguments, which the plugin sees after that."""

    def __init__(self, function: str, args: dict[str, Json], now: int, meet: Callable[[], None]) -> None:
        #: Read once, so that it is the same throughout (WORLD-4).
        self.now = now
        #: To be called before something is changed: where calls race, the others come in here.
        self.meet = meet
        self.user: str | None = args.get("user")
        self.is_about_a_message = function in TEXTS
        self._writable = args.get("company") if function == "policy.put" else None
        memberships = args.get("memberships") or (args.get("request") or {}).get("memberships") or []
        named = [it["company"] for it in memberships]
        named += [args.get("company"), (args.get("hypothetical") or {}).get("company")]
        self._companies = {"*", *(it for it in named if it is not None)}
        self._read: set[tuple[Key, int]] = set()
        self._uses_left = MOST_USES
        self._ends = time.monotonic() + LONGEST

    def counted(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """Returns a function that can be used only so often, and so long: what it does takes no fuel (WORLD-3).

        Nor does what wasmtime-py does, which hands over bytes one by one.
        """

        def used(*values: Any) -> Any:
            self._uses_left -= 1
            if self._uses_left < 0 or time.monotonic() > self._ends:
                raise Misuse("the host is called too often, or too long, in a call")
            return run(*values)

        return used

    def readable(self, record: Case) -> Key:
        """Names a record as the store does, if this call may read it (SCOPE-1)."""
        match record:
            case Case("user", of) if self.user is not None:
                return Key(of, self.user)
            case Case("policy", company) if company in self._companies:
                return Key("policy", company)
            case Case("quota", name) if 0 < len(name) <= 128 and set(name) <= COUNTER:
                return Key("quota", name)
        raise Misuse(f"a {record.name} record is reached that is not this call's")

    def writable(self, record: Case, expected: int | None) -> Key:
        """Names a record, if this call may replace or delete it (SCOPE-2), at a version that it has read."""
        key = self.readable(record)
        if key.record == "quota" or (key.record == "policy" and key.of != self._writable):
            raise Misuse(f"a {key.record} record is written")
        # One that could not be opened was not read, and must not be overwritten (STORE-6).
        if expected is not None and (key, expected) not in self._read:
            raise Misuse("a record is replaced that was not read")
        return key

    def note_read(self, key: Key, version: int) -> None:
        """Notes that a version was read."""
        self._read.add((key, version))


MOST_USES = 1000
#: Seconds of a call.
LONGEST = 3
#: The only functions that are about a message.
TEXTS = {"enrollment.begin-sms", "enrollment.resend", "verification.send-code"}
COUNTER = set("abcdefghijklmnopqrstuvwxyz0123456789/:-")
