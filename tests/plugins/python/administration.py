"""What admins and operators do: of it, the core level has status and reset."""

from collections.abc import Sequence

from wit_world.exports import administration as wit
from wit_world.exports.policy import ResetAuthority
from wit_world.imports import store, types
from wit_world.imports.types import Method

import effective
import failures
import inputs
import sign_in
import transaction
from effective import Affiliation
from records import Account
from transaction import Call


def status(user: str) -> wit.UserStatus:
    inputs.user(user)
    return transaction.run(user, [], _status)


def reset(
    user: str,
    memberships: Sequence[types.Membership],
    company: str | None,
    actor: types.Actor,
    identity_verified: bool,
    reason: str,
) -> int:
    inputs.user(user)
    inputs.memberships(memberships, "memberships")
    if company is not None:
        inputs.label(company, 128, "company")
    inputs.actor(actor)
    inputs.label(reason, 200, "reason")

    def decide(call: Call) -> int:
        affiliations = effective.affiliate(memberships, call.policies, "memberships")
        if not identity_verified:
            raise failures.not_permitted(types.NotPermitted_NotVerified())
        if isinstance(actor, types.Actor_User):
            _require_authority(user, actor.value, affiliations, company)
        account = call.account or Account()
        companies = [] if company is None else [company]
        if account.app is not None:
            removed = store.Removed(Method.TOTP, store.Removal.RESET)
            call.note(store.EventKind_FactorRemoved(removed), companies, actor)
        if account.recovery is not None:
            call.note(store.EventKind_RecoveryRevoked(account.recovery.id), companies, actor)
        call.note(store.EventKind_Reset(reason), companies, actor)
        # What stays is that there was a factor, and a demand to change the first one.
        call.account = Account(
            epoch=account.epoch + 1, ever_enrolled=account.ever_enrolled, suspect=account.suspect
        )
        call.tickets.end_where(lambda _: True)
        return call.account.epoch

    return transaction.run(user, sign_in.owners(memberships), decide)


def _require_authority(
    user: str, actor: str, affiliations: Sequence[Affiliation], company: str | None
) -> None:
    """Checks that a person may reset another on behalf of a company."""
    if actor == user:
        raise failures.not_permitted(types.NotPermitted_Oneself())
    if company is None:
        raise failures.invalid("company", "the company that the actor acts for")
    if not any(it.active and it.company == company for it in affiliations):
        raise failures.invalid("company", "a company that the user is an active member of")
    others_enforce = any(it.enforces and it.company != company for it in affiliations)
    all_agree = all(
        it.policy.reset_authority is ResetAuthority.ANY_COMPANY for it in affiliations if it.active
    )
    if others_enforce and not all_agree:
        raise failures.not_permitted(types.NotPermitted_OtherCompany())


def _status(call: Call) -> wit.UserStatus:
    account = call.account or Account()
    recovery = account.recovery
    return wit.UserStatus(
        known=call.account is not None,
        erased=False,
        epoch=account.epoch,
        ever_enrolled=account.ever_enrolled,
        factors=_factors(account, call.now),
        recovery=None
        if recovery is None
        else wit.RecoveryStatus(recovery.id, recovery.issued_at, recovery.acknowledged),
        devices=[],
        tickets=call.tickets.count(),
        change_first_factor=account.suspect,
    )


def _factors(account: Account, now: int) -> list[wit.FactorStatus]:
    app = account.app
    if app is None:
        return []
    rests = (app.attempts.resting(now), account.rest_until)
    until = max((it for it in rests if it is not None and now < it), default=None)
    state: types.MethodState = types.MethodState_Usable()
    if app.attempts.disabled:
        state = types.MethodState_Disabled()
    elif until is not None:
        state = types.MethodState_WaitUntil(until)
    return [
        wit.FactorStatus(
            method=Method.TOTP,
            factor_id=app.id,
            hint=None,
            confirmed_at=app.confirmed_at,
            used_at=app.used_at,
            state=state,
            preferred=True,
            streak=app.attempts.streak,
            unredeemed=app.attempts.unredeemed_at(now),
        )
    ]
