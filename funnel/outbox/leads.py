"""Import Lead: kept and owed first, then made here and now, within a deadline, for who waits for it."""

import time
from collections.abc import Callable
from typing import TypeGuard

from sqlalchemy import Connection

from funnel.attempt import Reason
from funnel.charges.charge import NotReady
from funnel.crm.errors import CrmError, Refused
from funnel.crm.errors import Kind as ErrorKind
from funnel.outbox.delivery import Delivery, Failure, ForeignOrder
from funnel.outbox.outbox import LEASE_MARGIN, Kind, Outbox
from funnel.people import Addresses, Contact
from funnel.quote import Quote
from funnel.store.store import Store
from funnel.visits.visit import Visit
from funnel.visits.visits import Visits

DRAFTS_APART = 5.5  # seconds; at the CRM never less than 5, however long a connection takes to open
GLANCE = 0.05  # seconds between two looks at a call that another process is making


class Leads:
    """Deadlines are seconds; up to half of one goes to the visit's first click, for the lead belongs in its session."""

    def __init__(self, *, store: Store, visits: Visits, outbox: Outbox, delivery: Delivery) -> None:
        self._store = store
        self._visits = visits
        self._outbox = outbox
        self._delivery = delivery

    def keep(self, connection: Connection, visit: Visit, contact: Contact, *, owe: bool) -> None:
        """Write down who the shopper is, and that the CRM has to be told."""
        self._visits.keep(connection, visit)
        self._visits.learn_contact(connection, visit.id, contact)
        if owe:
            self._outbox.owe_lead(connection, visit.id)

    def keep_draft(self, visit_id: str, draft: Contact) -> None:
        """Write down what was typed so far, and that the CRM has to be told in a while; nobody waits for it."""
        with self._store.write() as connection:
            if self._visits.learn_draft(connection, visit_id, draft):
                self._outbox.owe_lead(connection, visit_id, apart=DRAFTS_APART)

    def keep_place(
        self, visit: Visit, contact: Contact | None, addresses: Addresses | None, quote: Quote | None = None
    ) -> None:
        """Who the shopper is, where parcels go and what is picked, as typed at checkout; a lead that is new is owed."""
        with self._store.write() as connection:
            if contact:
                self.keep(connection, visit, contact, owe=not (visit.lead_is_known and visit.contact == contact))
            if addresses:
                self._visits.learn_addresses(connection, visit.id, addresses)
            if quote:
                self._visits.learn_quote(connection, visit.id, quote)

    def tell(self, visit_id: str, *, deadline: float) -> tuple[str, ...]:
        """Try the owed lead now; the names of the fields that the CRM refuses. Anything else stays owed."""
        failure = self._lead_now(visit_id, time.monotonic() + deadline)
        return tuple(failure.fields) if _invalid(failure) else ()

    def tell_unkept(self, visit: Visit, contact: Contact, *, deadline: float) -> Visit:
        """For a visit that cannot be written down: what the CRM gave, for the cookie. Raises NotReady."""
        try:
            return self._delivery.lead_unkept(visit, contact, deadline=deadline)
        except CrmError as failure:
            if _invalid(failure):
                raise NotReady(Reason.INVALID, tuple(failure.fields)) from None
            raise NotReady(Reason.UNREACHABLE) from None

    def order_id(self, visit_id: str, *, deadline: float) -> str:
        """The orderId to charge, by Import Lead where the CRM does not know these details yet. Raises NotReady."""
        failure = self._lead_now(visit_id, time.monotonic() + deadline)
        visit = self._visits.find(visit_id)
        if visit and visit.order_id and visit.lead_is_known:
            return visit.order_id
        if _invalid(failure):
            raise NotReady(Reason.INVALID, tuple(failure.fields))
        raise NotReady(Reason.FOREIGN_ORDER if isinstance(failure, ForeignOrder) else Reason.UNREACHABLE)

    def _lead_now(self, visit_id: str, until: float) -> Failure | None:
        half = time.monotonic() + (until - time.monotonic()) / 2
        self._call_now(visit_id, Kind.CLICK, half, done=lambda: self._has_session(visit_id))
        return self._call_now(visit_id, Kind.LEAD, until, done=lambda: False)

    def _call_now(self, visit_id: str, kind: Kind, until: float, *, done: Callable[[], bool]) -> Failure | None:
        """Make an owed call here and now, or wait for the relay that is making it."""
        while (left := until - time.monotonic()) > 0 and not done() and self._outbox.owes(visit_id, kind):
            if owed := self._outbox.lease_one(visit_id, kind, seconds=2 * left + LEASE_MARGIN):
                return self._delivery.deliver(owed, deadline=left)
            time.sleep(GLANCE)
        return None

    def _has_session(self, visit_id: str) -> bool:
        visit = self._visits.find(visit_id)
        return visit is not None and visit.session_id is not None


def _invalid(failure: Failure | None) -> TypeGuard[Refused]:
    return isinstance(failure, Refused) and failure.kind is ErrorKind.INVALID
