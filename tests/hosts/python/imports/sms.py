"""countersign:mfa/sms"""

from __future__ import annotations

import json
import re
from collections import deque
from hashlib import sha256
from typing import Any

from call import Call, Key, Misuse
from faults import Faults
from imports.store import Change, CommitFailed, Store
from values import Case, Json


class PhoneLine:
    """A phone line that keeps what is sent, so that a case can read it."""

    def __init__(self, store: Store, faults: Faults) -> None:
        self.messages: list[Json] = []
        self.refuses = False
        self._fates: deque[str] = deque()
        self._store = store
        self._faults = faults

    def destine(self, fate: str) -> None:
        """Says what becomes of the next message that nothing was said of yet."""
        if fate not in FATES:
            raise ValueError(f"no fate is called {fate}")
        self._fates.append(fate)

    def imports(self, call: Call) -> dict[str, Any]:
        left = {"check": 4, "send": 1}

        def use(function: str) -> None:
            left[function] -= 1
            if not call.is_about_a_message or left[function] < 0:
                raise Misuse(f"sms.{function} in a call that is about no message, or too often")

        def check(_company: str, number: str, _purpose: str) -> Case:
            use("check")
            if not NUMBER.fullmatch(number):
                return Case("ok", Case("refused", "not-a-number"))
            if self._faults.strike("sms.check"):
                return Case("err", "unavailable")
            return Case("ok", Case("refused", "by-the-case") if self.refuses else _permission(number))

        def send(message: dict[str, Any]) -> Case:
            use("send")
            # Nothing of the plugin's but digits goes out (SMS-1).
            if not CODE.fullmatch(message["code"]):
                raise Misuse("sms.send of what is not 6 to 8 digits")
            if not NUMBER.fullmatch(message["number"]):
                raise Misuse("sms.send to what is not an E.164 number")
            # Who pays is handed on to carriers.
            if not COMPANY.fullmatch(message["company"]) or len(message["company"].encode()) > 128:
                raise Misuse("sms.send for a malformed company")
            if not 1 <= len(message["idempotency-key"].encode()) <= 128:
                raise Misuse("sms.send with a key of other than 1 to 128 bytes")
            call.meet()
            mark = _mark(call.user, message["idempotency-key"])
            if claimed := self._claim(call, mark):
                return claimed
            outcome = self._send(message)
            if outcome.name in ("failed", "refused"):
                self._release(call, mark)
            return outcome

        return {"check": check, "send": send}

    def _send(self, message: dict[str, Any]) -> Case:
        fate = self._fates.popleft() if self._fates else "sent"
        if fate in ("sent", "doubtful"):
            self.messages.append(message)
        return FATES[fate]

    def _claim(self, call: Call, key: Key) -> Case | None:
        """Notes that a message goes out now, or says why it must not (SMS-2).

        A counter that goes to 1: of two that race, one sends.
        """
        add = Change("add", key, content=1, ceiling=1, collectable_at=call.now + REMEMBERED)
        try:
            self._store.commit(call.now, [add], [])
        except CommitFailed as failed:
            reached = failed.failure.name == "ceiling-reached"
            return Case("already-sent") if reached else Case("failed", "store")
        return None

    def _release(self, call: Call, key: Key) -> None:
        """Forgets a message that did not go out. If that fails it stays noted: a message too few, not one too many."""
        found = self._store.read([key])
        if found and found[0]:
            try:
                self._store.commit(call.now, [Change("delete", key, found[0].version)], [])
            except CommitFailed:
                pass


def _mark(user: str | None, idempotency_key: str) -> Key:
    """Names the counter that says whether a message went out. No plugin can: `_` is not for them."""
    return Key("quota", f"host_sms/{sha256(json.dumps([user, idempotency_key]).encode()).hexdigest()}")


def _permission(number: str) -> Case:
    """The countries of a few prefixes, as tests/cases/README.md has them."""
    if number.startswith("+999"):
        return Case("refused", "no-such-country")
    found = (country for prefix, country in COUNTRIES.items() if number.startswith(prefix))
    return Case("permitted", next(found, "ZZ"))


# `[0-9]`, for `\d` takes the digits of every script.
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
COMPANY = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")
CODE = re.compile(r"[0-9]{6,8}")
COUNTRIES = {"+1876": "JM", "+1": "US", "+34": "ES", "+44": "GB"}
FATES = {
    "sent": Case("sent"),
    "failed": Case("failed", "carrier-down"),
    "refused": Case("refused", "prefix-cap"),
    "already-sent": Case("already-sent"),
    "lost": Case("unknown"),
    "doubtful": Case("unknown"),
}
#: Longer than any ticket lives: three days.
REMEMBERED = 3 * 24 * 60 * 60
