"""Import Order and Confirm Order."""

from dataclasses import replace

from funnel.sandbox.api.gateway import put_to_gateway
from funnel.sandbox.api.leads import SHIP_BY_BILL, check_person, contact_of, updated
from funnel.sandbox.api.limits import check_limits
from funnel.sandbox.api.lines import order_lines
from funnel.sandbox.api.params import Params, check_lengths, existing_order, integer, session_id
from funnel.sandbox.api.payments import PAYPAL as PAYPAL_SOURCE
from funnel.sandbox.api.payments import paid_with, pay_source
from funnel.sandbox.api.paypal import PAYPAL, start_paypal
from funnel.sandbox.api.replies import ALREADY_PROCESSED, NO_PRODUCTS, NOT_COMPLETE, REQUIRED, Refusal, Reply, success
from funnel.sandbox.api.terms import offer
from funnel.sandbox.orders import Order, Purchase
from funnel.sandbox.shapes import order_shape
from funnel.sandbox.world import World

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
    where = {**(order.contact if order else {}), **params}
    check_limits(world, world.customer(where), items)
    items, terms = offer(world, params, campaignId, items, where)
    if paySource == PAYPAL_SOURCE:
        order = with_person(world, params, order, campaignId)
        return start_paypal(world, params, site, order, Purchase(order.orderId, items, PAYPAL, terms=terms))
    check_shipping(world, params, order)
    paid = paid_with(world, params, paySource)
    order = with_person(world, params, order, campaignId)
    purchase = Purchase(order.orderId, items, paid.payment, terms=terms)
    return put_to_gateway(world, order, purchase, paid.outcome, params, site)


def already_processed(world: World, order: Order) -> Reply:
    if world.switches.complete_order_import == "return":
        return success(order_shape(order))
    raise Refusal(ALREADY_PROCESSED)


def check_order_person(params: Params, order: Order | None) -> None:
    """An order without a lead brings its person along."""
    if order is None:
        check_person(params)


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


def confirm_order(world: World, params: Params, site: str) -> Reply:
    """Sends the confirmation mail. The answer's text is an assumption: callers only looked at its result."""
    order = existing_order(world, params)
    if order.resubmittable:
        raise Refusal(NOT_COMPLETE)
    world.keep(replace(order, confirmations=order.confirmations + 1))
    return success("Order confirmation sent")
