"""countersign:mfa/keyring"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any

from call import Call
from faults import Faults
from values import Case


@dataclass(frozen=True)
class _Keys:
    """All that is derived from one master key: one key for each context (KEY-1)."""

    id: int
    seal: bytes
    tags: dict[str, bytes]
    indexes: dict[str, bytes]


class Keyring:
    """Keys from masters of 32 bytes, the active one last."""

    def __init__(self, master: bytes, faults: Faults) -> None:
        self._keys = [_derive(master)]
        self._faults = faults

    def rotate(self, master: bytes) -> None:
        """Adds a master key, which makes all tags from now on. The older ones go on checking theirs (KEY-2)."""
        keys = _derive(master)
        if self._find(keys.id) is None:
            self._keys.append(keys)

    def sealing(self) -> tuple[int, bytes]:
        """Returns the id of the key that seals records now, and the key."""
        return self._keys[-1].id, self._keys[-1].seal

    def opening(self, key_id: int) -> bytes | None:
        """Returns the key that seals under this id, if it is known."""
        keys = self._find(key_id)
        return keys and keys.seal

    def imports(self, _call: Call) -> dict[str, Any]:
        def mac(context: str, data: bytes) -> Case:
            if self._fails("keyring.mac", data):
                return UNAVAILABLE
            active = self._keys[-1]
            return Case("ok", {"key-id": active.id, "bytes": _mac(active.tags[context], data)})

        def check_mac(context: str, data: bytes, tag: dict[str, Any]) -> Case:
            if self._fails("keyring.check-mac", data):
                return UNAVAILABLE
            keys = self._find(tag["key-id"])
            if keys is None:
                # Not `False`: a lost key must not read as a wrong code (KEY-3).
                return Case("err", "unknown key")
            return Case("ok", hmac.compare_digest(_mac(keys.tags[context], data), tag["bytes"]))

        def index(context: str, data: bytes) -> Case:
            if self._fails("keyring.index", data):
                return UNAVAILABLE
            # Always the first key: names of counters must never change.
            return Case("ok", _mac(self._keys[0].indexes[context], data))

        return {"mac": mac, "check-mac": check_mac, "index": index}

    def _fails(self, name: str, data: bytes) -> bool:
        return self._faults.strike(name) is not None or len(data) > LONGEST

    def _find(self, key_id: int) -> _Keys | None:
        return next((keys for keys in self._keys if keys.id == key_id), None)


def _derive(master: bytes) -> _Keys:
    def of(label: str) -> bytes:
        return _mac(master, f"countersign/1/{label}".encode())

    return _Keys(
        id=int.from_bytes(of("id")[:4]),
        seal=of("seal"),
        tags={it: of(f"tag/{it}") for it in CONTEXTS},
        indexes={it: of(f"index/{it}") for it in CONTEXTS},
    )


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


CONTEXTS = ("ticket", "recovery-code", "device", "random-hedge", "phone-index")
LONGEST = 4096
#: It tells the plugin nothing of what went wrong.
UNAVAILABLE = Case("err", "unavailable")
