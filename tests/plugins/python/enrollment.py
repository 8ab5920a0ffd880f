"""Setting up, changing and removing the app."""

from wit_world.exports import enrollment as wit
from wit_world.exports.policy import Mode_EnforcedFrom, Mode_Voluntary
from wit_world.imports import store, types
from wit_world.imports.store import Binding
from wit_world.imports.types import Method

import assertions
import failures
import inputs
import recovery
import tickets
import totp
import transaction
from records import Account, App, Enrolling, Pending, Recovering, Ticket, Verified
from transaction import Call


def begin_totp(user: str, ticket: str, label: wit.Label) -> wit.TotpSetup:
    inputs.user(user)
    inputs.app_label(label)

    def decide(call: Call) -> wit.TotpSetup:
        found = call.tickets.find(ticket)
        # What was begun is shown for as long as it can be confirmed.
        if found.pending is None:
            tickets.require_may_begin(found, call.now)
            tickets.require_on(found)
            found.pending = Pending(call.vault.draw("totp-key")[: totp.KEY_BYTES])
            call.tickets.keep(found)
            call.note(store.EventKind_EnrollmentBegun(Method.TOTP), found.policy.companies)
        return wit.TotpSetup(
            secret=totp.base32(found.pending.key),
            grouped_key=totp.grouped(found.pending.key),
            uri=totp.address(found.pending.key, label),
            expires_at=found.expires_at,
            attempts_left=tickets.pending_attempts_left(found.pending.failures),
        )

    return transaction.run(user, [], decide)


def cancel(user: str, ticket: str, method: Method) -> None:
    inputs.user(user)

    def decide(call: Call) -> None:
        found = call.tickets.find(ticket)
        tickets.require_past_challenge(found)
        if method is not Method.TOTP or found.pending is None:
            raise failures.not_permitted(types.NotPermitted_NotPending())
        found.pending = None
        call.tickets.keep(found)
        call.note(store.EventKind_EnrollmentCancelled(method), found.policy.companies)

    transaction.run(user, [], decide)


def confirm(user: str, ticket: str, method: Method, code: str) -> wit.ConfirmVerdict:
    inputs.user(user)

    def decide(call: Call) -> wit.ConfirmVerdict:
        found = call.tickets.find(ticket)
        tickets.require_past_challenge(found)
        pending = found.pending
        if method is not Method.TOTP or pending is None:
            raise failures.not_permitted(types.NotPermitted_NotPending())
        account = call.account or Account()
        binding = _binding(account, found)
        typed = inputs.digits(code, totp.DIGITS)
        # What an acceptance needs is drawn before the comparison, so that a fault cannot tell a right code from a wrong
        # one.
        factor_id = call.vault.draw("factor-id")[:8].hex()
        issued = recovery.draw(call)
        goes_on = isinstance(found.stage, Enrolling) and isinstance(
            found.purpose, types.Purpose_ManageFactors
        )
        following = call.tickets.advance(found, Verified(call.now)) if goes_on else None
        step = totp.match(pending.key, typed, call.now, found.policy.window)
        if step is None:
            return wit.ConfirmVerdict_Rejected(_reject(call, found, pending))

        companies = found.policy.companies
        if binding is Binding.RECOVERY:
            _drop_old_factor(call, account, companies)
        account.app = App(
            id=factor_id, key=pending.key, mark=step, confirmed_at=call.now, used_at=call.now
        )
        found.pending = None
        account.ever_enrolled = True
        account.epoch += 1
        call.note(store.EventKind_EnrollmentConfirmed(store.Bound(method, binding)), companies)
        account.recovery, shown = issued
        call.note(store.EventKind_RecoveryIssued(shown.id), companies)
        call.account = account
        # The table of stages: a verified ticket stays, any other is spent, for the next one or for good.
        call.tickets.end_where(lambda it: it is not found)
        if isinstance(found.stage, Verified):
            call.tickets.keep(found)
        else:
            call.tickets.end(found)
        if following is not None:
            call.tickets.keep(following[1])
        proof = types.Proof.RECOVERY if binding is Binding.RECOVERY else types.Proof.ENROLLMENT
        return wit.ConfirmVerdict_Accepted(
            wit.Confirmation(assertions.assertion(call, account, found, proof, following), shown)
        )

    return transaction.run(user, [], decide)


def remove(user: str, ticket: str, method: Method) -> int:
    inputs.user(user)

    def decide(call: Call) -> int:
        found = call.tickets.find(ticket)
        tickets.require_verified(found, call.now)
        account = _account_with(call, method)
        mode = found.policy.mode
        if isinstance(mode, Mode_EnforcedFrom):
            raise failures.not_permitted(types.NotPermitted_LastFactor())
        account.app = None
        removed = store.Removed(method, store.Removal.OWNER)
        call.note(store.EventKind_FactorRemoved(removed), found.policy.companies)
        if account.recovery is not None:
            call.note(store.EventKind_RecoveryRevoked(account.recovery.id), found.policy.companies)
            account.recovery = None
        # The owner's own choice, under a policy that leaves it to users, opens a new grace; nothing else does.
        if isinstance(mode, Mode_Voluntary):
            account.ever_enrolled = False
        account.epoch += 1
        call.tickets.end_where(lambda it: it is not found)
        return account.epoch

    return transaction.run(user, [], decide)


def prefer(user: str, ticket: str, method: Method) -> None:
    inputs.user(user)

    def decide(call: Call) -> None:
        found = call.tickets.find(ticket)
        tickets.require_verified(found, call.now)
        tickets.require_on(found)
        # There is no other factor, so that nothing changes by it.
        _account_with(call, method)
        call.note(store.EventKind_FactorPreferred(method), found.policy.companies)

    transaction.run(user, [], decide)


def _account_with(call: Call, method: Method) -> Account:
    """Returns the account of a user who has this factor."""
    if method is not Method.TOTP or call.account is None or call.account.app is None:
        raise failures.not_permitted(types.NotPermitted_NoSuchFactor())
    return call.account


def _binding(account: Account, ticket: Ticket) -> Binding:
    """Says what confirming on this ticket would be."""
    match ticket.stage:
        case Recovering(code_id):
            if account.recovery is None or account.recovery.id != code_id:
                raise failures.bad_ticket(types.TicketFault.SPENT)
            return Binding.RECOVERY
        # Only a factor that was shown lets one be replaced.
        case Enrolling() if account.app is not None:
            raise failures.not_permitted(types.NotPermitted_AlreadyEnrolled())
        case _:
            return Binding.FIRST if account.app is None else Binding.REPLACEMENT


def _drop_old_factor(call: Call, account: Account, companies: list[str]) -> None:
    if account.recovery is not None:
        call.note(store.EventKind_RecoveryUsed(account.recovery.id), companies)
        account.recovery = None
    if account.app is not None:
        removed = store.Removed(Method.TOTP, store.Removal.RECOVERY)
        call.note(store.EventKind_FactorRemoved(removed), companies)
        account.app = None


def _reject(call: Call, ticket: Ticket, pending: Pending) -> types.Rejection:
    pending.failures += 1
    left = tickets.pending_attempts_left(pending.failures)
    if left == 0:
        ticket.pending = None
    call.note(store.EventKind_EnrollmentFailed(left == 0), ticket.policy.companies)
    call.tickets.keep(ticket)
    return types.Rejection(types.RejectReason.WRONG, left, None)
