"""How many forms one address, and one network, have sent lately, counted in the store for all processes."""

from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from funnel.limits.origin import Origin
from funnel.store.store import Store, insert_of
from funnel.store.tables import tallies

WINDOW = 900.0  # seconds: "Wait 15 minutes"
NEIGHBOURS = 5  # a network may send as many forms as so many addresses
BATCH = 500  # rows deleted in one transaction

OVER = select(tallies.c.who).where(tallies.c.ends_at <= bindparam("now")).limit(BATCH)
DISCARD = delete(tallies).where(tallies.c.ends_at <= bindparam("now"), tallies.c.who.in_(OVER))


class Floods:
    def __init__(self, store: Store, *, limit: int) -> None:
        self._store = store
        self._limit = limit

    def counts(self, origin: Origin) -> bool:
        """Count one form more; whether that is too many. One small write, and none where nobody can be told apart."""
        if origin.address is None or origin.network is None:
            return False
        ends_at = (self._store.clock() // WINDOW + 1) * WINDOW
        with self._store.write() as connection:
            # The network first, everywhere: two who lock the same rows in another order would wait for each other.
            network = _count(connection, origin.network, ends_at)
            address = _count(connection, origin.address, ends_at)
        return address > self._limit or network > self._limit * NEIGHBOURS

    def forget(self) -> None:
        """What is over; one batch at most."""
        now = {"now": self._store.clock()}
        with self._store.read() as connection:
            found = connection.execute(OVER, now).first()
        if found:
            with self._store.write() as connection:
                connection.execute(DISCARD, now)


def _count(connection: Connection, who: str, ends_at: float) -> int:
    counted = connection.execute(_one_more(connection.dialect.name), {"who": who, "ends_at": ends_at, "count": 1})
    return int(counted.scalar_one())


@cache
def _one_more(dialect: str) -> Any:
    more = insert_of(dialect)(tallies).on_conflict_do_update(
        index_elements=[tallies.c.who, tallies.c.ends_at], set_={"count": tallies.c.count + 1}
    )
    return more.returning(tallies.c.count)
