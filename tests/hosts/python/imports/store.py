"""countersign:mfa/store"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from call import Call, Key, Misuse
from events import is_bounded, stamped
from faults import Faults
from imports.keyring import Keyring
from seal import Unreadable, seal, unseal
from values import Case, Json


@dataclass(frozen=True)
class Stored:
    """What is stored: sealed bytes, or the count of a counter."""

    content: bytes | int
    version: int
    collectable_at: int | None = None


@dataclass(frozen=True)
class Change:
    """A part of a commit, checked and sealed."""

    kind: str
    key: Key
    expected: int | None = None
    content: bytes | int = 0
    ceiling: int = 0
    collectable_at: int | None = None


class CommitFailed(Exception):
    """A commit did not happen, or nobody knows."""

    def __init__(self, failure: Case) -> None:
        super().__init__(failure.name)
        self.failure = failure


class Store:
    """A store in memory: everything is checked before anything is changed, and nothing comes between."""

    def __init__(self, realm: str, keyring: Keyring, faults: Faults) -> None:
        self.events: list[Json] = []
        self.records: dict[Key, Stored] = {}
        #: The last version given out, of any record: none is given out twice (STORE-4).
        self._version = 0
        self._realm = realm
        self._keyring = keyring
        self._faults = faults

    def replace(self, key: Key, content: bytes | int, collectable_at: int | None = None) -> None:
        """Puts a record in place past every rule."""
        self._version += 1
        self.records[key] = Stored(content, self._version, collectable_at)

    def seal(self, key: Key, value: bytes) -> bytes:
        """Seals bytes for a place of this store."""
        return seal(*self._keyring.sealing(), self._realm, key, value)

    def read(self, keys: list[Key]) -> list[Stored | None] | None:
        """Reads what is stored; none if that fails, as a case planned it."""
        if self._faults.strike("store.get"):
            return None
        return [self.records.get(key) for key in keys]

    def commit(self, now: int, changes: list[Change], events: list[Json]) -> None:
        """Makes all changes with all events, or none (STORE-3)."""
        failing = self._faults.strike("store.commit")
        if failing == "fail-before":
            raise CommitFailed(UNAVAILABLE)
        if failing == "conflict":
            raise CommitFailed(Case("conflict"))
        for key, found in list(self.records.items()):
            if found.collectable_at is not None and found.collectable_at < now:
                del self.records[key]
        for index, change in enumerate(changes):
            self._check(index, change)
        for change in changes:
            self._apply(change)
        self.events += events
        if failing:
            raise CommitFailed(UNAVAILABLE)

    def imports(self, call: Call) -> dict[str, Any]:
        def get(ids: list[Case]) -> Case:
            if len(ids) > MOST_IDS:
                raise Misuse("store.get of more than 64 ids")
            keys = [call.readable(it) for it in ids]
            found = self.read(keys)
            if found is None:
                return Case("err", "unavailable")
            try:
                return Case("ok", [it and self._opened(call, key, it) for key, it in zip(keys, found)])
            except Unreadable:
                # One record that cannot be read is no reason to answer as if it were not there.
                return Case("err", "unavailable")

        def commit(changes: list[Case], events: list[dict[str, Any]]) -> Case:
            if len(changes) > MOST_IDS:
                raise Misuse("store.commit of more than 64 changes")
            if len(events) > MOST_EVENTS or not all(map(is_bounded, events)):
                raise Misuse("store.commit of more events, or longer ones, than allowed")
            checked = [self._checked(call, it) for it in changes]
            if len({it.key for it in checked}) < len(checked):
                raise Misuse("a record stands in a commit twice")
            call.meet()
            noted = [stamped(it, self._realm, call.now, call.user) for it in events]
            try:
                self.commit(call.now, checked, noted)
            except CommitFailed as failed:
                return Case("err", failed.failure)
            return Case("ok")

        return {"get": get, "commit": commit}

    def _opened(self, call: Call, key: Key, found: Stored) -> dict[str, Any]:
        if isinstance(found.content, int):
            return {"content": Case("count", found.content), "version": found.version}
        opened = unseal(self._keyring.opening, self._realm, key, found.content)
        call.note_read(key, found.version)
        return {"content": Case("bytes", opened), "version": found.version}

    def _checked(self, call: Call, change: Case) -> Change:
        """Checks what a change is about, and seals what it puts."""
        it = change.payload
        match change.name:
            case "put":
                key = call.writable(it["id"], it["expected"])
                if len(it["value"]) > (32_768 if key.record == "tickets" else 16_384):
                    raise Misuse("a record is larger than the contract allows")
                sealed = self.seal(key, it["value"])
                return Change("put", key, it["expected"], sealed, collectable_at=it["collectable-at"])
            case "delete":
                return Change("delete", call.writable(it["id"], it["expected"]), it["expected"])
        key = call.readable(it["id"])
        if (change.name == "add") != (key.record == "quota"):
            raise Misuse("a counter is added to, all else is not")
        if change.name == "check":
            return Change("check", key, it["expected"])
        return Change("add", key, None, it["amount"], it["ceiling"], it["collectable-at"])

    def _check(self, index: int, change: Change) -> None:
        found = self.records.get(change.key)
        if change.kind == "add":
            if (found.content if found else 0) + change.content > change.ceiling:
                raise CommitFailed(Case("ceiling-reached", index))
        elif (found and found.version) != change.expected:
            raise CommitFailed(Case("conflict"))

    def _apply(self, change: Change) -> None:
        match change.kind:
            case "put":
                self.replace(change.key, change.content, change.collectable_at)
            case "delete":
                self.records.pop(change.key, None)
            case "add":
                found = self.records.get(change.key, Stored(0, 0, 0))
                until = max(found.collectable_at or 0, change.collectable_at or 0)
                self.replace(change.key, found.content + change.content, until)


UNAVAILABLE = Case("unavailable", "unavailable")
MOST_IDS = 64
MOST_EVENTS = 32
