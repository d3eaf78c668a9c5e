"""The recommended API flow as verbs: track, capture_lead, place_order, accept_upsell, refuse_upsell, finish."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from funnel.attempt import ORDER, Attempt, AwayKind, Claim, PaySource, Reason, State, Verdict
from funnel.attempts import Attempts
from funnel.attribution import Arrival
from funnel.basket import Basket, Line
from funnel.campaign import Campaign
from funnel.cards import Card
from funnel.charging import Charge, Charging, NotReady
from funnel.crm import calls
from funnel.crm.calls import ConfirmPaypal, ImportOrder, ImportUpsale
from funnel.crm.client import Client
from funnel.crm.replies import OrderReply, RedirectReply
from funnel.leads import Leads
from funnel.offers import Bought, next_offer
from funnel.outbox import Kind, Outbox
from funnel.people import Addresses, Contact
from funnel.settings import Timing
from funnel.steps import PAGE_TYPES, Progress
from funnel.store import Store
from funnel.visit import Cookie, Visit, Visits


@dataclass(frozen=True)
class Returns:
    """Where a bank or PayPal sends the shopper back to, all of them ours and signed; at most 300 characters each."""

    sales: str
    success: str
    failure: str


@dataclass(frozen=True)
class NewOrder:
    """What a shopper sends with a pay button; `key` names the press. Without a card PayPal is asked."""

    key: str
    basket: Basket
    contact: Contact
    addresses: Addresses
    card: Card | None
    returns: Returns


@dataclass(frozen=True)
class Agreement:
    """What PayPal's legacy workflow hands the shopper to bring back: a token with a payer, or a ba_token alone."""

    token: str | None
    payer_id: str | None
    ba_token: str | None
    returns: Returns


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

    def recall(self, cookie: Cookie, arrival: Arrival) -> Visit | None:
        """The visit of this cookie. When the store has lost it, or lost its order, what is paid has to be asked
        before any form."""
        visit = self._visits.recall(cookie, arrival)
        if visit is None or cookie.order_id is None or (visit.stored and visit.order_id):
            return visit
        if visit.stored:
            if not self._visits.learn_order(visit.id, cookie.order_id):
                return visit
            visit = replace(visit, order_id=cookie.order_id)
        with self._store.durable() as connection:
            kept = self._visits.keep(connection, visit)
            if kept.order_id:
                self._attempts.adopt(connection, visit.id, kept.order_id, quiet_time=self._timing.quiet_time)
        return kept

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
        refused = self._attempts.refused(visit.id)
        paid = next((attempt for attempt in orders if attempt.state is State.CHARGED), None)
        return Progress(
            ordered=paid is not None,
            order_unresolved=any(attempt.state.unresolved for attempt in orders),
            upsell_unresolved=any(attempt.state.unresolved for attempt in upsells),
            decided=frozenset(attempt.slot for attempt in upsells) | refused,
            next_offer=self._next_offer(visit, paid, upsells, refused) if paid else None,
        )

    def _next_offer(
        self, visit: Visit, paid: Attempt, upsells: Sequence[Attempt], refused: frozenset[str]
    ) -> str | None:
        """None too once the receipt was shown, the window has closed, or our own books do not know the order."""
        age = self._store.clock() - paid.created_at
        if visit.finished_at is not None or not paid.bears_upsells or age >= self._timing.upsell_window:
            return None
        accepted = [attempt for attempt in upsells if attempt.state is State.CHARGED]
        lines = [line for attempt in (paid, *accepted) if attempt.basket for line in attempt.basket.lines]
        facts = Bought(
            accepted={attempt.slot for attempt in accepted},
            refused=refused,
            declined={attempt.slot for attempt in upsells} - {attempt.slot for attempt in accepted},
            bought={line.productId for line in lines},
            country=visit.addresses.shipCountry if visit.addresses else None,
            pay_source="paypal" if paid.pay_source is PaySource.PAYPAL else "card",
            age=age,
        )
        return next_offer(self._campaign, facts)

    def track(self, visit: Visit, step: str) -> Visit:
        """Owe the Import Click of a page: once per visit, as the vendor's own SDK does, or for every view."""
        once = f"click:{step}" if self._campaign.clicks == "once" else None
        if once and visit.stored and self._outbox.has(visit.id, once):
            return visit
        with self._store.write() as connection:
            kept = self._visits.keep(connection, visit)
            self._outbox.owe(connection, visit.id, Kind.CLICK, page_type=PAGE_TYPES[step], once=once)
        return kept

    def capture_lead(self, visit: Visit, contact: Contact) -> tuple[str, ...]:
        """Keep the lead, owe it, and try it within the answer deadline; the fields the CRM refuses, if it does."""
        self._leads.keep(visit, contact, owe=True)
        return self._leads.tell(visit.id, deadline=self._timing.answer_deadline)

    def place_order(self, visit: Visit, order: NewOrder) -> Claim:
        """Charge the order, once. Raises SQLAlchemyError, before anything is sent, when the store is away."""
        known = replace(visit, contact=order.contact).lead_is_known
        self._leads.keep(visit, order.contact, owe=not known)
        self._visits.learn_addresses(visit.id, order.addresses)
        return self._charging.charge(
            Charge(
                key=order.key,
                visit_id=visit.id,
                slot=ORDER,
                basket=order.basket,
                make_ready=lambda: self._leads.order_id(visit.id, deadline=self._timing.owed_deadline),
                send=lambda order_id: self._import_order(visit, order, order_id),
                pay_source=PaySource.CARD if order.card else PaySource.PAYPAL,
            )
        )

    def accept_upsell(self, visit: Visit, slot: str, key: str, returns: Returns) -> Claim:
        """Charge an upsell to what paid the order, once. Raises like place_order."""
        line, paid = self._campaign.upsell(slot).line, self._paid_order(visit.id)
        pay_source = paid.pay_source if paid else PaySource.CARD
        return self._charging.charge(
            Charge(
                key=key,
                visit_id=visit.id,
                slot=slot,
                basket=Basket(lines=(line,)),
                make_ready=lambda: self._paid_order_id(visit.id),
                send=lambda order_id: self._client.import_upsale(
                    self._upsale(visit, line, order_id, pay_source, returns)
                ),
                pay_source=pay_source,
            )
        )

    def confirm_paypal(self, visit: Visit, attempt: Attempt, agreement: Agreement) -> Claim:
        """The charge of a legacy PayPal order or upsell, after the shopper's return. Raises like place_order."""
        basket = attempt.basket or Basket(lines=())
        return self._charging.go_on(
            Charge(
                key=attempt.key,
                visit_id=visit.id,
                slot=attempt.slot,
                basket=basket,
                make_ready=lambda: attempt.order_id or "",
                send=lambda order_id: self._confirm_paypal(visit, attempt, basket, agreement, order_id),
                pay_source=PaySource.PAYPAL,
            )
        )

    def cancel_paypal(self, attempt: Attempt) -> bool:
        """Nothing is charged before Confirm PayPal, so an attempt that has not come so far ends at once."""
        if attempt.away is None or attempt.away.kind is not AwayKind.PAYPAL:
            return False
        cancelled = Verdict(State.NOT_CHARGED, Reason.CANCELLED)
        return self._attempts.settle(attempt.key, cancelled, seen=(State.AWAIT_REDIRECT,))

    def _paid_order_id(self, visit_id: str) -> str:
        """The orderId of the charge that our books hold, not what a cookie says."""
        paid = self._paid_order(visit_id)
        if paid is None or paid.order_id is None:
            raise NotReady(Reason.UNREACHABLE)
        return paid.order_id

    def _paid_order(self, visit_id: str) -> Attempt | None:
        return next((attempt for attempt in self._attempts.of_visit(visit_id) if attempt.bears_upsells), None)

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
                self._outbox.owe(connection, visit.id, Kind.CONFIRM, once="confirm")

    def _import_order(self, visit: Visit, order: NewOrder, order_id: str) -> OrderReply | RedirectReply:
        latest = self._visits.find(visit.id) or visit
        return self._client.import_order(
            ImportOrder(
                campaignId=self._campaign.campaignId,
                orderId=order_id,
                sessionId=latest.session_id,
                ipAddress=visit.arrival.ipAddress,
                lines=tuple(map(self._line, order.basket.lines)),
                **self._payment(order),
                couponCode=order.basket.couponCode,
                shipProfileId=order.basket.shipProfileId,
                salesTax=order.basket.tax,
                redirectsTo=order.returns.success,
                errorRedirectsTo=order.returns.failure,
                shipFirstName=order.contact.firstName,
                shipLastName=order.contact.lastName,
                **_given(asdict(order.contact)),
                **_given(asdict(order.addresses)),
            )
        )

    def _payment(self, order: NewOrder) -> dict[str, Any]:
        if order.card:
            return {"payment": order.card}
        return {"paySource": PaySource.PAYPAL, "paypalBillerId": self._paypal_biller, "salesUrl": order.returns.sales}

    @property
    def _paypal_biller(self) -> int | None:
        return self._campaign.paypal.paypalBillerId if self._campaign.paypal else None

    def _upsale(
        self, visit: Visit, bought: Line, order_id: str, pay_source: PaySource, returns: Returns
    ) -> ImportUpsale:
        line, by_paypal = self._line(bought), pay_source is PaySource.PAYPAL
        return ImportUpsale(
            orderId=order_id,
            sessionId=visit.session_id,
            productId=line.productId,
            productQty=line.qty,
            productPrice=line.price,
            productShipPrice=line.shipPrice,
            replaceProductId=bought.replaces,
            redirectsTo=returns.success,
            errorRedirectsTo=returns.failure,
            paySource=pay_source if by_paypal else None,
            paypalBillerId=self._paypal_biller if by_paypal else None,
            salesUrl=returns.sales if by_paypal else None,
        )

    def _confirm_paypal(
        self, visit: Visit, attempt: Attempt, basket: Basket, agreement: Agreement, order_id: str
    ) -> OrderReply | RedirectReply:
        if attempt.slot != ORDER:
            again = self._upsale(visit, basket.lines[0], order_id, PaySource.PAYPAL, agreement.returns)
            return self._client.import_upsale(replace(again, token=agreement.token, payerId=agreement.payer_id))
        return self._client.confirm_paypal(
            ConfirmPaypal(
                campaignId=self._campaign.campaignId,
                orderId=order_id,
                sessionId=visit.session_id,
                token=agreement.token,
                payerId=agreement.payer_id,
                baToken=agreement.ba_token,
                paypalBillerId=self._paypal_biller,
                lines=tuple(map(self._line, basket.lines)),
                couponCode=basket.couponCode,
                shipProfileId=basket.shipProfileId,
            )
        )

    def _line(self, line: Line) -> calls.Line:
        """Prices go along only where funnel.toml says so, per unit; else the campaign's own stand."""
        if not self._campaign.send_prices:
            return calls.Line(productId=line.productId, qty=line.quantity)
        return calls.Line(productId=line.productId, qty=line.quantity, price=line.each, shipPrice=line.ship_each)


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value != ""}
