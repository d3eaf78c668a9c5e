"""The journal of charges: the one way an attempt's state changes, and a log line for each change that is committed."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select, update

from funnel.attempt import By, State
from funnel.store.store import Store, insert_new
from funnel.store.tables import attempts

log = logging.getLogger("funnel.attempts")
log.setLevel(logging.INFO)  # it is the trail an audit asks for: no LOG_LEVEL silences it

TOLD = ("key", "visit_id", "slot", "order_id", "state")
# Built once: to build a statement takes longer than to run it.
CHANGE = update(attempts).where(attempts.c.key == bindparam("of"), attempts.c.state == bindparam("was"))


def moving(*conditions: ColumnElement[bool]) -> Select[Any]:
    """The attempts that fit, in an order, so that two who lock several do not wait for each other; for `move`."""
    looked_at = select(*(attempts.c[name] for name in TOLD)).where(*conditions)
    return looked_at.order_by(attempts.c.key).with_for_update()


class Entries:
    """The changes of one transaction. `connection` is for what belongs to it beside them."""

    def __init__(self, connection: Connection, by: By) -> None:
        self.connection = connection
        self._by = by
        self._lines: list[dict[str, Any]] = []

    def add(self, **values: Any) -> bool:
        """A new attempt, unless a unique one stands in its way; True when it was added."""
        added = insert_new(self.connection, attempts, **values)
        if added:
            self._note({"order_id": None} | values, None, values)
        return added

    def move(self, which: Select[Any], of: Mapping[str, Any], values: Mapping[str, Any]) -> int:
        """Change those that fit, which are locked before; how many that were."""
        found = self.connection.execute(which, of).all()
        for row in found:
            self.connection.execute(CHANGE.values(**values), {"of": row.key, "was": row.state})
            if values.get("state", row.state) != row.state:
                self._note(row._asdict(), row.state, values)
        return len(found)

    def tell(self) -> None:
        for line in self._lines:
            log.info("attempt", extra=line)

    def _note(self, attempt: Mapping[str, Any], was: str | None, values: Mapping[str, Any]) -> None:
        reason = values.get("reason")
        self._lines.append(
            {
                "attempt": attempt["key"],
                "visit": attempt["visit_id"],
                "slot": attempt["slot"],
                "order": values.get("order_id", attempt["order_id"]),
                "from": was,
                "to": str(State(values["state"])),
                "reason": str(reason) if reason else None,
                "by": str(self._by),
            }
        )


class Journal:
    """Opens the transactions in which attempts change."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @contextmanager
    def open(self, by: By) -> Iterator[Entries]:
        """One transaction, on the disk when the block ends; its changes are told then, and of a failed one nothing."""
        with self._store.durable() as connection:
            entries = Entries(connection, by)
            yield entries
        entries.tell()
