"""What comes next for a user who passed the first factor."""

from collections.abc import Sequence

from wit_world.exports import administration
from wit_world.exports import sign_in as wit
from wit_world.imports import store, types

import effective
import failures
import inputs
import outlook
import tickets
import transaction
from effective import DEFAULT
from outlook import Circumstances
from records import Account, Challenged, Effective, Enrolling, Recovering, Stage, Ticket, Verified
from transaction import Call


def begin(user: str, request: wit.BeginRequest) -> wit.BeginOutcome:
    inputs.user(user)
    _check_request(request)

    def decide(call: Call) -> wit.BeginOutcome:
        affiliations = effective.affiliate(request.memberships, call.policies, "request.memberships")
        if request.known_enrolled and call.account is None:
            raise failures.unavailable(types.Dependency.STORE)
        policy = effective.effective(affiliations)
        circumstances = Circumstances(
            policy=policy,
            trusted=outlook.is_trusted(affiliations, request.first_factor.kind),
            first_factor=request.first_factor,
            attested=request.binding_attested,
            purpose=request.purpose,
        )
        match circumstances.outlook(call.account, call.now):
            case administration.Outlook_Allow(reason):
                return wit.BeginOutcome_Allow(_allow(reason, policy, call))
            case administration.Outlook_Deny(reason):
                return wit.BeginOutcome_Deny(reason)
            case administration.Outlook_Enroll(required):
                text, ticket = _mint(call, request, Enrolling(required), policy)
                call.note(store.EventKind_EnrollmentOffered(required), policy.companies)
                return wit.BeginOutcome_Enroll(offer(text, ticket, required))
            case administration.Outlook_Challenge():
                text, ticket = _mint(call, request, Challenged(), policy)
                call.note(store.EventKind_ChallengeIssued(), policy.companies)
                return wit.BeginOutcome_Challenge(
                    wit.Challenge(
                        ticket=text,
                        expires_at=ticket.expires_at,
                        methods=outlook.offers(call.account, policy, call.now),
                        recovery_available=_is_recoverable(call.account, ticket),
                    )
                )

    return transaction.run(user, owners(request.memberships), decide)


def inspect(user: str, ticket: str) -> wit.TicketView:
    inputs.user(user)

    def decide(call: Call) -> wit.TicketView:
        found = call.tickets.find(ticket)
        policy = found.policy
        off = effective.is_off(policy)
        challenged = isinstance(found.stage, Challenged)
        pending = found.pending
        return wit.TicketView(
            stage=_stage(found.stage),
            purpose=found.purpose,
            expires_at=found.expires_at,
            start_until=tickets.start_until(found),
            methods=outlook.offers(call.account, policy, call.now),
            may_enroll=[] if challenged or off else [types.Method.TOTP],
            pending=[]
            if pending is None
            else [
                wit.Pending(
                    types.Method.TOTP, None, tickets.pending_attempts_left(pending.failures), None
                )
            ],
            attempts_left=tickets.attempts_left(found),
            recovery_available=challenged and _is_recoverable(call.account, found),
            sent=None,
            required=_is_required(found, call.now),
            deadline=effective.deadline_at(policy),
        )

    return transaction.run(user, [], decide)


def assess(
    user: str, memberships: Sequence[types.Membership], session: wit.Session, max_age: int | None
) -> wit.Assessment:
    inputs.user(user)
    inputs.memberships(memberships, "memberships")
    inputs.first_factor(session.first_factor, "session.first-factor")

    def decide(call: Call) -> wit.Assessment:
        affiliations = effective.affiliate(memberships, call.policies, "memberships")
        account, now = call.account, call.now
        if (account.epoch if account else 0) != session.epoch:
            return wit.Assessment_End()
        policy = effective.effective(affiliations)
        circumstances = Circumstances(
            policy=policy,
            trusted=outlook.is_trusted(affiliations, session.first_factor.kind),
            first_factor=session.first_factor,
            # Whether enrolling is possible is for `begin` to say, when the user gets there.
            attested=True,
            purpose=types.Purpose_SignIn() if max_age is None else types.Purpose_StepUp("max-age"),
        )
        found = circumstances.outlook(account, now)
        if isinstance(found, administration.Outlook_Allow):
            ahead = effective.deadline_ahead(policy, now)
            return wit.Assessment_Continue(min(now + MOST_AHEAD, ahead.at if ahead else now + MOST_AHEAD))
        enrolled = account is not None and account.app is not None
        until = _shown_until(session, max_age, policy, now) if enrolled else None
        if until is not None:
            return wit.Assessment_Continue(min(now + MOST_AHEAD, until))
        match found:
            case administration.Outlook_Challenge():
                return wit.Assessment_Challenge()
            case administration.Outlook_Enroll():
                return wit.Assessment_Enroll()
            # The first factor of a session grows old; `begin` asks for it again.
            case administration.Outlook_Deny(wit.DenyReason_FirstFactorTooOld()):
                return wit.Assessment_Challenge() if enrolled else wit.Assessment_Enroll()
            case _:
                return wit.Assessment_End()

    return transaction.run(user, owners(memberships), decide)


