"""Everything that a caller gave is checked here: what passes is within the bounds of the contract."""

import re
from collections.abc import Sequence

from wit_world.exports import enrollment
from wit_world.imports import types

import failures


def label(text: str, most: int, field: str, expected: str | None = None) -> None:
    """Checks an id or name: 1 to `most` bytes of UTF-8 without control characters."""
    size = len(text.encode())
    if not 1 <= size <= most or any(map(is_control, text)):
        raise failures.invalid(field, expected or f"1 to {most} bytes without control characters")


def is_control(symbol: str) -> bool:
    """Says whether a character is of Unicode's category Cc."""
    return symbol < " " or "\x7f" <= symbol <= "\x9f"


def is_filler(symbol: str) -> bool:
    """Says whether a character is one that people and phones put between the symbols of a code."""
    return (symbol.isspace() and not is_control(symbol)) or symbol in FILLERS


def digits(typed: str, count: int) -> str:
    """Takes the fillers out of a typed code, of which exactly so many ASCII digits must remain."""
    kept = "".join(symbol for symbol in typed[:LONGEST_CODE] if not is_filler(symbol))
    if len(typed.encode()) > LONGEST_CODE or not re.fullmatch(r"[0-9]+", kept) or len(kept) != count:
        raise failures.invalid("code", f"{count} ASCII digits")
    return kept


def user(text: str) -> None:
    label(text, 128, "user")


def actor(actor: types.Actor) -> None:
    kind = "user" if isinstance(actor, types.Actor_User) else "operator"
    label(actor.value, 128, f"actor.{kind}")


def ticket(text: str) -> None:
    if not re.fullmatch(r"[!-~]{1,128}", text):
        raise failures.invalid("ticket", "1 to 128 ASCII characters without white space")


def memberships(memberships: Sequence[types.Membership], field: str) -> None:
    """Checks a user's companies: 1 to 16, none twice, each with at most 8 roles."""
    if not 1 <= len(memberships) <= 16:
        raise failures.invalid(field, "1 to 16 memberships")
    seen: set[str] = set()
    for i, it in enumerate(memberships):
        named = f"{field}[{i}].company"
        expected = "1 to 128 bytes without control characters, and not `*`"
        if it.company == "*":
            raise failures.invalid(named, expected)
        label(it.company, 128, named, expected)
        if it.company in seen:
            raise failures.invalid(named, "no company twice")
        seen.add(it.company)
        if len(it.roles) > 8:
            raise failures.invalid(f"{field}[{i}].roles", "at most 8 roles")
        for j, role in enumerate(it.roles):
            label(role, 64, f"{field}[{i}].roles[{j}]")


def first_factor(factor: types.FirstFactor, field: str) -> None:
    match factor.kind:
        case types.FirstFactorKind_Federated(provider):
            label(provider, 128, f"{field}.kind.federated")
    match factor.channel:
        case types.Channel_Phone(number):
            # The gateway knows where it sent its message, so the number comes as it was sent to.
            if not re.fullmatch(r"\+[1-9][0-9]{6,14}", number):
                expected = "E.164: `+` and 7 to 15 digits, the first not 0"
                raise failures.invalid(f"{field}.channel.phone", expected)
        case types.Channel_Other(name):
            label(name, 64, f"{field}.channel.other")


def purpose(purpose: types.Purpose, field: str) -> None:
    match purpose:
        case types.Purpose_StepUp(thing):
            label(thing, 128, f"{field}.step-up")


def app_label(it: enrollment.Label) -> None:
    """Checks what an authenticator app shows."""
    for text, most, field in ((it.issuer, 64, "issuer"), (it.account_name, 128, "account-name")):
        if (
            not 1 <= len(text) <= most
            or len(text.encode()) > 2 * most
            or text.strip() != text
            or any(symbol == ":" or is_control(symbol) or symbol in DIRECTIONS for symbol in text)
        ):
            expected = (
                f"1 to {most} characters in at most {2 * most} bytes, "
                "without colons, control characters or white space at the ends"
            )
            raise failures.invalid(f"label.{field}", expected)


FILLERS = "\u200b\u2060\ufeff\u200e\u200f-\u2010\u2011\u2012\u2013\u2212\u00ad\t\n\v\f\r\u0085"
DIRECTIONS = "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
LONGEST_CODE = 64
