"""The tickets of a user: bearer strings, each for one purpose and one stage."""

from collections.abc import Callable

from wit_world.imports import types
from wit_world.imports.keyring import Context
from wit_world.imports.types import TicketFault

import effective
import failures
import inputs
import records
import totp
from records import (
    Challenged,
    Effective,
    Ended,
    Enrolling,
    Recovering,
    Stage,
    Ticket,
    TicketList,
    Verified,
)
from vault import Vault


class Tickets:
    """The tickets of the call's user, at the call's time."""

    def __init__(self, stored: TicketList, vault: Vault, now: int) -> None:
        self.stored = stored
        self.vault = vault
        self._now = now

    def mint(
        self, purpose: types.Purpose, stage: Stage, policy: Effective, first_factor_fresh: bool
    ) -> tuple[str, Ticket]:
        """Draws a ticket: its text, for the gateway, and what is to be kept of it."""
        text = totp.base32(self.vault.draw("ticket"))
        ticket = Ticket(
            id=text[:ID_LENGTH],
            tag=self.vault.tag(Context.TICKET, text),
            purpose=purpose,
            stage=stage,
            expires_at=_end_of(stage, self._now),
            policy=policy,
            first_factor_fresh=first_factor_fresh,
        )
        return text, ticket

    def advance(self, ticket: Ticket, stage: Stage) -> tuple[str, Ticket]:
        """Draws the ticket that comes after one."""
        return self.mint(ticket.purpose, stage, ticket.policy, ticket.first_factor_fresh)

    def find(self, text: str) -> Ticket:
        """Finds a live ticket by its text."""
        inputs.ticket(text)
        if len(text) < ID_LENGTH:
            raise failures.bad_ticket(TicketFault.UNKNOWN)
        id = text[:ID_LENGTH]
        ticket = next((it for it in self.stored.live if it.id == id), None)
        if ticket is None:
            ended = next((it for it in self.stored.ended if it.id == id), None)
            if ended is None:
                raise failures.bad_ticket(TicketFault.UNKNOWN)
            raise failures.bad_ticket(TicketFault.EXPIRED if ended.expired else TicketFault.SPENT)
        if not self.vault.check(Context.TICKET, ticket.tag, text):
            raise failures.bad_ticket(TicketFault.UNKNOWN)
        if self._now >= ticket.expires_at:
            raise failures.bad_ticket(TicketFault.EXPIRED)
        return ticket

    def keep(self, ticket: Ticket) -> None:
        """Keeps a ticket, new or changed, and makes room for it."""
        self._forget()
        live = self.stored.live
        if ticket in live:
            live.remove(ticket)
        live.append(ticket)
        while len(live) > MOST or (
            len(live) > 1 and len(records.encode_tickets(self.stored)) > MOST_BYTES
        ):
            older = live[:-1]
            self.end(next((it for it in older if not is_touched(it)), older[0]))

    def end(self, ticket: Ticket) -> None:
        """Ends a ticket, live or not kept any more."""
        self._forget()
        if ticket in self.stored.live:
            self.stored.live.remove(ticket)
        until = max(ticket.expires_at, self._now) + REMEMBERED
        self.stored.ended.append(Ended(ticket.id, False, until))
        del self.stored.ended[:-MOST_ENDED]

    def end_where(self, ends: Callable[[Ticket], bool]) -> None:
        for ticket in [it for it in self.stored.live if ends(it)]:
            self.end(ticket)

    def end_recovering(self) -> str | None:
        """Ends a recovery that is under way, and returns the id of its code."""
        under_way = [it for it in self.stored.live if isinstance(it.stage, Recovering)]
        self.end_where(lambda it: isinstance(it.stage, Recovering))
        return next((it.stage.code_id for it in under_way if isinstance(it.stage, Recovering)), None)

    def count(self) -> int:
        return sum(self._now < it.expires_at for it in self.stored.live)

    def collectable_at(self) -> int:
        """Returns when nothing of the record is of use any more."""
        ends = [it.expires_at + REMEMBERED for it in self.stored.live]
        ends += [it.until for it in self.stored.ended]
        return max(ends, default=self._now)

    def _forget(self) -> None:
        """Ends the tickets whose time is over, and forgets those that ended long ago."""
        over = [it for it in self.stored.live if self._now >= it.expires_at]
        for ticket in over:
            self.stored.live.remove(ticket)
            self.stored.ended.append(Ended(ticket.id, True, ticket.expires_at + REMEMBERED))
        self.stored.ended[:] = [it for it in self.stored.ended if self._now < it.until]


def is_touched(ticket: Ticket) -> bool:
    """Says whether somebody got anywhere with a ticket."""
    match ticket.stage:
        case Challenged():
            return failures_of(ticket) > 0
        case Enrolling():
            return ticket.pending is not None
        case _:
            return True


def failures_of(ticket: Ticket) -> int:
    return ticket.app_failures + ticket.recovery_failures


def attempts_left(ticket: Ticket) -> int:
    return max(0, TRIES - failures_of(ticket)) if isinstance(ticket.stage, Challenged) else 0


def pending_attempts_left(failed: int) -> int:
    return max(0, TRIES - failed)


def start_until(ticket: Ticket) -> int | None:
    """Until when a change may be started, where the stage is `verified`."""
    return ticket.stage.factor_at + STARTING if isinstance(ticket.stage, Verified) else None


def require_challenged(ticket: Ticket) -> None:
    if not isinstance(ticket.stage, Challenged):
        raise failures.bad_ticket(TicketFault.WRONG_STAGE)


def require_past_challenge(ticket: Ticket) -> None:
    if isinstance(ticket.stage, Challenged):
        raise failures.bad_ticket(TicketFault.WRONG_STAGE)


def require_may_begin(ticket: Ticket, now: int) -> None:
    """Checks that a change may be started on a ticket."""
    require_past_challenge(ticket)
    until = start_until(ticket)
    if until is not None and now >= until:
        raise failures.not_permitted(types.NotPermitted_StartTooLate())


def require_verified(ticket: Ticket, now: int) -> None:
    if not isinstance(ticket.stage, Verified):
        raise failures.bad_ticket(TicketFault.WRONG_STAGE)
    require_may_begin(ticket, now)


def require_on(ticket: Ticket) -> None:
    """Checks that MFA is on: while it is off, factors can be removed and nothing else."""
    if effective.is_off(ticket.policy):
        raise failures.not_permitted(types.NotPermitted_MethodNotAllowed())


def _end_of(stage: Stage, now: int) -> int:
    match stage:
        case Challenged():
            return now + CHALLENGED
        case Verified(factor_at):
            return factor_at + ENROLLING
        case _:
            return now + ENROLLING


ID_LENGTH = 12
"""Symbols by which a ticket is found; the other 40 have 200 random bits."""
TRIES = 5
MOST = 16
MOST_BYTES = 31_000
"""Of the record: the contract allows 32,768, and what comes after `keep` adds less than the rest."""
MOST_ENDED = 32
CHALLENGED = 15 * 60
ENROLLING = 30 * 60
STARTING = 5 * 60
REMEMBERED = 3_600
