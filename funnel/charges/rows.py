"""The rows of the ledger, read as attempts, oldest first."""

from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select

from funnel.attempt import UNRESOLVED, Attempt, Away, AwayKind, PaySource, Reason, State, Totals
from funnel.basket import Basket
from funnel.store.tables import attempts

# Built once: to build a statement takes longer than to run it.
_TOUCHED = select(attempts.c.order_id).where(attempts.c.sent_at >= bindparam("since"), attempts.c.order_id.is_not(None))
_OLDEST_FIRST = select(attempts).order_by(attempts.c.created_at)
BY_KEY = _OLDEST_FIRST.where(attempts.c.key == bindparam("key"))
OF_VISIT = _OLDEST_FIRST.where(attempts.c.visit_id == bindparam("visit"))
OF_ORDERS_SINCE = _OLDEST_FIRST.where(attempts.c.order_id.in_(_TOUCHED))
NOT_KNOWN_YET = _OLDEST_FIRST.where(attempts.c.state.in_((*UNRESOLVED, State.SENT, State.CLAIMED)))


def by_key(connection: Connection, key: str) -> Attempt | None:
    return next(iter(rows(connection, BY_KEY, key=key)), None)


def rows(connection: Connection, which: Select[Any], **values: Any) -> list[Attempt]:
    return [from_row(row) for row in connection.execute(which, values)]


def from_row(row: Row[Any]) -> Attempt:
    return Attempt(
        key=row.key,
        visit_id=row.visit_id,
        slot=row.slot,
        state=State(row.state),
        basket=Basket.model_validate(row.basket) if row.basket else None,
        baseline=row.baseline,
        order_id=row.order_id,
        created_at=row.created_at,
        lease_until=row.lease_until,
        sent_at=row.sent_at,
        settle_at=row.settle_at,
        asked=row.asked,
        reason=Reason(row.reason) if row.reason else None,
        fields=tuple(row.fields or ()),
        totals=Totals(**row.totals) if row.totals else None,
        pay_source=PaySource(row.pay_source),
        away=Away(AwayKind(row.away["kind"]), row.away["target"]) if row.away else None,
    )
