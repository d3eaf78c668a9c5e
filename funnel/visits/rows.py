"""A visit's row, read as a visit."""

from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, func, select

from funnel.people import Addresses, Contact
from funnel.quote import from_json
from funnel.store.tables import attempts, outbox, visits
from funnel.visits.attribution import Arrival
from funnel.visits.visit import Told, Visit

# Built once, for that takes longer than to run it; and one statement, for most pages ask for nothing more.
_CHARGED = exists().where(attempts.c.visit_id == visits.c.id)
_OWED = select(func.aggregate_strings(outbox.c.once, " ")).where(
    outbox.c.visit_id == visits.c.id, outbox.c.once.is_not(None)
)
_OF_ID = select(visits, (~_CHARGED).label("uncharged"), _OWED.scalar_subquery().label("owed")).where(
    visits.c.id == bindparam("visit")
)


def by_id(connection: Connection, visit_id: str) -> Visit | None:
    row = connection.execute(_OF_ID, {"visit": visit_id}).first()
    return _visit(row) if row else None


def told_of(kept: dict[str, Any] | None) -> Told | None:
    """What stands in the column of the same name."""
    return Told(Contact(**kept["contact"]), kept["sessionId"]) if kept else None


def _visit(row: Row[Any]) -> Visit:
    return Visit(
        id=row.id,
        arrival=Arrival(**row.arrival),
        session_id=row.session_id,
        order_id=row.order_id,
        contact=Contact(**row.contact) if row.contact else None,
        draft=Contact(**row.draft) if row.draft else None,
        told=told_of(row.told),
        addresses=Addresses(**row.addresses) if row.addresses else None,
        quote=from_json(row.quote) if row.quote else None,
        pixel=row.pixel,
        notice=row.notice,
        created_at=row.created_at,
        seen_at=row.seen_at,
        vouched_at=row.vouched_at,
        finished_at=row.finished_at,
        stored=True,
        uncharged=bool(row.uncharged),
        owed=frozenset((row.owed or "").split()),
    )
