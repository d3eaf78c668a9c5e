"""CRM calls that are owed: durable, in order per visit, leased to one deliverer at a time."""

import random
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, select, update

from funnel.store import Store, insert_new, outbox

FIRST_PAUSE = 2.0  # seconds after the first failure; doubled with each further one
LONGEST_PAUSE = 300.0
PATIENCE = 72 * 3600.0  # seconds after which a call that never got through is parked
LONGEST_HOLD = 60.0  # seconds a call that fails holds back the visit's calls of another kind
LEASE_MARGIN = 15.0  # seconds a lease outlives its deadline, for a machine that is slow
LEASE_BYTES = 8
LONGEST_ERROR = 300  # characters of a reason kept for the operator


class Kind(StrEnum):
    CLICK = "click"
    LEAD = "lead"
    CONFIRM = "confirm"


class State(StrEnum):
    OWED = "OWED"
    DELIVERED = "DELIVERED"
    PARKED = "PARKED"


@dataclass(frozen=True)
class Owed:
    """One call to make. It holds nobody's data: who the shopper is stands in the visit, newest facts first."""

    id: int
    visit_id: str
    kind: Kind
    page_type: str | None
    created_at: float
    tries: int
    lease: str


class Outbox:
    """Rows are owed in the caller's transaction, then leased, then delivered, put off or parked."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def owe(
        self,
        connection: Connection,
        visit_id: str,
        kind: Kind,
        *,
        page_type: str | None = None,
        once: str | None = None,
    ) -> bool:
        """Write down a call to make; with `once` at most one such in a visit, ever. True when it is new."""
        now = self._store.clock()
        return insert_new(
            connection,
            outbox,
            visit_id=visit_id,
            kind=kind,
            page_type=page_type,
            once=once,
            state=State.OWED,
            created_at=now,
            due_at=now,
        )

    def owe_lead(self, connection: Connection, visit_id: str) -> None:
        """A lead that is still waiting will carry the newest facts, so it is owed only once at a time."""
        waiting = select(outbox.c.id).where(_owed(visit_id, Kind.LEAD), self._free())
        if connection.execute(waiting).first() is None:
            self.owe(connection, visit_id, Kind.LEAD)

    def has(self, visit_id: str, once: str) -> bool:
        """Whether this one was ever owed."""
        known = select(outbox.c.id).where(outbox.c.visit_id == visit_id, outbox.c.once == once)
        with self._store.read() as connection:
            return connection.execute(known).first() is not None

    def owes(self, visit_id: str, kind: Kind) -> bool:
        with self._store.read() as connection:
            return connection.execute(select(outbox.c.id).where(_owed(visit_id, kind))).first() is not None

    def lease_due(self, *, limit: int, seconds: float) -> list[Owed]:
        """What may be delivered now: for each visit the oldest call it owes, if it is due and nobody's."""
        earlier = outbox.alias()
        holds = (earlier.c.kind == outbox.c.kind) | (earlier.c.created_at > self._store.clock() - LONGEST_HOLD)
        waits = exists().where(
            earlier.c.visit_id == outbox.c.visit_id, earlier.c.state == State.OWED, earlier.c.id < outbox.c.id, holds
        )
        due = (outbox.c.state == State.OWED) & (outbox.c.due_at <= self._store.clock())
        heads = select(outbox.c.id).where(due, self._free(), ~waits).order_by(outbox.c.due_at, outbox.c.id).limit(limit)
        with self._store.read() as connection:
            if connection.execute(heads).first() is None:
                return []
        return self._lease(outbox.c.id.in_(heads.with_for_update(skip_locked=True)), seconds)

    def lease_one(self, visit_id: str, kind: Kind, *, seconds: float) -> Owed | None:
        """The oldest call of this kind that the visit owes, due or not, unless it is leased or there is none."""
        oldest = select(outbox.c.id).where(_owed(visit_id, kind)).order_by(outbox.c.id).limit(1)
        leased = self._lease(outbox.c.id.in_(oldest.with_for_update()) & self._free(), seconds)
        return leased[0] if leased else None

    def delivered(self, owed: Owed) -> None:
        self._settle(owed, state=State.DELIVERED, last_error=None)

    def put_off(self, owed: Owed, error: str) -> None:
        """Try again after a pause that grows; after three days it is parked where people can see it."""
        now = self._store.clock()
        if now - owed.created_at > PATIENCE:
            self.park(owed, error)
            return
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(owed.tries, 16)) * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, no secret
        self._settle(owed, tries=owed.tries + 1, due_at=now + pause, lease_until=0.0, last_error=error[:LONGEST_ERROR])

    def park(self, owed: Owed, error: str) -> None:
        self._settle(owed, state=State.PARKED, tries=owed.tries + 1, last_error=error[:LONGEST_ERROR])

    def _lease(self, which: ColumnElement[bool], seconds: float) -> list[Owed]:
        lease = secrets.token_hex(LEASE_BYTES)
        until = self._store.clock() + seconds
        taking = update(outbox).where(which).values(lease=lease, lease_until=until).returning(*outbox.c)
        with self._store.write() as connection:
            return sorted((_from_row(row) for row in connection.execute(taking)), key=lambda owed: owed.id)

    def _settle(self, owed: Owed, **values: Any) -> None:
        """Only the holder of the lease settles; one whose lease was taken over changes nothing."""
        mine = (outbox.c.id == owed.id) & (outbox.c.lease == owed.lease)
        with self._store.write() as connection:
            connection.execute(update(outbox).where(mine).values(values))

    def _free(self) -> ColumnElement[bool]:
        return outbox.c.lease_until <= self._store.clock()


def _owed(visit_id: str, kind: Kind) -> ColumnElement[bool]:
    return (outbox.c.visit_id == visit_id) & (outbox.c.state == State.OWED) & (outbox.c.kind == kind)


def _from_row(row: Row[Any]) -> Owed:
    return Owed(row.id, row.visit_id, Kind(row.kind), row.page_type, row.created_at, row.tries, row.lease)
