"""A shopper's visit: what the signed cookie remembers of it, and the row that holds the rest."""

import secrets
from collections.abc import Callable, MutableMapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, Update, bindparam, exists, func, select, update
from sqlalchemy.exc import IntegrityError

from funnel.attribution import Arrival
from funnel.people import Addresses, Contact
from funnel.quote import Discount, Quote, as_json, from_json
from funnel.store import FORGOTTEN, Store, attempts, insert_new, outbox, visits

# The only names in the cookie session, beside the CSRF token. Ids are write-once, so that parallel
# requests, whose cookies overwrite each other, cannot undo anything.
VISIT, SESSION_ID, ORDER_ID = "visit", "sessionId", "orderId"
# An orderId that Import Lead gave while the store was away: without a row no charge was ever claimed for it.
LEAD_ORDER_ID = "leadOrderId"
ID_BYTES = 16  # 128 random bits


@dataclass(frozen=True)
class Told:
    """What the CRM last heard of the shopper by Import Lead, and in which of its sessions."""

    contact: Contact
    sessionId: str | None


@dataclass(frozen=True)
class Visit:
    """One shopper's way through the funnel, from the first page to the receipt; its id locks its charges.

    `stored` is False until the first thing worth keeping happens. `draft` is what was typed before the form was sent;
    what was not good yet is empty in it, and once there is a `contact` there is no draft. `uncharged` and `owed` are of
    the moment when the row was read: whether no charge was ever tried, and which calls were ever owed, of those that
    are owed once.
    """

    id: str
    arrival: Arrival
    session_id: str | None = None
    order_id: str | None = None
    contact: Contact | None = None
    draft: Contact | None = None
    told: Told | None = None
    addresses: Addresses | None = None
    quote: Quote | None = None
    pixel: str | None = None
    notice: str | None = None
    created_at: float = 0.0
    seen_at: float = 0.0
    finished_at: float | None = None
    stored: bool = False
    uncharged: bool = False
    owed: frozenset[str] = frozenset()

    @property
    def forgotten(self) -> bool:
        """Whether it was a person's and is nobody's any more."""
        return self.stored and self.seen_at == FORGOTTEN

    @property
    def person(self) -> Contact | None:
        """Who the shopper is, as far as we know: the lead, or its draft."""
        return self.contact or self.draft

    @property
    def lead_is_known(self) -> bool:
        """Whether the CRM has these very details under our orderId; a draft is no lead."""
        return self.order_id is not None and self.told is not None and self.told.contact == self.contact


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


# Built once, for that takes longer than to run it; and one statement, for most pages ask for nothing more.
_CHARGED = exists().where(attempts.c.visit_id == visits.c.id)
_OWED = select(func.aggregate_strings(outbox.c.once, " ")).where(
    outbox.c.visit_id == visits.c.id, outbox.c.once.is_not(None)
)
_OF_ID = select(visits, (~_CHARGED).label("uncharged"), _OWED.scalar_subquery().label("owed")).where(
    visits.c.id == bindparam("visit")
)


class Visits:
    """The visits in the store. Every change is one statement or part of the caller's transaction.

    Of a visit that is forgotten nothing is learnt but ids, so that a call under way brings no person back.
    """

    def __init__(self, store: Store, *, life: float) -> None:
        self._store = store
        self._life = life

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
        return visit if visit.seen_at + self._life > self._store.clock() else None

    def find(self, visit_id: str) -> Visit | None:
        with self._store.read() as connection:
            row = connection.execute(_OF_ID, {"visit": visit_id}).first()
        return _from_row(row) if row else None

    def keep(self, connection: Connection, visit: Visit) -> Visit:
        """Give the visit its row, if it has none yet."""
        if visit.stored:
            return visit
        now = self._store.clock()
        kept = replace(visit, stored=True, created_at=now, seen_at=now)
        if self._insert(connection, kept):
            return kept
        known = connection.execute(_OF_ID, {"visit": visit.id}).first()
        if known:
            return _from_row(known)
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

    def learn_addresses(self, visit_id: str, addresses: Addresses) -> None:
        self._change(visit_id, addresses=asdict(addresses))

    def learn_quote(self, visit_id: str, quote: Quote) -> None:
        self._change(visit_id, quote=as_json(quote))

    def learn_discount(self, visit_id: str, asked: Quote, discount: Discount) -> None:
        """Unless the shopper has chosen otherwise meanwhile."""
        with self._store.write() as connection:
            row = connection.execute(select(visits.c.quote).where(visits.c.id == visit_id).with_for_update()).first()
            if row and row.quote and from_json(row.quote) == asked:
                known = as_json(replace(asked, discount=discount))
                connection.execute(_remembered(visit_id).values(quote=known))

    def learn_pixel(self, visit_id: str, pixel: str) -> None:
        """Markup of the CRM's fraud check, for the checkout page."""
        self._change(visit_id, pixel=pixel)

    def learn_session(self, visit_id: str, session_id: str) -> None:
        """Write-once: the first sessionId of a visit stays."""
        with self._store.write() as connection:
            missing = (visits.c.id == visit_id) & visits.c.session_id.is_(None)
            connection.execute(update(visits).where(missing).values(session_id=session_id))

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

    def notice(self, visit_id: str, notice: str | None) -> None:
        self._change(visit_id, notice=notice)

    def finish(self, connection: Connection, visit_id: str) -> None:
        """From here on the visit takes no more charges."""
        open_still = (visits.c.id == visit_id) & visits.c.finished_at.is_(None)
        connection.execute(update(visits).where(open_still).values(finished_at=self._store.clock()))

    def _change(self, visit_id: str, **values: Any) -> None:
        with self._store.write() as connection:
            connection.execute(_remembered(visit_id).values(values))


def _remembered(visit_id: str) -> Update:
    return update(visits).where(visits.c.id == visit_id, visits.c.seen_at > FORGOTTEN)


def _from_row(row: Row[Any]) -> Visit:
    return Visit(
        id=row.id,
        arrival=Arrival(**row.arrival),
        session_id=row.session_id,
        order_id=row.order_id,
        contact=Contact(**row.contact) if row.contact else None,
        draft=Contact(**row.draft) if row.draft else None,
        told=Told(Contact(**row.told["contact"]), row.told["sessionId"]) if row.told else None,
        addresses=Addresses(**row.addresses) if row.addresses else None,
        quote=from_json(row.quote) if row.quote else None,
        pixel=row.pixel,
        notice=row.notice,
        created_at=row.created_at,
        seen_at=row.seen_at,
        finished_at=row.finished_at,
        stored=True,
        uncharged=bool(row.uncharged),
        owed=frozenset((row.owed or "").split()),
    )
