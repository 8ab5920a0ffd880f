"""Randomness and keys, as the host has them.

Nothing here comes from Python's own generators: what they were seeded with was frozen into the component when it was
built, and is the same in every call.
"""

from componentize_py_types import Err
from wit_world.imports import keyring, random
from wit_world.imports.keyring import Context
from wit_world.imports.types import Dependency

import failures
from records import Tag


class Vault:
    """What one decision draws and tags, for one user."""

    def __init__(self, user: str, now: int, versions: tuple[int | None, int | None]) -> None:
        self._user = user
        self._fixed = [now.to_bytes(8), *((it or 0).to_bytes(8) for it in versions)]
        self._last = bytes(32)
        self._draws = 0

    def draw(self, slot: str) -> bytes:
        """Draws 32 secret bytes: random, and hedged by a key of the host against a generator that fails."""
        drawn = random.get_random_bytes(32)
        # All zero is a repetition too.
        if len(drawn) != 32 or drawn[:16] == drawn[16:] or drawn == self._last:
            raise failures.unavailable(Dependency.RANDOM)
        self._last = drawn
        parts = [drawn, slot.encode(), *self._fixed, self._draws.to_bytes(4)]
        self._draws += 1
        return self._mac(Context.RANDOM_HEDGE, self._bind(*parts)).value

    def tag(self, context: Context, *parts: str) -> Tag:
        """Makes a tag of a text that belongs to the user."""
        return self._mac(context, self._bind(*(it.encode() for it in parts)))

    def check(self, context: Context, tag: Tag, *parts: str) -> bool:
        """Says whether a tag is of this text, in constant time."""
        bound = self._bind(*(it.encode() for it in parts))
        try:
            return keyring.check_mac(context, bound, keyring.Tag(tag.key_id, tag.value))
        except Err:
            raise failures.unavailable(Dependency.KEYRING) from None

    def _mac(self, context: Context, data: bytes) -> Tag:
        try:
            made = keyring.mac(context, data)
        except Err:
            raise failures.unavailable(Dependency.KEYRING) from None
        if len(made.bytes) != 32:
            raise failures.unavailable(Dependency.KEYRING)
        return Tag(made.key_id, made.bytes)

    def _bind(self, *parts: bytes) -> bytes:
        # With lengths, so that no two lists of parts are the same bytes.
        return b"".join(len(it).to_bytes(4) + it for it in (self._user.encode(), *parts))
