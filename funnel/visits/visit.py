"""A shopper's visit, as a value: the way of one person through the funnel."""

from dataclasses import dataclass

from funnel.people import Addresses, Contact
from funnel.quote import Quote
from funnel.store.tables import FORGOTTEN
from funnel.visits.attribution import Arrival


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
    vouched_at: float | None = None
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
