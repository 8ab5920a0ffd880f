"""The exports of the contract's world.

Each function calls the one of the same name that decides, and turns its refusal into the contract's `err`. What does
not belong to the core level answers `not-implemented`, and changes nothing.
"""

from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports import meta
from wit_world.exports import policy as wit_policy
from wit_world.exports import verification as wit_verification
from wit_world.imports import types

import administration
import enrollment
import inputs
import policy
import recovery
import sign_in
import transaction
import verification
from failures import NOT_IMPLEMENTED, Refused
from records import FORMAT

P = ParamSpec("P")
R = TypeVar("R")


def answering(call: Callable[P, R]) -> Callable[P, R]:
    """Answers a refusal as `err`."""

    @wraps(call)
    def answer(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except Refused as refused:
            failure = refused.failure
        raise Err(failure)

    return answer


def not_implemented(*_: object) -> NoReturn:
    """Answers what the core level does not have."""
    raise Err(NOT_IMPLEMENTED)


class Meta(exports.Meta):
    def describe(self) -> meta.Description:
        formats = meta.RecordFormats(FORMAT, FORMAT, FORMAT)
        return meta.Description("countersign-python 0.1.0", "0.1.0", [meta.Level.CORE], formats)


class SignIn(exports.SignIn):
    begin = staticmethod(answering(sign_in.begin))
    inspect = staticmethod(answering(sign_in.inspect))
    assess = staticmethod(answering(sign_in.assess))


class Enrollment(exports.Enrollment):
    begin_totp = staticmethod(answering(enrollment.begin_totp))
    begin_sms = staticmethod(not_implemented)
    resend = staticmethod(not_implemented)
    cancel = staticmethod(answering(enrollment.cancel))
    confirm = staticmethod(answering(enrollment.confirm))
    remove = staticmethod(answering(enrollment.remove))
    prefer = staticmethod(answering(enrollment.prefer))


class Verification(exports.Verification):
    send_code = staticmethod(not_implemented)

    @answering
    def verify(
        self, user: str, ticket: str, method: types.Method, code: str, remember: bool
    ) -> wit_verification.VerifyVerdict:
        # There are no trusted devices, so that nothing comes of `remember`.
        return verification.verify(user, ticket, method, code)


class Recovery(exports.Recovery):
    present = staticmethod(answering(recovery.present))
    issue = staticmethod(answering(recovery.issue))
    acknowledge = staticmethod(answering(recovery.acknowledge))


class Policy(exports.Policy):
    @answering
    def get(self, company: str) -> wit_policy.StoredPolicy | None:
        inputs.label(company, 128, "company")
        stored = transaction.read_policy(company)
        return None if stored is None else wit_policy.StoredPolicy(stored.policy, stored.revision)

    @answering
    def put(
        self,
        company: str,
        asked: wit_policy.Policy,
        expected: int | None,
        actor: types.Actor,
        enforce_now: bool,
    ) -> int:
        inputs.label(company, 128, "company")
        inputs.actor(actor)
        return policy.put(company, asked, expected, actor, enforce_now)


class Administration(exports.Administration):
    status = staticmethod(answering(administration.status))
    preview = staticmethod(not_implemented)
    reset = staticmethod(answering(administration.reset))
    unlock = staticmethod(not_implemented)
    add_totp = staticmethod(not_implemented)
    revoke = staticmethod(not_implemented)
    first_factor_changed = staticmethod(not_implemented)
    erase = staticmethod(not_implemented)
