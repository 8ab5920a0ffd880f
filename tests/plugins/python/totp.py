"""Time-based one-time passwords (RFC 6238), and the address that takes a key into an app."""

import base64
import hmac
from urllib.parse import quote

from wit_world.exports import enrollment
from wit_world.exports.policy import TotpWindow

KEY_BYTES = 20
PERIOD = 30
DIGITS = 6


def code_at(key: bytes, step: int) -> str:
    """Returns the code of a time step."""
    mac = hmac.digest(key, step.to_bytes(8), "sha1")
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4]) & 0x7FFF_FFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def match(key: bytes, code: str, now: int, window: TotpWindow) -> int | None:
    """Returns the greatest step of the window whose code this is.

    Every step is compared, so that the time it takes does not tell which.
    """
    current = now // PERIOD
    steps = [current - 1, current]
    if window is TotpWindow.PLUS_MINUS_ONE:
        steps.append(current + 1)
    matching = [step for step in steps if step >= 0 and hmac.compare_digest(code_at(key, step), code)]
    return max(matching, default=None)


def base32(secret: bytes) -> str:
    """Writes a secret without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def grouped(key: bytes) -> str:
    """Writes a key in groups of four, to be typed."""
    symbols = base32(key)
    return " ".join(symbols[i : i + 4] for i in range(0, len(symbols), 4))


def address(key: bytes, label: enrollment.Label) -> str:
    """Returns the `otpauth://` address of a key."""
    issuer, account = quote(label.issuer, safe=""), quote(label.account_name, safe="")
    return (
        f"otpauth://totp/{issuer}:{account}?secret={base32(key)}&issuer={issuer}"
        f"&algorithm=SHA1&digits={DIGITS}&period={PERIOD}"
    )
