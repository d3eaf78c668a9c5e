"""Our books: what the database says of charges, read from outside the funnel's processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conftest import eventually
from sqlalchemy import Row, Select, select

from funnel.attempt import State
from funnel.store.store import Store
from funnel.store.tables import attempts, visits

SETTLED_WITHIN = 120.0  # seconds: leases of what was killed, quiet time, and a busy machine


@dataclass(frozen=True)
class Entry:
    """One attempt as our books hold it, and whose it is. Times are seconds since the epoch."""

    email: str
    slot: str
    state: State
    order_id: str | None
    product_id: int | None
    product: str | None
    created_at: float
    sent_at: float | None
    settled_at: float | None


class Books:
    """What the database says, read from outside the funnel's processes."""

    def __init__(self, url: str) -> None:
        self._store = Store(url)

    def entries(self) -> list[Entry]:
        joined = select(attempts, visits.c.contact).join(visits, visits.c.id == attempts.c.visit_id)
        with self._store.read() as connection:
            return [
                Entry(
                    email=(row.contact or {}).get("emailAddress", ""),
                    slot=row.slot,
                    state=State(row.state),
                    order_id=row.order_id,
                    product_id=_first_line(row).get("productId"),
                    product=_first_line(row).get("name"),
                    created_at=row.created_at,
                    sent_at=row.sent_at,
                    settled_at=row.settled_at,
                )
                for row in connection.execute(joined.order_by(attempts.c.created_at))
            ]

    def states(self, email: str) -> list[State]:
        """Of a shopper's attempts, oldest first."""
        return [entry.state for entry in self.entries() if entry.email == email]

    def order_ids(self) -> dict[str, str]:
        """The orderId of each shopper, by e-mail address."""
        with self._store.read() as connection:
            rows = connection.execute(select(visits.c.contact, visits.c.order_id).where(visits.c.order_id.is_not(None)))
            return {(row.contact or {}).get("emailAddress", ""): row.order_id for row in rows}

    def rows(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        with self._store.read() as connection:
            return connection.execute(statement).all()

    def settle(self) -> None:
        """Wait until every attempt has ended; what has not by then is for the caller to find."""
        eventually(lambda: not any(entry.state.in_flight for entry in self.entries()), within=SETTLED_WITHIN)

    def close(self) -> None:
        self._store.close()


def _first_line(row: Row[Any]) -> dict[str, Any]:
    """Of the basket; nothing where it is not known."""
    lines: list[dict[str, Any]] = (row.basket or {}).get("lines") or [{}]
    return lines[0]
