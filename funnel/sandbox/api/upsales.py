"""Import Upsale: more products on a paid order, billed to what paid it."""

from funnel.sandbox.api.gateway import card_payment, put_to_gateway
from funnel.sandbox.api.lines import upsale_lines
from funnel.sandbox.api.params import Params, amount, check_lengths, existing_order, session_id
from funnel.sandbox.api.paypal import finish_paypal, start_paypal
from funnel.sandbox.api.replies import NOT_COMPLETE, NOT_PLAYED, WINDOW_PASSED, Refusal, Reply
from funnel.sandbox.cards import APPROVE, digits_of, order_outcome
from funnel.sandbox.orders import ZERO, Order, Purchase
from funnel.sandbox.world import World

SECONDS_PER_MINUTE = 60
UPSALE_STATUSES = ("COMPLETE", "PENDING")


def import_upsale(world: World, params: Params, site: str) -> Reply:
    check_lengths(params)
    order = existing_order(world, params)
    check_open(world, order)
    if params.get("replaceProductId"):
        raise Refusal(f"{NOT_PLAYED} replaceProductId")
    session_id(world, params)
    items = upsale_lines(world, params, order.campaignId)
    if params.get("paySource") == "PAYPAL":
        return paypal_upsale(world, params, site, order)
    pays_anew = bool(params.get("cardNumber"))
    payment = card_payment(params, world.now()) if pays_anew else order.payment
    if payment is None:
        raise Refusal(NOT_COMPLETE)
    outcome = order_outcome(digits_of(params["cardNumber"])) if pays_anew else payment.on_upsale
    if world.switches.single_transaction:
        outcome = APPROVE
    tax = amount(params, "productSalesTax") or ZERO
    purchase = Purchase(order.orderId, items, payment, upsale=True, salesTax=tax)
    return put_to_gateway(world, order, purchase, outcome, params, site)


def check_open(world: World, order: Order) -> None:
    """Only a paid order takes upsales, for a while. The texts, and PENDING being enough, are assumptions."""
    if order.orderStatus not in UPSALE_STATUSES or order.completed_at is None:
        raise Refusal(NOT_COMPLETE)
    window = world.switches.upsell_window_minutes * SECONDS_PER_MINUTE
    if window and world.now() - order.completed_at > window:
        raise Refusal(WINDOW_PASSED)


def paypal_upsale(world: World, params: Params, site: str, order: Order) -> Reply:
    """First a trip to PayPal; then the same call again with the token it gave."""
    items = upsale_lines(world, params, order.campaignId)
    tax = amount(params, "productSalesTax") or ZERO
    if params.get("token") or params.get("baToken"):
        return finish_paypal(world, params, order, items, tax, upsale=True)
    return start_paypal(world, params, site, order, items, tax, upsale=True)
