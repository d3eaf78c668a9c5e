"""The visits in the store: begun, recalled by their cookie, and what is learnt of each."""

import secrets
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, Update, bindparam, or_, select, update
from sqlalchemy.exc import IntegrityError

from funnel.attempt import UNRESOLVED, State
from funnel.people import Addresses, Contact
from funnel.quote import Discount, Quote, as_json, from_json
from funnel.store.store import Store, insert_new
from funnel.store.tables import FORGOTTEN, attempts, visits
from funnel.visits.attribution import Arrival
from funnel.visits.cookie import Cookie
from funnel.visits.rows import by_id, told_of
from funnel.visits.visit import Told, Visit

ID_BYTES = 16  # 128 random bits

# Built once: to build a statement takes longer than to run it.
_TO_BE_TOLD = select(attempts.c.key).where(
    attempts.c.visit_id == bindparam("visit"),
    or_(attempts.c.state.in_((State.CLAIMED, State.SENT, *UNRESOLVED)), attempts.c.settled_at > bindparam("since")),
)
_WITHOUT_SESSION = (
    update(visits).where(visits.c.id == bindparam("visit"), visits.c.session_id.is_(None)).returning(visits.c.told)
)


class Visits:
    """The visits in the store. Every change is one statement or part of the caller's transaction.

    Of a visit that is forgotten nothing is learnt but ids, so that a call under way brings no person back. A visit ends
    `life` seconds after its last page and, whatever its pages, `limit` seconds after its first.
    """

    def __init__(self, store: Store, *, life: float, limit: float) -> None:
        self._store = store
        self._life = life
        self._limit = limit

    def begin(self, arrival: Arrival) -> Visit:
        return Visit(secrets.token_urlsafe(ID_BYTES), arrival)

    def recall(self, cookie: Cookie, arrival: Callable[[], Arrival]) -> Visit | None:
        """The visit of this cookie; None without one, or when it has ended.

        A row that the store has lost is remade from the ids in the cookie.
        """
        if cookie.visit_id is None:
            return None
        visit = self.find(cookie.visit_id)
        if visit is None:
            return cookie.visit(arrival())
        if visit.seen_at + self._life <= self._store.clock():
            return None
        return visit if not self.is_over(visit) or self._has_to_be_told(visit.id) else None

    def is_over(self, visit: Visit) -> bool:
        """Whether its time is up: it lives on only while its shopper has to be told what became of a charge."""
        return visit.stored and visit.created_at + self._limit <= self._store.clock()

    def _has_to_be_told(self, visit_id: str) -> bool:
        """Of a charge without an outcome, or with one that is no older than an idle visit may be."""
        with self._store.read() as connection:
            which = {"visit": visit_id, "since": self._store.clock() - self._life}
            return connection.execute(_TO_BE_TOLD, which).first() is not None

    def find(self, visit_id: str) -> Visit | None:
        with self._store.read() as connection:
            return by_id(connection, visit_id)

    def keep(self, connection: Connection, visit: Visit) -> Visit:
        """Give the visit its row, if it has none yet."""
        if visit.stored:
            return visit
        now = self._store.clock()
        kept = replace(visit, stored=True, created_at=now, seen_at=now)
        if self._insert(connection, kept):
            return kept
        if known := by_id(connection, visit.id):
            return known
        # The orderId in the cookie has become another visit's meanwhile, so it is no longer this one's.
        kept = replace(kept, order_id=None)
        self._insert(connection, kept)
        return kept

    def _insert(self, connection: Connection, visit: Visit) -> bool:
        return insert_new(
            connection,
            visits,
            id=visit.id,
            created_at=visit.created_at,
            seen_at=visit.seen_at,
            session_id=visit.session_id,
            order_id=visit.order_id,
            arrival=asdict(visit.arrival),
        )

    def seen(self, visit: Visit) -> None:
        self._change(visit.id, seen_at=self._store.clock())

    def learn_contact(self, connection: Connection, visit_id: str, contact: Contact) -> None:
        """The lead takes its draft's place."""
        connection.execute(_remembered(visit_id).values(contact=asdict(contact), draft=None))

    def learn_draft(self, connection: Connection, visit_id: str, draft: Contact) -> bool:
        """False where the lead is known, be it for a moment only, or the store has no such visit."""
        unknown_still = _remembered(visit_id).where(visits.c.contact.is_(None))
        return connection.execute(unknown_still.values(draft=asdict(draft))).rowcount == 1

    def learn_addresses(self, connection: Connection, visit_id: str, addresses: Addresses) -> None:
        connection.execute(_remembered(visit_id).values(addresses=asdict(addresses)))

    def learn_quote(self, connection: Connection, visit_id: str, quote: Quote) -> None:
        connection.execute(_remembered(visit_id).values(quote=as_json(quote)))

    def learn_discount(self, visit_id: str, asked: Quote, discount: Discount) -> None:
        """Unless the shopper has chosen otherwise meanwhile."""
        with self._store.write() as connection:
            row = connection.execute(select(visits.c.quote).where(visits.c.id == visit_id).with_for_update()).first()
            if row and row.quote and from_json(row.quote) == asked:
                self.learn_quote(connection, visit_id, replace(asked, discount=discount))

    def learn_pixel(self, visit_id: str, pixel: str) -> None:
        """Markup of the CRM's fraud check, for the checkout page."""
        self._change(visit_id, pixel=pixel)

    def learn_session(self, connection: Connection, visit_id: str, session_id: str) -> Told | None:
        """Write-once: the first sessionId of a visit stays. What of its lead the CRM was told before it was known."""
        row = connection.execute(_WITHOUT_SESSION, {"visit": visit_id, "session_id": session_id}).first()
        return told_of(row.told) if row else None

    def learn_order(self, visit_id: str, order_id: str) -> bool:
        """Write-once. False when this visit has another orderId, or another visit has this one."""
        try:
            with self._store.write() as connection:
                free = visits.c.order_id.is_(None) | (visits.c.order_id == order_id)
                changed = connection.execute(
                    update(visits).where((visits.c.id == visit_id) & free).values(order_id=order_id)
                )
                return changed.rowcount == 1
        except IntegrityError:
            return False

    def learn_told(self, visit_id: str, told: Told) -> None:
        self._change(visit_id, told=asdict(told))

    def vouch(self, visit_id: str) -> None:
        """The shopper has shown that they are a person."""
        self._change(visit_id, vouched_at=self._store.clock())

    def notice(self, visit_id: str, notice: str | None) -> None:
        self._change(visit_id, notice=notice)

    def finish(self, connection: Connection, visit_id: str) -> bool:
        """From here on the visit takes no more charges. True for whoever is first."""
        open_still = (visits.c.id == visit_id) & visits.c.finished_at.is_(None)
        return (
            connection.execute(update(visits).where(open_still).values(finished_at=self._store.clock())).rowcount == 1
        )

    def _change(self, visit_id: str, **values: Any) -> None:
        with self._store.write() as connection:
            connection.execute(_remembered(visit_id).values(values))


def _remembered(visit_id: str) -> Update:
    return update(visits).where(visits.c.id == visit_id, visits.c.seen_at > FORGOTTEN)
