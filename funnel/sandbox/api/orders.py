"""Import Order and Confirm Order."""

from dataclasses import replace
from decimal import Decimal

from funnel.sandbox.api.gateway import card_payment, put_to_gateway
from funnel.sandbox.api.leads import SHIP_BY_BILL, check_person, contact_of, updated
from funnel.sandbox.api.lines import order_lines
from funnel.sandbox.api.params import (
    Params,
    amount,
    check_lengths,
    existing_order,
    integer,
    session_id,
)
from funnel.sandbox.api.paypal import start_paypal
from funnel.sandbox.api.replies import (
    ALREADY_PROCESSED,
    NO_PRODUCTS,
    NOT_COMPLETE,
    NOT_PLAYED,
    REQUIRED,
    Refusal,
    Reply,
    must_be_in,
    success,
)
from funnel.sandbox.cards import digits_of, order_outcome
from funnel.sandbox.orders import ZERO, Item, Order, Purchase
from funnel.sandbox.shapes import order_shape
from funnel.sandbox.world import World

PAY_SOURCES = (
    "CREDITCARD",
    "CHECK",
    "ACCTONFILE",
    "PREPAID",
    "COD",
    "DIRECTDEBIT",
    "PAYPAL",
    "AMAZON",
    "APPLEPAY",
    "GOOGLEPAY",
)
SHIP_REQUIRED = (
    "shipAddress1",
    "shipCity",
    "shipPostalCode",
    "shipCountry",
)  # recorded: shipState is not among them


def import_order(world: World, params: Params, site: str) -> Reply:
    check_lengths(params)
    campaignId = integer(params, "campaignId")
    if not (campaignId and world.catalogue.has_campaign(campaignId)):
        raise Refusal(NO_PRODUCTS)
    items = order_lines(world, params, campaignId)
    order = existing_order(world, params) if params.get("orderId") else None
    if order and not order.resubmittable and world.switches.complete_order_import != "charge-again":
        return already_processed(world, order)
    paySource = pay_source(params)
    check_order_person(params, order)
    if paySource == "PAYPAL":
        order = with_person(world, params, order, campaignId)
        return start_paypal(world, params, site, order, items, sales_tax(params))
    return pay_by_card(world, params, site, order, items, campaignId)


def already_processed(world: World, order: Order) -> Reply:
    if world.switches.complete_order_import == "return":
        return success(order_shape(order))
    raise Refusal(ALREADY_PROCESSED)


def pay_source(params: Params) -> str:
    """CREDITCARD unless said otherwise. The sandbox plays cards and PayPal."""
    paySource = params.get("paySource") or "CREDITCARD"
    if paySource not in PAY_SOURCES:
        raise Refusal({"paySource": must_be_in(PAY_SOURCES)})
    if paySource not in ("CREDITCARD", "PAYPAL"):
        raise Refusal(f"{NOT_PLAYED} paySource {paySource}")
    return paySource


def check_order_person(params: Params, order: Order | None) -> None:
    """An order without a lead brings its person along."""
    if order is None:
        check_person(params)


def pay_by_card(
    world: World, params: Params, site: str, order: Order | None, items: tuple[Item, ...], campaignId: int
) -> Reply:
    check_shipping(world, params, order)
    payment = card_payment(params, world.now())
    order = with_person(world, params, order, campaignId)
    purchase = Purchase(order.orderId, items, payment, salesTax=sales_tax(params))
    outcome = order_outcome(digits_of(params["cardNumber"]))
    return put_to_gateway(world, order, purchase, outcome, params, site)


def check_shipping(world: World, params: Params, order: Order | None) -> None:
    """The recorded field map, for what is missing of the shipping address."""
    stored = order.contact if order else {}
    same = params.get("billShipSame", stored.get("billShipSame")) == "1"
    if world.switches.require_ship_address == "never":
        return
    known = {**stored, **params} if same or world.switches.require_ship_address == "stored" else params
    missing = {
        name: REQUIRED for name in SHIP_REQUIRED if not (known.get(name) or (same and known.get(SHIP_BY_BILL[name])))
    }
    if missing:
        raise Refusal(missing)


def with_person(world: World, params: Params, order: Order | None, campaignId: int) -> Order:
    """The order as this call's contact data leaves it; a paid one keeps what it has."""
    sessionId = session_id(world, params)
    if order is None:
        return world.new_order(campaignId, contact_of(params), sessionId)
    return updated(world, order, params, sessionId) if order.resubmittable else order


def sales_tax(params: Params) -> Decimal:
    return amount(params, "salesTax") or ZERO


def confirm_order(world: World, params: Params, site: str) -> Reply:
    """Sends the confirmation mail. The answer's text is an assumption: callers only looked at its result."""
    order = existing_order(world, params)
    if order.resubmittable:
        raise Refusal(NOT_COMPLETE)
    world.keep(replace(order, confirmations=order.confirmations + 1))
    return success("Order confirmation sent")
