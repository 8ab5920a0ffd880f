"""The one code that leads to a new device."""

from wit_world.exports import recovery as wit
from wit_world.imports import store, types
from wit_world.imports.keyring import Context

import failures
import inputs
import outlook
import sign_in
import tickets
import transaction
import verification
from records import Recovering, RecoveryCode, Ticket
from transaction import Call


def present(user: str, ticket: str, code: str) -> wit.PresentVerdict:
    inputs.user(user)

    def decide(call: Call) -> wit.PresentVerdict:
        found = call.tickets.find(ticket)
        tickets.require_challenged(found)
        account = call.account
        recoverable = outlook.may_recover(account, found.purpose, found.policy)
        if not recoverable or account is None or account.recovery is None:
            raise failures.not_permitted(types.NotPermitted_NoRecoveryCode())
        if not found.first_factor_fresh:
            raise failures.not_permitted(types.NotPermitted_FirstFactorTooOld())
        rest = outlook.rest_of(account, found.policy, call.now)
        if rest is not None:
            raise failures.locked(rest)
        typed = _parse(code)
        # What an acceptance needs is drawn before the comparison, so that a fault cannot tell a right code from a wrong
        # one.
        kept = account.recovery
        text, following = call.tickets.advance(found, Recovering(kept.id))
        if not call.vault.check(Context.RECOVERY_CODE, kept.tag, kept.id, typed):
            return wit.PresentVerdict_Rejected(_reject(call, found))
        call.note(store.EventKind_RecoveryPresented(kept.id), found.policy.companies)
        call.tickets.end_recovering()
        call.tickets.end(found)
        call.tickets.keep(following)
        return wit.PresentVerdict_Accepted(sign_in.offer(text, following, True))

    return transaction.run(user, [], decide)


def issue(user: str, ticket: str) -> types.RecoveryCode:
    inputs.user(user)

    def decide(call: Call) -> types.RecoveryCode:
        found = call.tickets.find(ticket)
        tickets.require_verified(found, call.now)
        tickets.require_on(found)
        if call.account is None or call.account.app is None:
            raise failures.not_permitted(types.NotPermitted_NoSuchFactor())
        call.account.recovery, shown = draw(call)
        call.note(store.EventKind_RecoveryIssued(shown.id), found.policy.companies)
        # What the old code opened ends with it.
        call.tickets.end_recovering()
        call.tickets.keep(found)
        return shown

    return transaction.run(user, [], decide)


def acknowledge(user: str, code_id: str) -> None:
    inputs.user(user)
    inputs.label(code_id, 64, "code-id")

    def decide(call: Call) -> None:
        kept = None if call.account is None else call.account.recovery
        if kept is None or kept.id != code_id:
            raise failures.not_permitted(types.NotPermitted_NoRecoveryCode())
        if not kept.acknowledged:
            kept.acknowledged = True
            call.note(store.EventKind_RecoveryAcknowledged(code_id), [])

    transaction.run(user, [], decide)


def draw(call: Call) -> tuple[RecoveryCode, types.RecoveryCode]:
    """Draws a recovery code: what is kept of it, and what is shown once."""
    drawn = call.vault.draw("recovery-code")
    bits, id = int.from_bytes(drawn[:17]) >> 6, drawn[17:25].hex()
    symbols = "".join(ALPHABET[bits >> shift & 31] for shift in range(125, -1, -5))
    groups = [symbols[i : i + 5] for i in range(0, 20, 5)] + [symbols[20:]]
    tag = call.vault.tag(Context.RECOVERY_CODE, id, symbols)
    return RecoveryCode(id, tag, call.now), types.RecoveryCode(id, "-".join(groups))


def _parse(code: str) -> str:
    """Brings a typed code into the one form that is compared."""
    fit = len(code.encode()) <= LONGEST_INPUT
    typed = "".join(it for it in code if not inputs.is_filler(it)) if fit else ""
    symbols = "".join(_LOOKALIKES.get(it, it) for it in (_upper(it) for it in typed))
    if len(symbols) != SYMBOLS or any(it not in ALPHABET for it in symbols):
        raise failures.invalid("code", "26 symbols of Crockford's base 32")
    return symbols


def _upper(symbol: str) -> str:
    # Only of ASCII: `ı` must not become an `I`.
    return symbol.upper() if symbol.isascii() else symbol


def _reject(call: Call, ticket: Ticket) -> types.Rejection:
    call.note(store.EventKind_RecoveryFailed(), ticket.policy.companies)
    ticket.recovery_failures += 1
    left = tickets.attempts_left(ticket)
    if left == 0:
        call.tickets.end(ticket)
    else:
        call.tickets.keep(ticket)
    retry_at = None
    if call.account is not None:
        verification.count_user_wide(call, call.account, ticket)
        retry_at = outlook.rest_of(call.account, ticket.policy, call.now)
    return types.Rejection(types.RejectReason.WRONG, left, retry_at)


ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32."""
SYMBOLS = 26
LONGEST_INPUT = 128
_LOOKALIKES = {"O": "0", "I": "1", "L": "1"}
