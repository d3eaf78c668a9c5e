"""What the signed cookie remembers of a visit; the only file that names session keys."""

from collections.abc import MutableMapping
from typing import Any

from funnel.visits.attribution import Arrival
from funnel.visits.visit import Visit

# The only names in the cookie session, beside the CSRF token. Ids are write-once, so that parallel
# requests, whose cookies overwrite each other, cannot undo anything.
VISIT, SESSION_ID, ORDER_ID = "visit", "sessionId", "orderId"
# An orderId that Import Lead gave while the store was away: without a row no charge was ever claimed for it.
LEAD_ORDER_ID = "leadOrderId"


class Cookie:
    """Our part of Flask's signed cookie session, typed."""

    def __init__(self, session: MutableMapping[str, Any]) -> None:
        self._session = session

    @property
    def visit_id(self) -> str | None:
        return self._text(VISIT)

    @property
    def session_id(self) -> str | None:
        return self._text(SESSION_ID)

    @property
    def order_id(self) -> str | None:
        return self._text(ORDER_ID)

    @property
    def lead_order_id(self) -> str | None:
        return self._text(LEAD_ORDER_ID)

    def visit(self, arrival: Arrival) -> Visit | None:
        """What the cookie alone knows, as for a visit whose row the store has lost."""
        if self.visit_id is None:
            return None
        return Visit(self.visit_id, arrival, session_id=self.session_id, order_id=self.order_id or self.lead_order_id)

    def remember(self, visit: Visit) -> None:
        """Writes only what is new, for a session that is written is a cookie that is sent.

        The ids of another visit go: its order must never pass for this one's.
        """
        if self.visit_id != visit.id:
            self.forget()
        order = ORDER_ID if visit.stored else LEAD_ORDER_ID
        for key, value in ((VISIT, visit.id), (SESSION_ID, visit.session_id), (order, visit.order_id)):
            if value and self._session.get(key) != value:
                self._session[key] = value
        if visit.stored:
            self._drop(LEAD_ORDER_ID)

    def forget(self) -> None:
        for key in (VISIT, SESSION_ID, ORDER_ID, LEAD_ORDER_ID):
            self._drop(key)

    def _drop(self, key: str) -> None:
        if key in self._session:
            del self._session[key]

    def _text(self, key: str) -> str | None:
        value = self._session.get(key)
        return value if isinstance(value, str) else None