def owners(memberships: Sequence[types.Membership]) -> list[str]:
    """Names the policies that a user's companies may have."""
    return [*(it.company for it in memberships), DEFAULT]


def offer(text: str, ticket: Ticket, required: bool) -> types.EnrollOffer:
    return types.EnrollOffer(
        ticket=text,
        expires_at=ticket.expires_at,
        methods=[types.Method.TOTP],
        required=required,
        deadline=effective.deadline_at(ticket.policy),
    )


def _check_request(request: wit.BeginRequest) -> None:
    if request.device_token is not None and len(request.device_token.encode()) > 128:
        raise failures.invalid("request.device-token", "at most 128 bytes")
    inputs.memberships(request.memberships, "request.memberships")
    inputs.first_factor(request.first_factor, "request.first-factor")
    inputs.purpose(request.purpose, "request.purpose")


def _mint(call: Call, request: wit.BeginRequest, stage: Stage, policy: Effective) -> tuple[str, Ticket]:
    fresh = outlook.is_fresh(request.first_factor)
    text, ticket = call.tickets.mint(request.purpose, stage, policy, fresh)
    call.tickets.keep(ticket)
    return text, ticket


def _allow(reason: wit.AllowReason, policy: Effective, call: Call) -> wit.Allowance:
    ahead = effective.deadline_ahead(policy, call.now)
    notice = None
    if ahead is not None and isinstance(reason, wit.AllowReason_NotEnrolled):
        days_left = min(-(-(ahead.at - call.now) // DAY), 2**32 - 1)
        notice = wit.Notice(ahead.at, ahead.zone, days_left)
    return wit.Allowance(
        reason=reason,
        notice=notice,
        epoch=call.account.epoch if call.account else 0,
        valid_until=effective.valid_until(policy, call.now, call.now),
        device_token=None,
    )


def _is_recoverable(account: Account | None, ticket: Ticket) -> bool:
    return ticket.first_factor_fresh and outlook.may_recover(account, ticket.purpose, ticket.policy)


def _is_required(ticket: Ticket, now: int) -> bool:
    match ticket.stage:
        case Enrolling(required):
            return required or effective.is_enforced(ticket.policy, now)
        case Recovering():
            return True
        case _:
            return False


def _stage(stage: Stage) -> wit.Stage:
    match stage:
        case Challenged():
            return wit.Stage.CHALLENGED
        case Verified():
            return wit.Stage.VERIFIED
        case Enrolling():
            return wit.Stage.ENROLLING
        case Recovering():
            return wit.Stage.RECOVERING


def _shown_until(session: wit.Session, max_age: int | None, policy: Effective, now: int) -> int | None:
    """Until when the factor that was shown in a session is enough, if it is."""
    # A time ahead of the clock is no proof of anything, but two gateways' clocks may differ a little.
    if session.factor_at is None or session.factor_at > now + MOST_AHEAD:
        return None
    until = effective.valid_until(policy, session.factor_at, now)
    if max_age is not None:
        # The factor may be exactly that old; an age of 0 asks for a new code whatever the clock says.
        until = min(until, session.factor_at + max_age + 1) if max_age else 0
    return until if now < until else None


MOST_AHEAD = 60
DAY = 86_400
