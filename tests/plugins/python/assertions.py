"""The plugin's word that a user showed a factor."""

from wit_world.imports import types
from wit_world.imports.types import Proof, RecoveryState

import effective
import tickets
from records import Account, Ticket
from transaction import Call


def assertion(
    call: Call, account: Account, ticket: Ticket, proof: Proof, following: tuple[str, Ticket] | None
) -> types.Assertion:
    """Makes an assertion. Only who has just compared and spent a code may call it (ASSERT-1)."""
    bound_at = account.app.confirmed_at if account.app else None
    return types.Assertion(
        user=call.user,
        purpose=ticket.purpose,
        method=types.Method.TOTP,
        proof=proof,
        amr=[] if proof is Proof.RECOVERY else ["otp", "mfa"],
        factor_at=call.now,
        epoch=account.epoch,
        valid_until=effective.valid_until(ticket.policy, call.now, call.now),
        recovery=_recovery_state(account),
        device_token=None,
        fresh_binding=bound_at if bound_at is not None and call.now - bound_at < FRESH else None,
        next_ticket=None if following is None else _next_ticket(*following),
    )


def _recovery_state(account: Account) -> RecoveryState:
    if account.recovery is None:
        return RecoveryState.NONE
    if account.recovery.acknowledged:
        return RecoveryState.ACKNOWLEDGED
    return RecoveryState.UNACKNOWLEDGED


def _next_ticket(text: str, ticket: Ticket) -> types.NextTicket:
    start_until = tickets.start_until(ticket)
    return types.NextTicket(text, start_until or ticket.expires_at, ticket.expires_at)


FRESH = 86_400
