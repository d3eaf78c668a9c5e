"""What nobody waits for: Confirm Order for who never saw the receipt, and the end of what was kept long enough."""

from typing import Any

from sqlalchemy import bindparam, delete, exists, select, update

from funnel.attempt import ORDER, UNRESOLVED
from funnel.attempt import State as Charge
from funnel.erasure import forget
from funnel.limits.floods import Floods
from funnel.limits.tries import MEMORY
from funnel.outbox.outbox import GIVE_UP_AFTER, Kind, Outbox, State
from funnel.settings import Timing
from funnel.store.store import Store
from funnel.store.tables import FORGOTTEN, attempts, outbox, visits

BATCH = 500  # rows changed in one transaction: shoppers write in between
LOOK_BACK = GIVE_UP_AFTER  # seconds a relay may have been away and still confirm what was charged meanwhile

# Built once: to build a statement takes longer than to run it.
_SOMEBODYS = exists().where(visits.c.id == attempts.c.visit_id, visits.c.seen_at > FORGOTTEN)
_CONFIRMED = exists().where(outbox.c.visit_id == attempts.c.visit_id, outbox.c.once == Kind.CONFIRM)
UNCONFIRMED = (
    select(attempts.c.visit_id)
    .where(
        attempts.c.state == Charge.CHARGED,
        attempts.c.slot == ORDER,
        attempts.c.settled_at > bindparam("since"),
        attempts.c.settled_at <= bindparam("until"),
        _SOMEBODYS,
        ~_CONFIRMED,
    )
    .limit(BATCH)
)
_ALIVE = exists().where(visits.c.id == outbox.c.visit_id, visits.c.seen_at > bindparam("ended"))
DONE_WITH = (
    select(outbox.c.id)
    .where(
        outbox.c.state.in_((State.DELIVERED, State.DROPPED)),
        outbox.c.due_at <= bindparam("before"),
        outbox.c.once.is_(None) | ~_ALIVE,
    )
    .limit(BATCH)
)
DISCARD = delete(outbox).where(outbox.c.id.in_(DONE_WITH.with_for_update(skip_locked=True)))
_UNSETTLED = exists().where(
    attempts.c.visit_id == visits.c.id, attempts.c.state.in_((Charge.CLAIMED, Charge.SENT, *UNRESOLVED))
)
_OWED = exists().where(outbox.c.visit_id == visits.c.id, outbox.c.state == State.OWED)
OUTLIVED = (
    select(visits.c.id)
    .where(visits.c.seen_at > FORGOTTEN, visits.c.seen_at <= bindparam("before"), ~_UNSETTLED, ~_OWED)
    .order_by(visits.c.seen_at)
    .limit(BATCH)
)
OUTLIVED_AND_FREE = OUTLIVED.with_for_update(skip_locked=True)

COUNTED = (
    select(attempts.c.key)
    .where(attempts.c.address.is_not(None), attempts.c.created_at <= bindparam("before"))
    .limit(BATCH)
)
FREED = update(attempts).where(attempts.c.key.in_(COUNTED)).values(address=None, network=None)


class Housekeeping:
    """Any number of relays may run it at once. Where nothing is to be done it reads some indexes."""

    def __init__(self, *, store: Store, outbox: Outbox, floods: Floods, timing: Timing, confirm_order: bool) -> None:
        self._store = store
        self._floods = floods
        self._outbox = outbox
        self._timing = timing
        self._confirm_order = confirm_order

    def run(self) -> None:
        """At most one batch of each; what is left is for the next time."""
        if self._confirm_order:
            self._confirm()
        self._discard()
        self._forget()
        self._free()
        self._floods.forget()

    def _confirm(self) -> None:
        """A receipt that is seen owes Confirm Order at once; this is for those who closed the page before."""
        until = self._store.clock() - self._timing.confirm_after
        with self._store.read() as connection:
            unseen = connection.execute(UNCONFIRMED, {"since": until - LOOK_BACK, "until": until}).scalars().all()
        if unseen:
            with self._store.write() as connection:
                for visit_id in unseen:
                    self._outbox.owe_confirm(connection, visit_id)

    def _discard(self) -> None:
        """A call that is owed once stays as long as it could be owed again: by a visit that lives, or by a charge."""
        now = self._store.clock()
        kept = max(self._timing.delivered_kept, self._timing.confirm_after + LOOK_BACK)
        which = {"before": now - kept, "ended": now - self._timing.visit_life}
        if self._finds(DONE_WITH, which):
            with self._store.write() as connection:
                connection.execute(DISCARD, which)

    def _forget(self) -> None:
        which = {"before": self._store.clock() - max(self._timing.visits_kept, self._timing.visit_life)}
        if self._finds(OUTLIVED, which):
            with self._store.write() as connection:
                forget(connection, connection.execute(OUTLIVED_AND_FREE, which).scalars().all())

    def _free(self) -> None:
        """Where a card was tried from is kept as long as it counts, and no longer."""
        which = {"before": self._store.clock() - MEMORY}
        if self._finds(COUNTED, which):
            with self._store.write() as connection:
                connection.execute(FREED, which)

    def _finds(self, statement: Any, which: dict[str, float]) -> bool:
        with self._store.read() as connection:
            return connection.execute(statement, which).first() is not None
