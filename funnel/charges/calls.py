"""How what is picked and bought is put to the CRM: coupon, tax, order, upsell, PayPal's confirmation; pure."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from funnel.attempt import PaySource
from funnel.basket import Basket, Line
from funnel.campaign.campaign import Campaign
from funnel.cards import Card
from funnel.crm import calls
from funnel.crm.calls import ConfirmPaypal, ImportOrder, ImportUpsale
from funnel.crm.pricing import OrderCoupon, SalesTax
from funnel.crm.replies import OrderReply, RedirectReply
from funnel.limits.origin import Origin
from funnel.people import Addresses, Contact
from funnel.visits.visit import Visit


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
    origin: Origin


@dataclass(frozen=True)
class Agreement:
    """What PayPal's legacy workflow hands the shopper to bring back: a token with a payer, or a baToken alone."""

    token: str | None
    payerId: str | None
    baToken: str | None
    returns: Returns


def order_call(campaign: Campaign, visit: Visit, order: NewOrder, order_id: str) -> ImportOrder:
    """Unprefixed fields are billing, ship… is delivery; both go along each time, as the CRM was seen to want."""
    by_paypal = order.card is None
    return ImportOrder(
        campaignId=campaign.campaignId,
        orderId=order_id,
        sessionId=visit.session_id,
        ipAddress=visit.arrival.ipAddress,
        lines=_lines(campaign, order.basket),
        payment=order.card,
        paySource=PaySource.PAYPAL if by_paypal else PaySource.CARD,
        paypalBillerId=_biller(campaign) if by_paypal else None,
        salesUrl=order.returns.sales if by_paypal else None,
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


def upsale_call(
    campaign: Campaign,
    visit: Visit,
    bought: Line,
    order_id: str,
    pay_source: PaySource,
    returns: Returns,
    agreement: Agreement | None = None,
) -> ImportUpsale:
    """A card needs nothing more; PayPal is asked first, and then again with the shopper's agreement."""
    line, by_paypal = _line(campaign, bought), pay_source is PaySource.PAYPAL
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
        paypalBillerId=_biller(campaign) if by_paypal else None,
        salesUrl=returns.sales if by_paypal else None,
        token=(agreement.token or agreement.baToken) if agreement else None,
        payerId=agreement.payerId if agreement else None,
    )


def confirm_call(
    campaign: Campaign, visit: Visit, basket: Basket, order_id: str, agreement: Agreement
) -> ConfirmPaypal:
    """The lines go along again: they are what is charged."""
    return ConfirmPaypal(
        campaignId=campaign.campaignId,
        orderId=order_id,
        sessionId=visit.session_id,
        token=agreement.token,
        payerId=agreement.payerId,
        baToken=agreement.baToken,
        paypalBillerId=_biller(campaign),
        lines=_lines(campaign, basket),
        couponCode=basket.couponCode,
        shipProfileId=basket.shipProfileId,
    )


def without_card(reply: OrderReply | RedirectReply, card: Card | None) -> OrderReply | RedirectReply:
    """The way to a bank is kept and drawn; one that quotes the card's number is no way, and Order Query decides."""
    if card and isinstance(reply, RedirectReply) and card.number.reveal() in f"{reply.url} {reply.script}":
        return RedirectReply(url=None, script=None)
    return reply


def coupon_call(campaign: Campaign, basket: Basket, code: str) -> OrderCoupon:
    return OrderCoupon(
        campaignId=campaign.campaignId,
        couponCode=code,
        lines=_lines(campaign, basket),
        shipProfileId=basket.shipProfileId,
    )


def tax_call(campaign: Campaign, basket: Basket, contact: Contact | None, addresses: Addresses) -> SalesTax:
    return SalesTax(
        campaignId=campaign.campaignId,
        lines=_lines(campaign, basket),
        firstName=contact.firstName if contact else None,
        lastName=contact.lastName if contact else None,
        shipAddress1=addresses.shipAddress1,
        shipCity=addresses.shipCity,
        shipState=addresses.shipState or None,
        shipPostalCode=addresses.shipPostalCode or None,
        shipCountry=addresses.shipCountry,
        couponCode=basket.couponCode,
    )


def _lines(campaign: Campaign, basket: Basket) -> tuple[calls.Line, ...]:
    return tuple(_line(campaign, line) for line in basket.lines)


def _line(campaign: Campaign, line: Line) -> calls.Line:
    """Prices go along only where funnel.toml says so, per unit; else the campaign's own stand."""
    bare = calls.Line(productId=line.productId, qty=line.quantity, variantId=line.variantId)
    return replace(bare, price=line.each, shipPrice=line.ship_each) if campaign.send_prices else bare


def _biller(campaign: Campaign) -> int | None:
    return campaign.paypal.paypalBillerId if campaign.paypal else None


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value != ""}
