"""A plugin with surroundings that obey a case."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from call import Call, ImportFailed, Key, Misuse
from faults import Faults
from imports.clock import Clock
from imports.keyring import Keyring
from imports.randomness import Randomness
from imports.sms import PhoneLine
from imports.store import Store
from plugin import Plugin
from values import Json, Misfit, from_json, to_json


class World:
    """A world in which nothing is stored."""

    def __init__(self, plugin: Plugin, seed: int) -> None:
        self._plugin = plugin
        self.faults = Faults()
        self.clock = Clock(START)
        self.randomness = Randomness(seed, self.faults)
        self.keyring = Keyring(bytes([7]) * 32, self.faults)
        self.store = Store(REALM, self.keyring, self.faults)
        self.line = PhoneLine(self.store, self.faults)

    def call(self, function: str, args: dict[str, Json], meet: Callable[[], None] = lambda: None) -> Json:
        """Calls a function of the contract. `meet` is called whenever the plugin is about to change something."""
        found = self._plugin.function(function)
        if found is None:
            raise Misfit("function: expected a name such as `sign-in.begin`")
        if unknown := args.keys() - found.params.keys():
            raise Misfit(f"{', '.join(sorted(unknown))}: no such parameter")
        values = [from_json(shape, args.get(name), name) for name, shape in found.params.items()]
        try:
            call = Call(function, args, self.clock.read(), meet)
            answer = to_json(found.answer, self._plugin.call(function, values, self._imports(call)))
        except ImportFailed as failed:
            return {"err": {"unavailable": failed.dependency}}
        if len(json.dumps(answer)) > LARGEST_ANSWER:
            raise Misuse("the answer is larger than any can be")
        return answer

    def race(self, calls: list[dict[str, Json]]) -> list[Json]:
        """Makes calls that meet, although there is one thread.

        Each begins where the one before it is about to change something, so all have read before the first changes
        anything; of more than `DEEPEST`, so many at a time.
        """
        answers: list[Json] = []
        faults: list[Exception] = []
        inside = 0

        def begin_next() -> None:
            nonlocal inside
            if len(answers) == len(calls) or inside == DEEPEST:
                return
            inside += 1
            place = len(answers)
            answers.append(None)
            try:
                answers[place] = self.call(**calls[place], meet=begin_next)
            except Exception as error:  # Not the fault of the call in which this one was made.
                faults.append(error)
            inside -= 1

        # One that changes nothing lets no other in.
        while len(answers) < len(calls):
            begin_next()
        if faults:
            raise faults[0]
        return answers

    def look(self, known: int) -> Json:
        """Shows what there is, but for the first `known` events."""
        return {
            "records": [
                {
                    "record": key.record,
                    "of": key.of,
                    "version": it.version,
                    "content": it.content.hex() if isinstance(it.content, bytes) else str(it.content),
                }
                for key, it in self.store.records.items()
            ],
            "events": self.store.events[known:],
            "messages": self.line.messages,
        }

    def rotate_keys(self) -> None:
        """Gives the keyring a new active key."""
        self.keyring.rotate(bytes([9]) * 32)

    def restart(self) -> None:
        """Does nothing: every call has an instance of its own, so a plugin that starts anew has nothing to lose."""

    def tamper(self, record: str, of: str, how: str, source: dict[str, str] | None) -> None:
        """Puts something else in the place of a record, as somebody with access to the database could."""
        key = Key(record, of)
        old = self._sealed(key)
        match how:
            case "flip":
                new = old[:-1] + bytes([old[-1] ^ 1])
            case "truncate":
                new = old[: len(old) // 2]
            case "empty":
                new = b""
            case "newer":
                new = self.store.seal(key, b'{"format":999,"reader":999}')
            case "garbage":
                new = self.store.seal(key, b"not a record")
            case "swap":
                new = self._sealed(Key(**source) if source else Key(record, "bea"))
            case _:
                raise ValueError(f"no way to tamper is called {how}")
        self.store.replace(key, new)

    def _sealed(self, key: Key) -> bytes:
        found = self.store.records.get(key)
        if found is None or not isinstance(found.content, bytes):
            raise ValueError(f"no such record: {key.record} of {key.of}")
        return found.content

    def _imports(self, call: Call) -> dict[str, Any]:
        imports = {
            "countersign:mfa/store": self.store.imports(call),
            "countersign:mfa/keyring": self.keyring.imports(call),
            "countersign:mfa/sms": self.line.imports(call),
            "wasi:clocks/wall-clock": self.clock.imports(call),
            "wasi:random/random": self.randomness.imports(call),
        }
        return {it: {name: call.counted(run) for name, run in of.items()} for it, of in imports.items()}


LARGEST_ANSWER = 512 * 1024
#: How many calls may be within one another: each takes its part of one stack.
DEEPEST = 32
REALM = "conformance"
START = 1_750_000_020
