"""The recommended API flow as verbs: track, capture_lead, place_order, accept_upsell, refuse_upsell, finish."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from funnel.attempt import ORDER, Attempt, Claim, Reason, State
from funnel.attempts import Attempts
from funnel.attribution import Arrival
from funnel.basket import Basket, Line
from funnel.campaign import Campaign
from funnel.cards import Card
from funnel.charging import Charge, Charging, NotReady
from funnel.crm import calls
from funnel.crm.calls import ImportOrder, ImportUpsale
from funnel.crm.client import Client
from funnel.crm.replies import OrderReply, RedirectReply
from funnel.leads import Leads
from funnel.outbox import Kind, Outbox
from funnel.people import Addresses, Contact
from funnel.settings import Timing
from funnel.steps import PAGE_TYPES, Progress
from funnel.store import Store
from funnel.visit import Cookie, Visit, Visits


@dataclass(frozen=True)
class NewOrder:
    """What a shopper sends with the pay button; `key` names the press."""

    key: str
    basket: Basket
    contact: Contact
    addresses: Addresses
    card: Card


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
        leads: Leads,
        charging: Charging,
        client: Client,
    ) -> None:
        self._campaign = campaign
        self._timing = timing
        self._store = store
        self._visits = visits
        self._outbox = outbox
        self._attempts = attempts
        self._leads = leads
        self._charging = charging
        self._client = client

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
        with self._store.durable() as connection:
            kept = self._visits.keep(connection, visit)
            if kept.order_id:
                self._attempts.adopt(connection, visit.id, kept.order_id, quiet_time=self._timing.quiet_time)
        return replace(kept, uncharged=False)

    def keep(self, visit: Visit) -> Visit:
        """Give the visit its row, if it has none yet."""
        if visit.stored:
            return visit
        with self._store.write() as connection:
            return self._visits.keep(connection, visit)

    def progress(self, visit: Visit) -> Progress:
        attempts = self._attempts.of_visit(visit.id)
        orders = [attempt for attempt in attempts if attempt.slot == ORDER]
        upsells = [attempt for attempt in attempts if attempt.slot != ORDER]
        paid = next((attempt for attempt in orders if attempt.state is State.CHARGED), None)
        refused = self._attempts.refused(visit.id) if attempts else frozenset()  # without an order nothing is offered
        return Progress(
            ordered=paid is not None,
            order_unresolved=any(attempt.state.unresolved for attempt in orders),
            upsell_unresolved=any(attempt.state.unresolved for attempt in upsells),
            decided=frozenset(attempt.slot for attempt in upsells) | refused,
            offers_open=visit.finished_at is None and (paid is None or self._bears_upsells_still(paid)),
        )

    def _bears_upsells_still(self, order: Attempt) -> bool:
        return order.bears_upsells and self._store.clock() < order.created_at + self._timing.upsell_window

    def track(self, visit: Visit, step: str) -> Visit:
        """Owe the Import Click of a page: once per visit, as the vendor's own SDK does, or for every view."""
        once = f"click:{step}" if self._campaign.clicks == "once" else None
        if once in visit.owed:
            return visit
        with self._store.write() as connection:
            kept = self._visits.keep(connection, visit)
            self._outbox.owe(connection, visit.id, Kind.CLICK, page_type=PAGE_TYPES[step], once=once)
        return kept

    def capture_draft(self, visit: Visit, draft: Contact) -> None:
        """Keep what was typed so far and owe it, if it is new and the visit has no lead yet."""
        if visit.draft != draft:
            self._leads.keep_draft(visit.id, draft)

    def capture_lead(self, visit: Visit, contact: Contact) -> tuple[str, ...]:
        """Keep the lead, owe it, and try it within the answer deadline; the fields the CRM refuses, if it does."""
        self._leads.keep(visit, contact, owe=True)
        return self._leads.tell(visit.id, deadline=self._timing.answer_deadline)

    def lead_unkept(self, visit: Visit, contact: Contact) -> Visit:
        """The lead while the store is away: told to the CRM here and now, or not at all. Raises NotReady."""
        return self._leads.tell_unkept(visit, contact, deadline=self._timing.answer_deadline)

    def keep_place(self, visit: Visit, contact: Contact | None, addresses: Addresses | None) -> None:
        """Who the shopper is and where parcels go, as typed at checkout; a lead that is new is owed."""
        if contact:
            self._leads.keep(visit, contact, owe=not (visit.lead_is_known and visit.contact == contact))
        if addresses:
            self._visits.learn_addresses(visit.id, addresses)

    def place_order(self, visit: Visit, order: NewOrder) -> Claim:
        """Charge the order, once. Raises SQLAlchemyError, before anything is sent, when the store is away."""
        self.keep_place(visit, order.contact, order.addresses)
        return self._charging.charge(
            Charge(
                key=order.key,
                visit_id=visit.id,
                slot=ORDER,
                basket=order.basket,
                make_ready=lambda: self._leads.order_id(visit.id, deadline=self._timing.owed_deadline),
                send=lambda order_id: self._import_order(visit, order, order_id),
            )
        )

    def accept_upsell(self, visit: Visit, step: str, key: str) -> Claim:
        """Charge an upsell to the order's own card, once. Raises like place_order."""
        basket = self._campaign.upsell(step).basket
        return self._charging.charge(
            Charge(
                key=key,
                visit_id=visit.id,
                slot=step,
                basket=basket,
                make_ready=lambda: self._paid_order_id(visit.id),
                send=lambda order_id: self._import_upsale(visit, basket.lines[0], order_id),
            )
        )

    def pass_over_upsell(self, visit: Visit, step: str, key: str) -> None:
        """It cannot be charged now; it is not offered again, for after payment every road leads forward."""
        self._attempts.pass_over(key, visit.id, step, self._campaign.upsell(step).basket)

    def _paid_order_id(self, visit_id: str) -> str:
        """The orderId of the charge that our books hold, not what a cookie says."""
        attempts = self._attempts.of_visit(visit_id)
        paid = next((attempt.order_id for attempt in attempts if attempt.bears_upsells), None)
        if paid is None:
            raise NotReady(Reason.UNREACHABLE)
        return paid

    def wait_for(self, visit: Visit, slot: str) -> None:
        """Let an earlier press of the same button come to its outcome, for as long as a pay request waits."""
        for attempt in self._attempts.of_visit(visit.id):
            if attempt.slot == slot:
                self._charging.wait(attempt)

    def refuse_upsell(self, visit: Visit, step: str) -> None:
        self._attempts.refuse(visit.id, step)

    def finish(self, visit: Visit) -> None:
        """The shopper has seen the receipt: no more offers, and Confirm Order is owed if the campaign wants it."""
        if visit.finished_at is not None:
            return
        with self._store.write() as connection:
            self._visits.finish(connection, visit.id)
            if self._campaign.confirm_order:
                self._outbox.owe_confirm(connection, visit.id)

    def _import_order(self, visit: Visit, order: NewOrder, order_id: str) -> OrderReply | RedirectReply:
        latest = self._visits.find(visit.id) or visit
        return self._client.import_order(
            ImportOrder(
                campaignId=self._campaign.campaignId,
                orderId=order_id,
                sessionId=latest.session_id,
                ipAddress=visit.arrival.ipAddress,
                lines=tuple(map(self._line, order.basket.lines)),
                payment=order.card,
                shipFirstName=order.contact.firstName,
                shipLastName=order.contact.lastName,
                **_given(asdict(order.contact)),
                **_given(asdict(order.addresses)),
            )
        )

    def _import_upsale(self, visit: Visit, bought: Line, order_id: str) -> OrderReply | RedirectReply:
        line = self._line(bought)
        return self._client.import_upsale(
            ImportUpsale(
                orderId=order_id,
                sessionId=visit.session_id,
                productId=line.productId,
                productQty=line.qty,
                productPrice=line.price,
                productShipPrice=line.shipPrice,
            )
        )

    def _line(self, line: Line) -> calls.Line:
        """Prices go along only where funnel.toml says so, per unit; else the campaign's own stand."""
        if not self._campaign.send_prices:
            return calls.Line(productId=line.productId, qty=line.quantity)
        return calls.Line(productId=line.productId, qty=line.quantity, price=line.each, shipPrice=line.ship_each)


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value != ""}
