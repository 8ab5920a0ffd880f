"""Records as they lie in the store: sealed whole, and bound to their place (STORE-6).

    1 | key id: u32, big-endian | nonce: 12 bytes | ciphertext and tag
"""

from __future__ import annotations

import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from call import Key


class Unreadable(Exception):
    """A record was altered, moved, or never sealed; or its key is gone."""


def seal(key_id: int, key: bytes, realm: str, place: Key, value: bytes) -> bytes:
    """Seals a value for a place. A nonce of 12 random bytes is good for some 2^32 records a key: rotate in time."""
    nonce = os.urandom(NONCE)
    sealed = ChaCha20Poly1305(key).encrypt(nonce, value, _associated(realm, place))
    return bytes([FORMAT]) + key_id.to_bytes(4) + nonce + sealed


def unseal(key_of: Callable[[int], bytes | None], realm: str, place: Key, sealed: bytes) -> bytes:
    """Opens what was sealed for a place."""
    if len(sealed) < HEAD or sealed[0] != FORMAT:
        raise Unreadable
    key = key_of(int.from_bytes(sealed[1:5]))
    if key is None:
        raise Unreadable
    try:
        return ChaCha20Poly1305(key).decrypt(sealed[5:HEAD], sealed[HEAD:], _associated(realm, place))
    except InvalidTag:
        raise Unreadable from None


def _associated(realm: str, place: Key) -> bytes:
    """Describes a place so that no two are described alike: each part behind its length."""
    parts = [part.encode() for part in (realm, place.record, place.of)]
    return bytes([FORMAT]) + b"".join(len(part).to_bytes(4) + part for part in parts)


FORMAT = 1
NONCE = 12
HEAD = 1 + 4 + NONCE
