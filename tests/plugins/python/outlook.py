"""What comes next for a user, as a pure function of account, policy and circumstances.

`begin` and `assess` both go by it, so that they cannot disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from wit_world.exports import sign_in as wit
from wit_world.exports.administration import (
    Outlook,
    Outlook_Allow,
    Outlook_Challenge,
    Outlook_Deny,
    Outlook_Enroll,
)
from wit_world.exports.policy import FirstBinding
from wit_world.imports import types

import effective
from effective import Affiliation
from records import Account, Effective

FRESH = 300
"""So many seconds old a first factor may be where a factor is bound."""


@dataclass(frozen=True)
class Circumstances:
    policy: Effective
    trusted: bool
    """Whether every company that counts trusts the provider that signed the user on."""
    first_factor: types.FirstFactor
    attested: bool
    purpose: types.Purpose

    def outlook(self, account: Account | None, now: int) -> Outlook:
        off = effective.is_off(self.policy)
        signs_in = isinstance(self.purpose, types.Purpose_SignIn)
        manages = isinstance(self.purpose, types.Purpose_ManageFactors)
        if off and not manages:
            return Outlook_Allow(wit.AllowReason_ModeOff())
        if signs_in and self.trusted:
            return Outlook_Allow(wit.AllowReason_Exempt())
        if account is not None and account.app is not None:
            return self._challenge(account)
        ever_enrolled = account is not None and account.ever_enrolled
        must = ever_enrolled or effective.is_enforced(self.policy, now)
        suspect = account is not None and account.suspect
        if manages and off:
            return Outlook_Deny(wit.DenyReason_ModeOff())
        if signs_in and not must:
            return Outlook_Allow(wit.AllowReason_NotEnrolled())
        return self._enroll(must or not manages, suspect)

    def _challenge(self, account: Account) -> Outlook:
        if account.suspect:
            return Outlook_Deny(wit.DenyReason_ChangeFirstFactor())
        usable = account.app is not None and not account.app.attempts.disabled
        recoverable = may_recover(account, self.purpose, self.policy)
        if usable or (recoverable and is_fresh(self.first_factor)):
            return Outlook_Challenge()
        if recoverable:
            return Outlook_Deny(wit.DenyReason_FirstFactorTooOld())
        return Outlook_Deny(wit.DenyReason_ContactAdmin())

    def _enroll(self, required: bool, suspect: bool) -> Outlook:
        if suspect:
            return Outlook_Deny(wit.DenyReason_ChangeFirstFactor())
        if not is_fresh(self.first_factor):
            return Outlook_Deny(wit.DenyReason_FirstFactorTooOld())
        if self.policy.first_binding is FirstBinding.ATTESTED and not self.attested:
            return Outlook_Deny(wit.DenyReason_BindingNotAttested())
        return Outlook_Enroll(required)


def is_fresh(first_factor: types.FirstFactor) -> bool:
    return first_factor.age <= FRESH


def is_trusted(affiliations: Sequence[Affiliation], kind: types.FirstFactorKind) -> bool:
    """Says whether every company that counts trusts the provider; where none counts, nobody is trusted."""
    counting = [it for it in affiliations if it.counts]
    return (
        isinstance(kind, types.FirstFactorKind_Federated)
        and bool(counting)
        and all(kind.value in it.policy.trusted_providers for it in counting)
    )


def may_recover(account: Account | None, purpose: types.Purpose, policy: Effective) -> bool:
    """Says whether a recovery code can be presented, but for the age of the first factor."""
    return (
        account is not None
        and account.recovery is not None
        and not isinstance(purpose, types.Purpose_StepUp)
        and not effective.is_off(policy)
    )


def rest_of(account: Account, policy: Effective, now: int) -> int | None:
    """Until when all factors rest, where wrong codes count over all of them."""
    rests = account.rest_until is not None and now < account.rest_until
    return account.rest_until if rests and effective.is_user_wide(policy) else None


def state(account: Account, policy: Effective, now: int) -> types.MethodState | None:
    """Says whether the user's app can be used now; none if there is no app."""
    if account.app is None:
        return None
    if account.app.attempts.disabled:
        return types.MethodState_Disabled()
    rests = (account.app.attempts.resting(now), rest_of(account, policy, now))
    until = max((it for it in rests if it is not None), default=None)
    return types.MethodState_Usable() if until is None else types.MethodState_WaitUntil(until)


def offers(account: Account | None, policy: Effective, now: int) -> list[types.OfferedMethod]:
    """Returns the user's factors as a page shows them."""
    found = None if account is None else state(account, policy, now)
    if found is None:
        return []
    return [types.OfferedMethod(types.Method.TOTP, None, True, found)]
