"""Import Upsale: more products on a paid order, or others instead, billed to what paid it."""

from decimal import Decimal

from funnel.sandbox.api.gateway import put_to_gateway
from funnel.sandbox.api.lines import upsale_lines
from funnel.sandbox.api.params import Params, amount, check_lengths, existing_order, integer, session_id
from funnel.sandbox.api.payments import Paid, paid_with, pay_source, pays_anew
from funnel.sandbox.api.paypal import PAYPAL, finish_paypal, start_paypal
from funnel.sandbox.api.replies import NOT_COMPLETE, NOT_VALID, WINDOW_PASSED, Refusal, Reply
from funnel.sandbox.cards import APPROVE
from funnel.sandbox.orders import ZERO, Item, Order, Payment, Purchase, Terms
from funnel.sandbox.world import World

SECONDS_PER_MINUTE = 60
UPSALE_STATUSES = ("COMPLETE", "PENDING", "COD_PENDING")


def import_upsale(world: World, params: Params, site: str) -> Reply:
    check_lengths(params)
    order = existing_order(world, params)
    check_open(world, order)
    session_id(world, params)
    if params.get("paySource") == "PAYPAL":
        return paypal_upsale(world, params, site, order)
    upsale_lines(world, params, order.campaignId)  # what is wrong with the lines is told before what is with the card
    paid = payment_for(world, params, order)
    outcome = APPROVE if world.switches.single_transaction else paid.outcome
    return put_to_gateway(world, order, purchased(world, params, order, paid.payment), outcome, params, site)


def payment_for(world: World, params: Params, order: Order) -> Paid:
    if pays_anew(params):
        return paid_with(world, params, pay_source(params))
    if order.payment is None:
        raise Refusal(NOT_COMPLETE)
    return Paid(order.payment, order.payment.on_upsale)


def purchased(world: World, params: Params, order: Order, payment: Payment) -> Purchase:
    items = upsale_lines(world, params, order.campaignId)
    replaced = replaced_item(params, order)
    return Purchase(
        order.orderId,
        items,
        payment,
        upsale=True,
        terms=Terms(salesTax=amount(params, "productSalesTax") or ZERO),
        replaces=replaced,
        credit=credit_for(world, replaced),
    )


def replaced_item(params: Params, order: Order) -> Item | None:
    """That one which is not in the order is refused is an assumption."""
    productId = integer(params, "replaceProductId")
    found = next((item for item in order.items if item.product.productId == productId), None)
    if productId and found is None:
        raise Refusal({"replaceProductId": NOT_VALID})
    return found


def credit_for(world: World, replaced: Item | None) -> Decimal:
    charges_difference = world.switches.replace_charges == "difference"
    return replaced.total if replaced and charges_difference else ZERO


def check_open(world: World, order: Order) -> None:
    """Only a paid order takes upsales, for a while. The texts, and PENDING being enough, are assumptions."""
    if order.orderStatus not in UPSALE_STATUSES or order.completed_at is None:
        raise Refusal(NOT_COMPLETE)
    window = world.switches.upsell_window_minutes * SECONDS_PER_MINUTE
    if window and world.now() - order.completed_at > window:
        raise Refusal(WINDOW_PASSED)


def paypal_upsale(world: World, params: Params, site: str, order: Order) -> Reply:
    """First a trip to PayPal; then the same call again with the token it gave."""
    purchase = purchased(world, params, order, PAYPAL)
    if params.get("token") or params.get("baToken"):
        return finish_paypal(world, params, order, purchase)
    return start_paypal(world, params, site, order, purchase)
