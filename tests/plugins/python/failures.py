"""Why a call has no answer, as an exception.

The contract's own `Err` is a frozen dataclass, which Python cannot always raise through (a context manager that
re-raises sets an attribute of it), so it is made at the very edge, in `app`.
"""

from wit_world.imports import types


class Refused(Exception):
    """A failure of the contract; nothing was compared, and nothing is committed."""

    def __init__(self, failure: types.Failure) -> None:
        super().__init__()
        self.failure = failure


def invalid(field: str, expected: str) -> Refused:
    """A field that is out of bounds, by its name in the contract."""
    return Refused(types.Failure_InvalidInput(types.InvalidInput(field, expected)))


def unavailable(source: types.Dependency) -> Refused:
    """An import that did not answer, or answered what cannot be."""
    return Refused(types.Failure_Unavailable(source))


def not_permitted(reason: types.NotPermitted) -> Refused:
    """Something that contract or policy does not allow."""
    return Refused(types.Failure_NotPermitted(reason))


def bad_ticket(fault: types.TicketFault) -> Refused:
    """A ticket that cannot be used for this."""
    return Refused(types.Failure_Ticket(fault))


def locked(until: int) -> Refused:
    """Too many wrong codes: nothing is compared before this time."""
    return Refused(types.Failure_Locked(until))


NOT_IMPLEMENTED = types.Failure_Other("not-implemented")
"""What the functions answer that do not belong to the core level."""
