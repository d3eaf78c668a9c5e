"""The offers that a shopper has said no thanks to."""

from sqlalchemy import bindparam, delete, select

from funnel.store.store import Store, insert_new
from funnel.store.tables import refusals

# Built once: to build a statement takes longer than to run it.
OF_VISIT = select(refusals.c.slot).where(refusals.c.visit_id == bindparam("visit"))
TAKE_BACK = delete(refusals).where(refusals.c.visit_id == bindparam("visit"), refusals.c.slot == bindparam("of"))


class Refusals:
    """Every change is committed before the method returns."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, visit_id: str, slot: str) -> None:
        """The shopper said no thanks; saying it twice changes nothing."""
        with self._store.write() as connection:
            insert_new(connection, refusals, visit_id=visit_id, slot=slot)

    def take_back(self, visit_id: str, slot: str) -> None:
        """The shopper may be asked again."""
        with self._store.write() as connection:
            connection.execute(TAKE_BACK, {"visit": visit_id, "of": slot})

    def of_visit(self, visit_id: str) -> frozenset[str]:
        """The slots."""
        with self._store.read() as connection:
            return frozenset(connection.execute(OF_VISIT, {"visit": visit_id}).scalars())
