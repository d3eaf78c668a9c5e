"""The recommended API flow as verbs: track, capture_lead, refuse_upsell, finish; payments.py has those that charge."""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from funnel.attempt import By
from funnel.campaign.campaign import DOWNSELL, Campaign
from funnel.charges.attempts import Attempts
from funnel.charges.refusals import Refusals
from funnel.outbox.leads import Leads
from funnel.outbox.outbox import Kind, Outbox
from funnel.people import Addresses, Contact
from funnel.quote import Quote, first_quote
from funnel.settings import Timing
from funnel.steps import PAGE_TYPES
from funnel.store.store import Store
from funnel.visits.attribution import Arrival
from funnel.visits.cookie import Cookie
from funnel.visits.visit import Visit
from funnel.visits.visits import Visits


class Flow:
    """What each page asks of the CRM. GET pages only write down what they owe; POSTs may wait."""

    def __init__(
        self,
        *,
        campaign: Campaign,
        timing: Timing,
        store: Store,
        visits: Visits,
        outbox: Outbox,
        attempts: Attempts,
        refusals: Refusals,
        leads: Leads,
    ) -> None:
        self._campaign = campaign
        self._timing = timing
        self._store = store
        self._visits = visits
        self._outbox = outbox
        self._attempts = attempts
        self._refusals = refusals
        self._leads = leads

    def recall(self, cookie: Cookie, arrival: Callable[[], Arrival]) -> Visit | None:
        """The visit of this cookie. When the store has lost it, or lost its order, what is paid has to be asked
        before any form."""
        visit = self._visits.recall(cookie, arrival)
        known = cookie.order_id or cookie.lead_order_id
        if visit is None or known is None or (visit.stored and visit.order_id):
            return visit
        if visit.stored:
            if not self._visits.learn_order(visit.id, known):
                return visit
            visit = replace(visit, order_id=known)
        if cookie.order_id is None:  # only a lead's, so there is nothing to ask
            return visit
        with self._attempts.adopting(By.COOKIE) as entries:
            kept = self._visits.keep(entries.connection, visit)
            if kept.order_id:
                self._attempts.adopt(entries, visit.id, kept.order_id, quiet_time=self._timing.quiet_time)
        return replace(kept, uncharged=False)

    def keep(self, visit: Visit) -> Visit:
        """Give the visit its row, if it has none yet."""
        if visit.stored:
            return visit
        with self._store.write() as connection:
            return self._visits.keep(connection, visit)

    def track(self, visit: Visit, step: str) -> Visit:
        """Owe the Import Click of a page: once per visit, as the vendor's own SDK does, or for every view."""
        page = step.removesuffix(DOWNSELL)  # a downsell is reported as its upsell's page
        once = f"click:{page}" if self._campaign.clicks == "once" else None
        if once in visit.owed:
            return visit

        def keep_and_owe(connection: Connection) -> Visit:
            kept = self._visits.keep(connection, visit)
            self._outbox.owe(connection, visit.id, Kind.CLICK, page_type=PAGE_TYPES[page], once=once)
            return kept

        return self._store.write_together(keep_and_owe)

    def capture_draft(self, visit: Visit, draft: Contact) -> None:
        """Keep what was typed so far and owe it, if it is new and the visit has no lead yet."""
        if visit.draft != draft:
            self._leads.keep_draft(visit.id, draft)

    def capture_lead(self, visit: Visit, contact: Contact) -> None:
        """Keep the lead and owe it."""
        with self._store.write() as connection:
            self._leads.keep(connection, visit, contact, owe=True)

    def tell_lead(self, visit: Visit) -> tuple[str, ...]:
        """Try the owed lead within the answer deadline; the fields the CRM refuses, if it does."""
        return self._leads.tell(visit.id, deadline=self._timing.answer_deadline)

    def lead_unkept(self, visit: Visit, contact: Contact) -> Visit:
        """The lead while the store is away: told to the CRM here and now, or not at all. Raises NotReady."""
        return self._leads.tell_unkept(visit, contact, deadline=self._timing.answer_deadline)

    def keep_place(self, visit: Visit, contact: Contact | None, addresses: Addresses | None, quote: Quote) -> None:
        self._leads.keep_place(visit, contact, addresses, quote)

    def keep_coupon(self, visit: Visit, code: str) -> Visit:
        """A code that came in an address; the relay asks what it is worth before the shopper comes to the checkout."""
        kept = visit.quote or first_quote(self._campaign)
        if kept.choice.coupon == code:
            return visit
        quote = Quote(replace(kept.choice, coupon=code))

        def keep_and_owe(connection: Connection) -> Visit:
            stored = self._visits.keep(connection, visit)
            self._visits.learn_quote(connection, visit.id, quote)
            self._outbox.owe(connection, visit.id, Kind.COUPON, once=f"{Kind.COUPON}:{code}")
            return replace(stored, quote=quote)

        return self._store.write_together(keep_and_owe)

    def refuse_upsell(self, visit: Visit, step: str) -> None:
        self._refusals.add(visit.id, step)

    def reopen_upsell(self, visit: Visit, step: str) -> None:
        self._refusals.take_back(visit.id, step)

    def finish(self, visit: Visit) -> bool:
        """The shopper has seen the receipt: no more offers, and Confirm Order is owed if the campaign wants it. True
        the first time, in one tab of several."""
        if visit.finished_at is not None:
            return False
        with self._store.write() as connection:
            first = self._visits.finish(connection, visit.id)
            if self._campaign.confirm_order:
                self._outbox.owe_confirm(connection, visit.id)
        return first
