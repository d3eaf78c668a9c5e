"""Owed calls as the operator sees them: what is owed and what is parked, to be retried or dropped."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, exists, select, update

from funnel.outbox.outbox import Kind, State
from funnel.store.store import Store
from funnel.store.tables import FORGOTTEN, outbox, visits

STANDING = (State.OWED, State.PARKED)

# Built once: to build a statement takes longer than to run it.
_THESE = outbox.c.id.in_(bindparam("these", expanding=True))
_SOMEBODYS = exists().where(visits.c.id == outbox.c.visit_id, visits.c.seen_at > FORGOTTEN)
_RETRYABLE = (outbox.c.state == State.PARKED) & _SOMEBODYS
_IN_STATES = outbox.c.state.in_(bindparam("states", expanding=True))
LISTED = select(outbox).where(_IN_STATES).order_by(outbox.c.created_at, outbox.c.id)
STANDING_OF_THESE = LISTED.where(_THESE)
TO_RETRY = select(outbox.c.id).where(_THESE, _RETRYABLE).with_for_update()
TO_DROP = select(outbox.c.id).where(_THESE, outbox.c.state.in_(STANDING)).with_for_update()
RETRY_ALL = update(outbox).where(_RETRYABLE)
CHANGE_THESE = update(outbox).where(_THESE)


@dataclass(frozen=True)
class Entry:
    """One call that is owed or parked; seconds. It names neither the shopper nor the visit."""

    id: int
    kind: Kind
    page_type: str | None
    state: State
    tries: int
    age: float
    due_in: float
    under_way: bool
    last_error: str | None


class Backlog:
    """All of the calls that are asked for are changed, or none of them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def entries(self, *, states: Collection[State] = STANDING) -> list[Entry]:
        """Oldest first."""
        return self._read(LISTED, states=states)

    def these(self, ids: Collection[int]) -> list[Entry]:
        return self._read(STANDING_OF_THESE, states=STANDING, these=ids)

    def retry(self, ids: Collection[int]) -> list[int]:
        """Owe parked calls as if they were new. The ids that stand in the way: not parked, or nobody's any more."""
        return self._change(TO_RETRY, ids, self._afresh())

    def retry_all(self) -> int:
        """How many parked calls are owed again."""
        with self._store.write() as connection:
            return connection.execute(RETRY_ALL.values(self._afresh())).rowcount

    def drop(self, ids: Collection[int]) -> list[int]:
        """Give calls up for good. The ids that stand in the way: neither owed nor parked."""
        now = self._store.clock()
        # Without a lease, who is just making the call cannot change the row any more.
        return self._change(TO_DROP, ids, {"state": State.DROPPED, "lease": None, "due_at": now})

    def _afresh(self) -> dict[str, Any]:
        now = self._store.clock()
        return {"state": State.OWED, "created_at": now, "due_at": now, "tries": 0, "lease": None, "lease_until": 0.0}

    def _change(self, those: Any, ids: Collection[int], values: dict[str, Any]) -> list[int]:
        with self._store.write() as connection:
            found = connection.execute(those, {"these": list(ids)}).scalars().all()
            if missing := sorted(set(ids) - set(found)):
                return missing
            connection.execute(CHANGE_THESE.values(values), {"these": found})
            return []

    def _read(self, statement: Any, **which: Sequence[Any] | Collection[Any]) -> list[Entry]:
        now = self._store.clock()
        with self._store.read() as connection:
            rows = connection.execute(statement, {name: list(values) for name, values in which.items()})
            return [_entry(row, now) for row in rows]


def _entry(row: Row[Any], now: float) -> Entry:
    return Entry(
        id=row.id,
        kind=Kind(row.kind),
        page_type=row.page_type,
        state=State(row.state),
        tries=row.tries,
        age=now - row.created_at,
        due_in=max(0.0, row.due_at - now),
        under_way=row.state == State.OWED and row.lease_until > now,
        last_error=row.last_error,
    )
