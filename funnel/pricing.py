"""What the CRM has to say before a total can be shown: a coupon's worth and the sales tax, within a deadline."""

import time
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from funnel.basket import Basket
from funnel.campaign import Campaign
from funnel.charge_calls import coupon_call, tax_call
from funnel.crm.client import Client
from funnel.crm.errors import CrmError
from funnel.people import Addresses, Contact
from funnel.quote import Choice, Discount, Quote, Tax, basket, digest, tax_digest
from funnel.visit import Visit, Visits

CENT = Decimal("0.01")  # the CRM takes amounts with two places


@dataclass(frozen=True)
class Priced:
    """`coupon_refused`: the code takes nothing off. `unknown`: the CRM could not be asked, so no total is certain."""

    quote: Quote
    coupon_refused: bool = False
    unknown: bool = False


class Pricing:
    """Deadlines are seconds. What is known of the same choice already is not asked again."""

    def __init__(self, *, client: Client, campaign: Campaign, visits: Visits) -> None:
        self._client = client
        self._campaign = campaign
        self._visits = visits

    def price(
        self,
        visit: Visit,
        choice: Choice,
        *,
        contact: Contact | None,
        addresses: Addresses | None,
        deadline: float,
    ) -> Priced:
        """The quote for a choice, kept in the visit; the tax only where the address is known."""
        until = time.monotonic() + deadline
        quote = replace(visit.quote or Quote(choice), choice=choice)
        bare = basket(self._campaign, choice)
        try:
            quote, refused = self._with_coupon(quote, bare, until)
            quote = self._with_tax(quote, bare, contact, addresses, until)
        except CrmError:
            self._visits.learn_quote(visit.id, quote)
            return Priced(quote, unknown=True)
        self._visits.learn_quote(visit.id, quote)
        return Priced(quote, coupon_refused=refused)

    def _with_coupon(self, quote: Quote, bare: Basket, until: float) -> tuple[Quote, bool]:
        code = quote.choice.coupon
        if not code or not self._campaign.checkout.coupons:
            return replace(quote, choice=replace(quote.choice, coupon=""), discount=None), False
        of = digest(bare, code)
        if quote.discount is None or quote.discount.of != of:
            reply = self._client.order_coupon(coupon_call(self._campaign, bare, code), deadline=_left(until))
            quote = replace(quote, discount=Discount(of, reply.priceDiscount, reply.shipDiscount))
        if quote.discount and quote.discount.helps:
            return quote, False
        return replace(quote, choice=replace(quote.choice, coupon=""), discount=None), True

    def _with_tax(
        self, quote: Quote, bare: Basket, contact: Contact | None, addresses: Addresses | None, until: float
    ) -> Quote:
        if not self._campaign.checkout.tax or addresses is None:
            return replace(quote, tax=None)
        of = tax_digest(bare, quote.choice.coupon, addresses)
        if quote.tax and quote.tax.of == of:
            return quote
        call = tax_call(self._campaign, bare, quote.choice.coupon, contact, addresses)
        amount = self._client.sales_tax(call, deadline=_left(until))
        return replace(quote, tax=Tax(of, amount.quantize(CENT, ROUND_HALF_UP)))


def _left(until: float) -> float:
    return max(until - time.monotonic(), 0.01)
