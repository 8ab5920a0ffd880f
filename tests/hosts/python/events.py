"""Events, with what the host knows of them (SCOPE-3)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from values import Case, Json


def stamped(event: dict[str, Any], realm: str, now: int, user: str | None) -> Json:
    """Stamps an event of the plugin's, and writes it as JSON."""
    kind: Case = event["kind"]
    actor: Case | None = event["actor"]
    detail = DETAIL.get(kind.name)
    optional = {
        "user": user,
        "actor": actor and {actor.name: actor.payload},
        "detail": detail and detail(kind.payload),
    }
    return {
        "id": secrets.token_hex(16),
        "at": now,
        "realm": realm,
        "event": kind.name,
        "companies": event["companies"],
        "notify": event["notify"],
        **{name: value for name, value in optional.items() if value is not None},
    }


def is_bounded(event: dict[str, Any]) -> bool:
    """Says whether an event is within the bounds of STORE-8, so that no plugin can fill the trail."""
    payload, actor = event["kind"].payload, event["actor"]
    texts = [(it, 128) for it in event["companies"]]
    carried = payload.values() if isinstance(payload, dict) else [payload]
    texts += [(it, 200) for it in carried if isinstance(it, str)]
    texts.append((actor.payload if actor else "", 128))
    return len(event["companies"]) <= 16 and all(len(it.encode()) <= most for it, most in texts)


def _named(name: str) -> Callable[[Any], Json]:
    return lambda payload: {name: payload}


def _itself(payload: Any) -> Json:
    return payload


#: What the kinds carry, by name.
DETAIL: dict[str, Callable[[Any], Json]] = {
    "policy-changed": _named("revision"),
    "deadline-set": lambda it: {"deadline": it["at"], "zone": it["zone"]},
    "enrollment-offered": _named("required"),
    "enrollment-begun": _named("method"),
    "enrollment-confirmed": _itself,
    "enrollment-cancelled": _named("method"),
    "enrollment-failed": _named("discarded"),
    "factor-removed": _itself,
    "factor-disabled": _named("method"),
    "factor-preferred": _named("method"),
    "challenge-passed": _named("method"),
    "challenge-failed": _itself,
    "sms-failed": _named("why"),
    "sms-refused": _named("why"),
    "recovery-issued": _named("id"),
    "recovery-acknowledged": _named("id"),
    "recovery-presented": _named("id"),
    "recovery-abandoned": _named("id"),
    "recovery-used": _named("id"),
    "recovery-revoked": _named("id"),
    "locked": _itself,
    "user-locked": _named("until"),
    "unlocked": _named("method"),
    "guessing-suspected": _itself,
    "reset": _named("reason"),
    "imported": _named("method"),
    "device-trusted": _named("id"),
    "device-revoked": _named("id"),
    "other": _named("what"),
}
