"""What a company asks of its users: the bounds of a policy, and how it is replaced."""

import re
from collections.abc import Sequence

from wit_world.exports import policy as wit
from wit_world.imports import types
from wit_world.imports.store import EventKind_DeadlineSet, EventKind_PolicyChanged

import events
import failures
import inputs
import transaction
from effective import deadline_of
from records import StoredPolicy


def put(
    company: str, policy: wit.Policy, expected: int | None, actor: types.Actor, enforce_now: bool
) -> int:
    """Replaces a company's policy, and returns the new revision."""
    check_methods(policy)

    def decide(stored: StoredPolicy | None, now: int) -> tuple[StoredPolicy, list[events.Event]]:
        check_bounds(policy)
        if (stored.revision if stored else None) != expected:
            raise failures.Refused(types.Failure_RevisionConflict())
        deadline = deadline_of(policy.mode)
        before = deadline_of(stored.policy.mode) if stored else None
        known = before is not None and deadline is not None and before.at == deadline.at
        if deadline is not None and deadline.at <= now and not known and not enforce_now:
            raise failures.not_permitted(types.NotPermitted_DeadlineNotInFuture())
        revision = (expected or 0) + 1
        noted: list[events.Kind] = [EventKind_PolicyChanged(revision)]
        if deadline is not None and deadline != before:
            noted.append(EventKind_DeadlineSet(deadline))
        return StoredPolicy(policy, revision), [events.event(it, [company], actor) for it in noted]

    return transaction.replace_policy(company, decide)


def check_methods(policy: wit.Policy) -> None:
    """Checks the methods of a policy and of its roles: each at most once, `totp` among them."""
    named = [("policy.methods", policy.methods)]
    named += [
        (f"policy.role-methods[{i}].methods", it.methods) for i, it in enumerate(policy.role_methods)
    ]
    for field, methods in named:
        if types.Method.TOTP not in methods or len(set(methods)) != len(methods):
            raise failures.invalid(field, "`totp`, and at most each method once")


def check_bounds(policy: wit.Policy) -> None:
    """Checks everything else that the contract bounds."""
    deadline = deadline_of(policy.mode)
    if deadline is not None and not re.fullmatch(r"[A-Za-z0-9_+/-]{1,64}", deadline.zone):
        raise failures.invalid(
            "policy.mode.enforced-from.zone",
            "an IANA zone name, 1 to 64 bytes of letters, digits and `_ + - /`",
        )
    roles = [it.role for it in policy.role_methods]
    _at_most("role-methods", roles, 32, "at most 32 roles")
    for i, role in enumerate(roles):
        inputs.label(role, 64, f"policy.role-methods[{i}].role")
        if roles.count(role) > 1:
            raise failures.invalid(f"policy.role-methods[{i}].role", "no role twice")
    _at_most("trusted-providers", policy.trusted_providers, 32, "at most 32 providers")
    for i, provider in enumerate(policy.trusted_providers):
        inputs.label(provider, 128, f"policy.trusted-providers[{i}]")
    _check_text_messages(policy.sms)
    _within("reauth-interval", policy.reauth_interval, 300, 2_592_000, "300 to 2592000 seconds")
    _within("device-days", policy.device_days, 0, 90, "0 to 90 days")
    _at_most("reminder-days", policy.reminder_days, 8, "at most 8 days")
    for i, day in enumerate(policy.reminder_days):
        _within(f"reminder-days[{i}]", day, 1, 365, "1 to 365")
        if policy.reminder_days.count(day) > 1:
            raise failures.invalid(f"policy.reminder-days[{i}]", "no day twice")


def _check_text_messages(sms: wit.SmsRules) -> None:
    _at_most("sms.countries", sms.countries, 249, "at most 249 countries")
    for i, country in enumerate(sms.countries):
        if not re.fullmatch(r"[A-Z]{2}", country):
            raise failures.invalid(f"policy.sms.countries[{i}]", "two capital letters of ISO 3166-1")
    _within("sms.per-hour", sms.per_hour, 1, 20, "1 to 20")
    _within("sms.per-day", sms.per_day, 1, 50, "1 to 50")
    _within("sms.daily-budget", sms.daily_budget, 1, 1_000_000, "1 to 1000000")
    _within("sms.enrolling-percent", sms.enrolling_percent, 0, 100, "0 to 100")
    if sms.beyond_ten_minutes:
        most, expected = 30, "1 to 30 minutes"
    else:
        most, expected = 10, "1 to 10 minutes, or up to 30 with beyond-ten-minutes"
    _within("sms.lifetime-minutes", sms.lifetime_minutes, 1, most, expected)


def _at_most(field: str, items: Sequence[object], most: int, expected: str) -> None:
    if len(items) > most:
        raise failures.invalid(f"policy.{field}", expected)


def _within(field: str, value: int, least: int, most: int, expected: str) -> None:
    if not least <= value <= most:
        raise failures.invalid(f"policy.{field}", expected)
