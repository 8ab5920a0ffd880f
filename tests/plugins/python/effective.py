"""What the policies of a user's companies come to: the strictest of those that count."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wit_world.exports import policy as wit
from wit_world.imports import types

import failures
from records import Effective

DEFAULT = "*"
"""The owner of the policy that companies without one of their own fall to."""


@dataclass(frozen=True)
class Affiliation:
    """A company of the user, with the policy that it has."""

    company: str
    active: bool
    policy: wit.Policy

    @property
    def counts(self) -> bool:
        return self.active and not isinstance(self.policy.mode, wit.Mode_Off)

    @property
    def enforces(self) -> bool:
        return self.active and isinstance(self.policy.mode, wit.Mode_EnforcedFrom)


def affiliate(
    memberships: Sequence[types.Membership], policies: dict[str, wit.Policy], field: str
) -> list[Affiliation]:
    """Gives each company its policy: its own, or the default one."""
    affiliations = []
    for i, it in enumerate(memberships):
        policy = policies.get(it.company) or policies.get(DEFAULT)
        if policy is not None:
            affiliations.append(Affiliation(it.company, it.active, policy))
        elif it.active:
            raise failures.invalid(
                f"{field}[{i}].company", "a company with a policy, or a default policy `*`"
            )
    return affiliations


def effective(affiliations: Sequence[Affiliation]) -> Effective:
    """Returns the strictest of the policies that count; of all active ones, if none does."""
    counting = [it for it in affiliations if it.counts]
    ruling = [it.policy for it in counting or affiliations if counting or it.active]
    if not ruling:
        # Nobody asks for anything, and nothing can be enrolled: the strictest there is.
        return Effective(
            mode=wit.Mode_Off(),
            first_binding=wit.FirstBinding.ATTESTED,
            window=wit.TotpWindow.CURRENT_AND_PREVIOUS,
            guessing=wit.Guessing.PER_FACTOR,
            reauth_interval=12 * 3_600,
            companies=[],
        )
    return Effective(
        mode=_strictest(it.mode for it in ruling),
        # Of two, the stricter is declared last in the contract.
        first_binding=max((it.first_binding for it in ruling), key=lambda it: it.value),
        window=max((it.totp_window for it in ruling), key=lambda it: it.value),
        guessing=max((it.guessing for it in ruling), key=lambda it: it.value),
        reauth_interval=min(it.reauth_interval for it in ruling),
        companies=[it.company for it in counting],
    )


def _strictest(modes: Iterable[wit.Mode]) -> wit.Mode:
    modes = list(modes)
    deadlines = [it.value for it in modes if isinstance(it, wit.Mode_EnforcedFrom)]
    if deadlines:
        return wit.Mode_EnforcedFrom(min(deadlines, key=lambda it: it.at))
    voluntary = any(isinstance(it, wit.Mode_Voluntary) for it in modes)
    return wit.Mode_Voluntary() if voluntary else wit.Mode_Off()


def is_off(policy: Effective) -> bool:
    return isinstance(policy.mode, wit.Mode_Off)


def deadline_of(mode: wit.Mode) -> types.Deadline | None:
    return mode.value if isinstance(mode, wit.Mode_EnforcedFrom) else None


def deadline_at(policy: Effective) -> int | None:
    deadline = deadline_of(policy.mode)
    return deadline.at if deadline else None


def deadline_ahead(policy: Effective, now: int) -> types.Deadline | None:
    deadline = deadline_of(policy.mode)
    return deadline if deadline and now < deadline.at else None


def is_enforced(policy: Effective, now: int) -> bool:
    """Says whether MFA must be used: from the second of the deadline on."""
    deadline = deadline_of(policy.mode)
    return deadline is not None and now >= deadline.at


def valid_until(policy: Effective, factor_at: int, now: int) -> int:
    """Returns when the gateway must ask again."""
    interval = factor_at + policy.reauth_interval
    ahead = deadline_ahead(policy, now)
    return min(interval, ahead.at) if ahead else interval


def is_user_wide(policy: Effective) -> bool:
    """Says whether wrong codes count over all factors too."""
    return policy.guessing is wit.Guessing.ALSO_USER_WIDE_TEN
