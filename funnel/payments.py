"""The verbs that charge: place_order, accept_upsell, confirm_paypal; and cancel_paypal, which charges nothing."""

from funnel.attempt import ORDER, Attempt, Claim, PaySource, Reason, paid_order
from funnel.basket import Basket
from funnel.campaign.campaign import Campaign
from funnel.charges.attempts import Attempts
from funnel.charges.calls import Agreement, NewOrder, Returns, confirm_call, order_call, upsale_call, without_card
from funnel.charges.charge import Charge, NotReady
from funnel.charges.charging import Charging
from funnel.crm.client import Client
from funnel.crm.replies import OrderReply, RedirectReply
from funnel.outbox.leads import Leads
from funnel.visits.visit import Visit
from funnel.visits.visits import Visits

NO_BASKET = Basket(lines=())


class Payments:
    """Each charges once, whatever is pressed how often. Raises SQLAlchemyError, before anything is sent, when the
    store is away. `lead_deadline` is seconds."""

    def __init__(
        self,
        *,
        campaign: Campaign,
        visits: Visits,
        attempts: Attempts,
        leads: Leads,
        charging: Charging,
        client: Client,
        lead_deadline: float,
    ) -> None:
        self._campaign = campaign
        self._visits = visits
        self._attempts = attempts
        self._leads = leads
        self._charging = charging
        self._client = client
        self._lead_deadline = lead_deadline

    def place_order(self, visit: Visit, order: NewOrder) -> Claim:
        self._leads.keep_place(visit, order.contact, order.addresses)
        return self._charging.charge(
            Charge(
                key=order.key,
                visit_id=visit.id,
                slot=ORDER,
                basket=order.basket,
                make_ready=lambda: self._leads.order_id(visit.id, deadline=self._lead_deadline),
                send=lambda order_id: self._import_order(visit, order, order_id),
                pay_source=PaySource.CARD if order.card else PaySource.PAYPAL,
                origin=order.origin if order.card else None,
            )
        )

    def accept_upsell(self, visit: Visit, slot: str, key: str, returns: Returns) -> Claim:
        """Charged to what paid the order."""
        package, paid = self._campaign.upsell(slot), self._paid_order(visit.id)
        pay_source = paid.pay_source if paid else PaySource.CARD  # without an order the claim is refused
        return self._charging.charge(
            Charge(
                key=key,
                visit_id=visit.id,
                slot=slot,
                basket=package.basket,
                make_ready=lambda: self._paid_order_id(visit.id),
                send=lambda order_id: self._client.import_upsale(
                    upsale_call(self._campaign, visit, package.line, order_id, pay_source, returns)
                ),
                pay_source=pay_source,
            )
        )

    def pass_over_upsell(self, visit: Visit, slot: str, key: str) -> None:
        """It cannot be charged now; it is not offered again, for after payment every road leads forward."""
        self._attempts.pass_over(key, visit.id, slot, self._campaign.upsell(slot).basket)

    def confirm_paypal(self, visit: Visit, attempt: Attempt, agreement: Agreement) -> Claim:
        """The charge of a legacy PayPal order or upsell, after the shopper's return; nothing else is charged here."""
        return self._charging.go_on(
            Charge(
                key=attempt.key,
                visit_id=visit.id,
                slot=attempt.slot,
                basket=attempt.basket or NO_BASKET,
                make_ready=lambda: attempt.order_id or "",
                send=lambda order_id: self._confirm_paypal(visit, attempt, agreement, order_id),
                pay_source=PaySource.PAYPAL,
            )
        )

    def cancel_paypal(self, attempt: Attempt) -> bool:
        """Nothing is charged before Confirm PayPal, so an attempt that has not come so far ends at once."""
        return self._attempts.cancel(attempt.key)

    def wait_for(self, visit: Visit) -> None:
        """Let an earlier press, in this tab or another one, come to its outcome; as long as a pay request waits."""
        for attempt in self._attempts.of_visit(visit.id):
            self._charging.wait(attempt)

    def _import_order(self, visit: Visit, order: NewOrder, order_id: str) -> OrderReply | RedirectReply:
        latest = self._visits.find(visit.id) or visit
        return without_card(self._client.import_order(order_call(self._campaign, latest, order, order_id)), order.card)

    def _confirm_paypal(
        self, visit: Visit, attempt: Attempt, agreement: Agreement, order_id: str
    ) -> OrderReply | RedirectReply:
        basket = attempt.basket or NO_BASKET
        if attempt.slot == ORDER:
            return self._client.confirm_paypal(confirm_call(self._campaign, visit, basket, order_id, agreement))
        line, returns = basket.lines[0], agreement.returns
        call = upsale_call(self._campaign, visit, line, order_id, PaySource.PAYPAL, returns, agreement)
        return self._client.import_upsale(call)

    def _paid_order_id(self, visit_id: str) -> str:
        """The orderId of the charge that our books hold, not what a cookie says."""
        paid = self._paid_order(visit_id)
        if paid is None or paid.order_id is None:
            raise NotReady(Reason.UNREACHABLE)
        return paid.order_id

    def _paid_order(self, visit_id: str) -> Attempt | None:
        return paid_order(self._attempts.of_visit(visit_id))
