"""What the CRM has to say before a total can be shown: a coupon's worth and the sales tax, within a deadline."""

import time
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_precision

from funnel.campaign.campaign import Campaign
from funnel.charges.calls import coupon_call, tax_call
from funnel.crm.client import Client
from funnel.crm.errors import CrmError
from funnel.people import Addresses, Contact
from funnel.quote import Choice, Discount, Quote, Tax, basket, digest, tax_digest
from funnel.store.store import Store
from funnel.visits.visit import Visit
from funnel.visits.visits import Visits


@dataclass(frozen=True)
class Priced:
    """`refused` is a code that takes nothing off, or no longer; with `unknown` the CRM could not be asked, so no
    total is certain."""

    quote: Quote
    refused: str = ""
    unknown: bool = False


class Pricing:
    """Deadlines are seconds. What is known of the same choice already is not asked again."""

    def __init__(self, *, client: Client, campaign: Campaign, store: Store, visits: Visits) -> None:
        self._client = client
        self._campaign = campaign
        self._store = store
        self._visits = visits

    def price(
        self,
        visit: Visit,
        choice: Choice,
        *,
        contact: Contact | None,
        addresses: Addresses | None,
        deadline: float,
        before_charge: bool = False,
    ) -> Priced:
        """The quote for a choice, kept in the visit; the tax only where the address is known.

        Before a charge a coupon is asked about again, for it may have ended since it was shown.
        """
        until = time.monotonic() + deadline
        quote = (visit.quote or Quote(choice)).of(self._campaign, self._allowed(choice), addresses)
        try:
            priced = self._with_coupon(quote, until, again=before_charge)
            priced = replace(priced, quote=self._with_tax(priced.quote, contact, addresses, until))
        except CrmError:
            priced = Priced(quote, unknown=True)
        if priced.quote != visit.quote:
            with self._store.write() as connection:
                self._visits.learn_quote(connection, visit.id, priced.quote)
        return priced

    def price_coupon(self, visit: Visit, *, deadline: float) -> None:
        """For a code that came in an address: asked before the shopper reaches the checkout. Raises CrmError."""
        quote = visit.quote
        if quote and quote.choice.coupon and quote.discount is None:
            self._visits.learn_discount(visit.id, quote, self._discount(quote.choice, deadline))

    def _allowed(self, choice: Choice) -> Choice:
        return choice if self._campaign.checkout.coupons else replace(choice, coupon="")

    def _with_coupon(self, quote: Quote, until: float, *, again: bool) -> Priced:
        code = quote.choice.coupon
        if not code:
            return Priced(quote)
        if quote.discount is None or again:
            quote = replace(quote, discount=self._discount(quote.choice, _left(until)))
        if quote.helped:
            return Priced(quote)
        return Priced(Quote(replace(quote.choice, coupon=""), tax=quote.tax), refused=code)

    def _discount(self, choice: Choice, deadline: float) -> Discount:
        call = coupon_call(self._campaign, basket(self._campaign, choice), choice.coupon)
        reply = self._client.order_coupon(call, deadline=deadline)
        return Discount(
            digest(self._campaign, choice), self._rounded(reply.priceDiscount), self._rounded(reply.shipDiscount)
        )

    def _with_tax(self, quote: Quote, contact: Contact | None, addresses: Addresses | None, until: float) -> Quote:
        if not self._campaign.checkout.tax or addresses is None:
            return replace(quote, tax=None)
        untaxed = quote.untaxed(self._campaign)
        of = tax_digest(untaxed, addresses)
        if quote.tax and quote.tax.of == of:
            return quote
        call = tax_call(self._campaign, untaxed, contact, addresses)
        return replace(quote, tax=Tax(of, self._rounded(self._client.sales_tax(call, deadline=_left(until)))))

    def _rounded(self, amount: Decimal) -> Decimal:
        """To the currency's smallest coin, as shoppers read it, and as the CRM writes it: with two places at least."""
        places = get_currency_precision(self._campaign.currency)
        coins = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        return coins.quantize(Decimal(1).scaleb(-max(2, places)))


def _left(until: float) -> float:
    return max(until - time.monotonic(), 0.01)
