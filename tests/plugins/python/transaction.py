"""One call, always in this order: read the clock, get, decide, commit, answer.

Nothing else commits, and no answer leaves before the commit that records it. A call that another one came before reads
and decides again, a bounded number of times.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from componentize_py_types import Err
from wit_world.exports.policy import Policy
from wit_world.imports import store, types, wall_clock
from wit_world.imports.store import RecordId_Policy, RecordId_User, UserRecord

import events
import failures
import records
from records import Account, StoredPolicy, TicketList
from tickets import Tickets
from vault import Vault

T = TypeVar("T")


class Call:
    """What a decision sees and changes. What it changed, and only that, is committed."""

    def __init__(
        self, user: str, now: int, account: Account | None, tickets: Tickets, policies: dict[str, Policy]
    ) -> None:
        self.user = user
        self.now = now
        self.account = account
        self.tickets = tickets
        self.policies = policies
        self.events: list[events.Event] = []

    @property
    def vault(self) -> Vault:
        return self.tickets.vault

    def note(
        self, kind: events.Kind, companies: Sequence[str], actor: types.Actor | None = None
    ) -> None:
        self.events.append(events.event(kind, companies, actor))


def clock() -> int:
    """Reads the clock; a time before 1970 ends or past the year 9999 is that of a clock that fails."""
    now = wall_clock.now().seconds
    if not 1 <= now <= LAST_SECOND:
        raise failures.unavailable(types.Dependency.CLOCK)
    return now


def run(user: str, owners: Sequence[str], decide: Callable[[Call], T]) -> T:
    """Lets `decide` decide on the user's records and the policies of the owners, until its changes are committed.

    A decision that changes nothing and notes nothing is answered without a commit.
    """
    now = clock()
    ids: list[store.RecordId] = [RecordId_User(UserRecord.ACCOUNT), RecordId_User(UserRecord.TICKETS)]
    ids += [RecordId_Policy(owner) for owner in owners]
    for _ in range(TRIES):
        account, tickets, *policies = get(ids)
        vault = Vault(user, now, (version(account), version(tickets)))
        live = read(tickets, records.decode_tickets) or TicketList()
        call = Call(
            user,
            now,
            read(account, lambda it: records.decode(Account, it)),
            Tickets(live, vault, now),
            {
                owner: stored.policy
                for owner, it in zip(owners, policies)
                if (stored := read(it, _decode_policy)) is not None
            },
        )
        reply = decide(call)
        account_change = _replacement(
            ids[0], account, None if call.account is None else records.encode(call.account), None
        )
        is_empty = not live.live and not live.ended
        tickets_change = _replacement(
            ids[1],
            tickets,
            None if is_empty else records.encode_tickets(live),
            call.tickets.collectable_at(),
        )
        changed = any(isinstance(it, store.Change_Check) is False for it in (account_change, tickets_change))
        if not changed and not call.events:
            return reply
        if commit([account_change, tickets_change], call.events):
            return reply
    raise failures.Refused(types.Failure_Busy())


def replace_policy(
    company: str, decide: Callable[[StoredPolicy | None, int], tuple[StoredPolicy, list[events.Event]]]
) -> int:
    """Replaces a policy as `decide` has it, and returns the new revision."""
    now = clock()
    id = RecordId_Policy(company)
    for _ in range(TRIES):
        (stored,) = get([id])
        replaced, noted = decide(read(stored, _decode_policy), now)
        put = store.Put(id, version(stored), records.encode(replaced), None)
        if commit([store.Change_Put(put)], noted):
            return replaced.revision
    raise failures.Refused(types.Failure_Busy())


def read_policy(company: str) -> StoredPolicy | None:
    (stored,) = get([RecordId_Policy(company)])
    return read(stored, _decode_policy)


def get(ids: list[store.RecordId]) -> list[store.Versioned | None]:
    try:
        found = store.get(ids)
    except Err:
        raise failures.unavailable(types.Dependency.STORE) from None
    # A host that answers less or more than it was asked cannot be believed.
    if len(found) != len(ids):
        raise failures.unavailable(types.Dependency.STORE)
    return found


def commit(changes: list[store.Change], noted: list[events.Event]) -> bool:
    """Commits; false if another call came first."""
    try:
        store.commit(changes, noted)
    except Err as error:
        if isinstance(error.value, store.CommitFailure_Conflict):
            return False
        raise failures.unavailable(types.Dependency.STORE) from None
    return True


def version(stored: store.Versioned | None) -> int | None:
    return None if stored is None else stored.version


def read(stored: store.Versioned | None, decode: Callable[[bytes], T]) -> T | None:
    """Decodes a record, if there is one; one that cannot be read is a fault of the store."""
    if stored is None:
        return None
    try:
        if isinstance(stored.content, store.Content_Bytes):
            return decode(stored.content.value)
    except records.Unreadable:
        pass
    raise failures.unavailable(types.Dependency.STORE)


def _decode_policy(stored: bytes) -> StoredPolicy:
    return records.decode(StoredPolicy, stored)


def _replacement(
    id: store.RecordId, stored: store.Versioned | None, value: bytes | None, collectable_at: int | None
) -> store.Change:
    """Says what becomes of a record. One that stays is checked, so that the decision stands on what it read."""
    expected = version(stored)
    before = None if stored is None else stored.content.value
    if value == before:
        return store.Change_Check(store.Seen(id, expected))
    if value is None:
        return store.Change_Delete(store.Seen(id, expected))
    return store.Change_Put(store.Put(id, expected, value, collectable_at))


TRIES = 16
LAST_SECOND = 253_402_300_799
"""9999-12-31T23:59:59Z."""
