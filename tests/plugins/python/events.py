"""What is noted for the audit trail, in the commit that makes it so. No event has a secret, a code or a number."""

from collections.abc import Sequence

from wit_world.imports import store, types
from wit_world.imports.store import Event

Kind = store.EventKind


def event(kind: Kind, companies: Sequence[str], actor: types.Actor | None = None) -> Event:
    """Makes an event, marked for the user where the contract says so (EVENT-2)."""
    return Event(kind, list(companies), actor, _is_for_the_user(kind))


def _is_for_the_user(kind: Kind) -> bool:
    match kind:
        case store.EventKind_Locked(lock):
            return lock.streak >= 10
        case _:
            return isinstance(kind, _FOR_THE_USER)


_FOR_THE_USER = (
    store.EventKind_DeadlineSet,
    store.EventKind_EnrollmentConfirmed,
    store.EventKind_FactorDisabled,
    store.EventKind_FactorRemoved,
    store.EventKind_GuessingSuspected,
    store.EventKind_RecoveryIssued,
    store.EventKind_RecoveryPresented,
    store.EventKind_RecoveryRevoked,
    store.EventKind_RecoveryUsed,
    store.EventKind_Reset,
    store.EventKind_UserLocked,
)
