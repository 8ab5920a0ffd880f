"""Showing the app."""

from wit_world.exports import verification as wit
from wit_world.imports import store, types
from wit_world.imports.types import Method

import assertions
import effective
import failures
import inputs
import outlook
import tickets
import totp
import transaction
from records import Account, App, Challenged, Ticket, Verified
from transaction import Call


def verify(user: str, ticket: str, method: Method, code: str) -> wit.VerifyVerdict:
    inputs.user(user)

    def decide(call: Call) -> wit.VerifyVerdict:
        found = call.tickets.find(ticket)
        tickets.require_challenged(found)
        account, app = _ready(call, found, method)
        typed = inputs.digits(code, totp.DIGITS)
        # What an acceptance needs is drawn before the comparison, so that a fault cannot tell a right code from a wrong
        # one.
        manages = isinstance(found.purpose, types.Purpose_ManageFactors)
        following = call.tickets.advance(found, Verified(call.now)) if manages else None
        step = totp.match(app.key, typed, call.now, found.policy.window)
        if step is None:
            return wit.VerifyVerdict_Rejected(
                _reject(call, account, app, found, store.ChallengeFailure.WRONG)
            )
        if step <= app.mark:
            return wit.VerifyVerdict_Rejected(
                _reject(call, account, app, found, store.ChallengeFailure.REPLAYED)
            )
        app.mark = step
        app.used_at = call.now
        app.attempts.succeed(call.now, found.app_failures)
        account.tries, account.rest_until = 0, None
        companies = found.policy.companies
        call.note(store.EventKind_ChallengePassed(method), companies)
        # Whoever shows a factor is the owner: a recovery that somebody else began ends here.
        abandoned = call.tickets.end_recovering()
        if abandoned is not None:
            call.note(store.EventKind_RecoveryAbandoned(abandoned), companies)
        if following is not None:
            call.tickets.keep(following[1])
        call.tickets.end(found)
        said = assertions.assertion(call, account, found, types.Proof.FACTOR, following)
        return wit.VerifyVerdict_Accepted(wit.Verified_Done(said))

    return transaction.run(user, [], decide)


def _ready(call: Call, ticket: Ticket, method: Method) -> tuple[Account, App]:
    """Returns account and app of a user whose app may be compared now."""
    account = call.account
    if method is not Method.TOTP or account is None or account.app is None:
        raise failures.not_permitted(types.NotPermitted_NoSuchFactor())
    match outlook.state(account, ticket.policy, call.now):
        case types.MethodState_WaitUntil(until):
            raise failures.locked(until)
        case types.MethodState_Disabled():
            raise failures.not_permitted(types.NotPermitted_FactorDisabled())
    return account, account.app


def _reject(
    call: Call, account: Account, app: App, ticket: Ticket, why: store.ChallengeFailure
) -> types.Rejection:
    companies = ticket.policy.companies
    call.note(
        store.EventKind_ChallengeFailed(store.FailedChallenge(Method.TOTP, why)), companies
    )
    ticket.app_failures += 1
    ends_ticket = tickets.attempts_left(ticket) == 0
    count_user_wide(call, account, ticket)
    toll = app.attempts.fail(call.now, ticket.app_failures, ends_ticket)
    if toll.rest_until is not None:
        lock = store.Lock(Method.TOTP, toll.rest_until, app.attempts.streak)
        call.note(store.EventKind_Locked(lock), companies)
    if toll.suspicious:
        suspicion = store.Suspicion(Method.TOTP, app.attempts.unredeemed)
        call.note(store.EventKind_GuessingSuspected(suspicion), companies)
    if toll.disabled:
        account.suspect = True
        call.note(store.EventKind_FactorDisabled(Method.TOTP), companies)
    left = tickets.attempts_left(ticket)
    if ends_ticket or toll.ends_challenges:
        left = 0
        call.tickets.end(ticket)
    else:
        call.tickets.keep(ticket)
    if toll.ends_challenges:
        call.tickets.end_where(lambda it: isinstance(it.stage, Challenged))
    rests = (toll.rest_until, outlook.rest_of(account, ticket.policy, call.now))
    retry_at = max((it for it in rests if it is not None), default=None)
    return types.Rejection(types.RejectReason.WRONG, left, retry_at)


def count_user_wide(call: Call, account: Account, ticket: Ticket) -> None:
    """Counts a wrong code over all factors, where the policy wants it; at ten, all of them rest."""
    if not effective.is_user_wide(ticket.policy):
        return
    account.tries += 1
    if account.tries >= USER_WIDE_TRIES:
        account.tries, account.rest_until = 0, call.now + USER_WIDE_REST
        call.note(store.EventKind_UserLocked(account.rest_until), ticket.policy.companies)


USER_WIDE_TRIES = 10
USER_WIDE_REST = 30 * 60
