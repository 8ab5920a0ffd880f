"""What is stored, and its form: JSON that is read strictly, by the annotations of dataclasses.

A reader refuses what it does not understand: a record of a newer format, a field that is missing, one that is of
another type. Such a record is a fault of the store, and never a new user.
"""

import json
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from wit_world.exports import policy as wit
from wit_world.imports import types

from attempts import Attempts

FORMAT = 1
"""The one that is written, and the only one that is read."""


@dataclass
class App:
    """A confirmed authenticator app."""

    id: str
    key: bytes
    mark: int
    """The last time step whose code was accepted: it and all before it are spent."""
    confirmed_at: int
    used_at: int
    attempts: Attempts = field(default_factory=Attempts)


@dataclass
class Tag:
    """A MAC of the host's keyring."""

    key_id: int
    value: bytes


@dataclass
class RecoveryCode:
    """All that is kept of the recovery code."""

    id: str
    tag: Tag
    issued_at: int
    acknowledged: bool = False


@dataclass
class Account:
    """What is kept of a user for good."""

    epoch: int = 0
    ever_enrolled: bool = False
    app: App | None = None
    recovery: RecoveryCode | None = None
    suspect: bool = False
    """Whether a factor was disabled by wrong codes: the first factor must be changed before anything else."""
    tries: int = 0
    """Wrong codes over all factors, where the policy counts them."""
    rest_until: int | None = None
    """Until when all factors rest for them."""


@dataclass
class Effective:
    """What the policies of a user's companies come to."""

    mode: wit.Mode
    first_binding: wit.FirstBinding
    window: wit.TotpWindow
    guessing: wit.Guessing
    reauth_interval: int
    companies: list[str]
    """Those that count."""


@dataclass
class Challenged:
    pass


@dataclass
class Verified:
    factor_at: int


@dataclass
class Enrolling:
    required: bool


@dataclass
class Recovering:
    code_id: str


Stage = Challenged | Verified | Enrolling | Recovering


@dataclass
class Pending:
    """An app that is begun and not confirmed. It never verifies anything."""

    key: bytes
    failures: int = 0


@dataclass
class Ticket:
    """A ticket; of its text only the beginning is kept, to find it by."""

    id: str
    tag: Tag
    purpose: types.Purpose
    stage: Stage
    expires_at: int
    policy: Effective
    first_factor_fresh: bool
    app_failures: int = 0
    recovery_failures: int = 0
    pending: Pending | None = None


@dataclass
class Ended:
    """A ticket that ended, so that a page can be told "expired" from "unknown"."""

    id: str
    expired: bool
    until: int


@dataclass
class TicketList:
    live: list[Ticket] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)


@dataclass
class StoredPolicy:
    policy: wit.Policy
    revision: int


class Unreadable(Exception):
    """A record that this reader does not understand."""


T = TypeVar("T")


def encode(record: Any) -> bytes:
    """Writes a record."""
    written = {"format": FORMAT, "min-reader": FORMAT, "record": _to_json(record)}
    return json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode()


def decode(kind: type[T], stored: bytes) -> T:
    """Reads a record.

    Raises `Unreadable` for anything but what `encode` wrote of this kind.
    """
    try:
        written = json.loads(stored)
    except ValueError:
        raise Unreadable from None
    if not isinstance(written, dict) or written.get("format") != FORMAT or written.get("min-reader") != FORMAT:
        raise Unreadable
    return _from_json(kind, written.get("record"))


def encode_tickets(tickets: TicketList) -> bytes:
    """Writes tickets, a policy that several of them have once."""
    policies: list[Any] = []
    live = []
    for ticket in tickets.live:
        policy = _to_json(ticket.policy)
        if policy not in policies:
            policies.append(policy)
        live.append(_to_json(ticket) | {"policy": policies.index(policy)})
    return encode({"policies": policies, "live": live, "ended": _to_json(tickets.ended)})


def decode_tickets(stored: bytes) -> TicketList:
    """Reads tickets. Raises `Unreadable` as `decode` does."""
    written = decode(dict, stored)
    try:
        policies = written["policies"]
        live = [it | {"policy": policies[it["policy"]]} for it in written["live"]]
    except (KeyError, IndexError, TypeError):
        raise Unreadable from None
    return _from_json(TicketList, {"live": live, "ended": written.get("ended")})


def _to_json(value: Any) -> Any:
    match value:
        case Enum():
            return value.name
        case bytes():
            return value.hex()
        case list():
            return [_to_json(it) for it in value]
        case dict():
            return value
        case _ if is_dataclass(value):
            written = {it.name: _to_json(getattr(value, it.name)) for it in fields(value)}
            # The case of a variant is known by its class.
            return {type(value).__name__: written} if type(value) in _CASES else written
        case _:
            return value


def _from_json(kind: Any, value: Any) -> Any:
    if kind in (int, bool, str, dict, NoneType):
        # A bool is an int to `isinstance`.
        if type(value) is not kind or (kind is int and value < 0):
            raise Unreadable
        return value
    if kind is bytes:
        try:
            return bytes.fromhex(value)
        except (TypeError, ValueError):
            raise Unreadable from None
    if get_origin(kind) is list:
        if not isinstance(value, list):
            raise Unreadable
        (item,) = get_args(kind)
        return [_from_json(item, it) for it in value]
    if get_origin(kind) in (Union, UnionType):
        return _union_from_json(get_args(kind), value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind[value]
        except (KeyError, TypeError):
            raise Unreadable from None
    if not isinstance(value, dict):
        raise Unreadable
    hints = _hints(kind)
    if set(value) != set(hints):
        raise Unreadable
    return kind(**{name: _from_json(hint, value[name]) for name, hint in hints.items()})


def _union_from_json(kinds: tuple[Any, ...], value: Any) -> Any:
    if NoneType in kinds:
        if value is None:
            return None
        (kind,) = (it for it in kinds if it is not NoneType)
        return _from_json(kind, value)
    if not isinstance(value, dict) or len(value) != 1:
        raise Unreadable
    ((name, inner),) = value.items()
    for kind in kinds:
        if kind.__name__ == name:
            return _from_json(kind, inner)
    raise Unreadable


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


_CASES = {
    case for variant in (Stage, wit.Mode, types.Purpose) for case in get_args(variant)
}

# While the component is built, so that no call has to.
for _kind in (Account, TicketList, StoredPolicy, Ticket, App, Effective, wit.Policy, wit.SmsRules):
    _hints(_kind)
