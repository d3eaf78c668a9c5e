"""CRM calls that are owed: durable, in order per visit, leased to one deliverer at a time."""

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Float, Row, Update, bindparam, exists, func, select, update

from funnel.store.store import Store, insert_new
from funnel.store.tables import breaker, outbox

FIRST_PAUSE = 2.0  # seconds after the first failure; doubled with each further one
LONGEST_PAUSE = 300.0
GIVE_UP_AFTER = 72 * 3600.0  # seconds after which a call that never got through is parked
LONGEST_HOLD = 60.0  # seconds a call that fails, with the CRM up, holds back the visit's calls of another kind
LEASE_MARGIN = 15.0  # seconds a lease outlives its deadline, for a machine that is slow
LEASE_BYTES = 8
HASTE = 10  # seconds over which calls that were put off are spread once the CRM is back
LONGEST_ERROR = 300  # characters of a reason kept for the operator


class Kind(StrEnum):
    CLICK = "click"
    LEAD = "lead"
    CONFIRM = "confirm"
    COUPON = "coupon"


class State(StrEnum):
    OWED = "OWED"
    DELIVERED = "DELIVERED"
    PARKED = "PARKED"
    DROPPED = "DROPPED"  # by an operator; its row stays for a while, so that it is not owed once more


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


Learn = Callable[[Connection], None]


def nothing(_connection: Connection) -> None:
    """Most answers tell nothing that has to be kept."""


# Built once: to build a statement takes longer than to run it.
_IDS = select(outbox.c.id)
_OF_VISIT = outbox.c.visit_id == bindparam("visit")
_OF_KIND = (outbox.c.state == State.OWED) & (outbox.c.kind == bindparam("of_kind"))
_FREE = outbox.c.lease_until <= bindparam("now")
_DUE = (outbox.c.state == State.OWED) & (outbox.c.due_at <= bindparam("now"))
_EARLIER = outbox.alias()
_CRM_IS_OR_WAS_DOWN = exists().where(breaker.c.down_since.is_not(None) | (breaker.c.back_at > bindparam("since")))
_WAITS = exists().where(
    _EARLIER.c.visit_id == outbox.c.visit_id,
    _EARLIER.c.state == State.OWED,
    _EARLIER.c.id < outbox.c.id,
    (_EARLIER.c.kind == outbox.c.kind) | (_EARLIER.c.created_at > bindparam("since")) | _CRM_IS_OR_WAS_DOWN,
)
_LEASING = update(outbox).returning(*outbox.c)
OWED = _IDS.where(_OF_VISIT, _OF_KIND)
WAITING = OWED.where(_FREE)
LAST_DUE = select(func.max(outbox.c.due_at)).where(_OF_VISIT, outbox.c.kind == bindparam("of_kind"))
HEADS = _IDS.where(_DUE, _FREE, ~_WAITS).order_by(outbox.c.due_at, outbox.c.id).limit(bindparam("most"))
LEASE_HEADS = _LEASING.where(outbox.c.id.in_(HEADS.with_for_update(skip_locked=True)))
LEASE_OLDEST = _LEASING.where(outbox.c.id.in_(OWED.order_by(outbox.c.id).limit(1).with_for_update()), _FREE)
SOON: ColumnElement[float] = bindparam("now", type_=Float) + outbox.c.id % HASTE
HASTEN = update(outbox).where(outbox.c.state == State.OWED, outbox.c.due_at > SOON).values(due_at=SOON)
MINE = update(outbox).where(outbox.c.id == bindparam("held_id"), outbox.c.lease == bindparam("held"))


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
        due_at: float | None = None,
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
            due_at=max(now, due_at or now),
        )

    def owe_lead(self, connection: Connection, visit_id: str, *, apart: float = 0.0) -> None:
        """A lead that is still waiting will carry the newest facts, so it is owed only once at a time.

        The relay sends it no earlier than `apart` seconds after the visit's lead before.
        """
        waiting = {"visit": visit_id, "of_kind": Kind.LEAD, "now": self._store.clock()}
        if connection.execute(WAITING, waiting).first() is None:
            before = connection.execute(LAST_DUE, waiting).scalar()
            self.owe(connection, visit_id, Kind.LEAD, due_at=before and before + apart)

    def owe_confirm(self, connection: Connection, visit_id: str) -> bool:
        """Confirm Order is owed once in a visit. True when it is new."""
        return self.owe(connection, visit_id, Kind.CONFIRM, once=Kind.CONFIRM)

    def owes(self, visit_id: str, kind: Kind) -> bool:
        with self._store.read() as connection:
            return connection.execute(OWED, {"visit": visit_id, "of_kind": kind}).first() is not None

    def lease_due(self, *, limit: int, seconds: float) -> list[Owed]:
        """What may be delivered now: for each visit the oldest call it owes, if it is due and nobody's."""
        now = self._store.clock()
        due = {"now": now, "since": now - LONGEST_HOLD, "most": limit}
        with self._store.read() as connection:
            if connection.execute(HEADS, due).first() is None:
                return []
        return self._lease(LEASE_HEADS, seconds, **due)

    def lease_one(self, visit_id: str, kind: Kind, *, seconds: float) -> Owed | None:
        """The oldest call of this kind that the visit owes, due or not, unless it is leased or there is none."""
        leased = self._lease(LEASE_OLDEST, seconds, visit=visit_id, of_kind=kind, now=self._store.clock())
        return leased[0] if leased else None

    def delivered(self, owed: Owed, learn: Learn = nothing) -> None:
        """`learn` writes what the answer told, in the same transaction."""
        self._settle(owed, learn, state=State.DELIVERED, last_error=None)

    def put_off(self, owed: Owed, error: str) -> None:
        """Try again after a pause that grows; after three days it is parked where people can see it."""
        now = self._store.clock()
        if now - owed.created_at > GIVE_UP_AFTER:
            self.park(owed, error)
            return
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(owed.tries, 16)) * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, no secret
        self._settle(owed, tries=owed.tries + 1, due_at=now + pause, lease_until=0.0, last_error=error[:LONGEST_ERROR])

    def hasten(self, connection: Connection) -> None:
        """The CRM is back: whatever was put off is due soon, but not all of it at once."""
        connection.execute(HASTEN, {"now": self._store.clock()})

    def park(self, owed: Owed, error: str) -> None:
        self._settle(owed, state=State.PARKED, tries=owed.tries + 1, last_error=error[:LONGEST_ERROR])

    def _lease(self, taking: Update, seconds: float, **which: Any) -> list[Owed]:
        now = self._store.clock()  # due_at becomes the time it was taken, for what has to come some time after it
        values = {"lease": secrets.token_hex(LEASE_BYTES), "lease_until": now + seconds, "due_at": now}
        with self._store.write() as connection:
            rows = connection.execute(taking, which | values)
            return sorted((_from_row(row) for row in rows), key=lambda owed: owed.id)

    def _settle(self, owed: Owed, learn: Learn = nothing, **values: Any) -> None:
        """A holder whose lease was taken over leaves the row alone; what it learnt is kept."""

        def settle(connection: Connection) -> None:
            learn(connection)
            connection.execute(MINE, {"held_id": owed.id, "held": owed.lease} | values)

        self._store.write_together(settle)


def _from_row(row: Row[Any]) -> Owed:
    return Owed(row.id, row.visit_id, Kind(row.kind), row.page_type, row.created_at, row.tries, row.lease)
