"""PayPal: sending the shopper there, and Confirm PayPal when they come back."""

from dataclasses import replace
from decimal import Decimal

from funnel.sandbox.api.lines import order_lines
from funnel.sandbox.api.params import Params, amount, check_lengths, integer, require, url
from funnel.sandbox.api.replies import (
    ALREADY_PROCESSED,
    NO_PRODUCTS,
    NO_SUCH_ORDER,
    PAYPAL_NOT_AGREED,
    Refusal,
    Reply,
    redirect_to,
    success,
)
from funnel.sandbox.orders import ZERO, Item, Order, Payment, Purchase
from funnel.sandbox.shapes import order_shape
from funnel.sandbox.till import take_money
from funnel.sandbox.world import Away, World

PAYPAL = Payment(paySource="PAYPAL")


def start_paypal(
    world: World,
    params: Params,
    site: str,
    order: Order,
    items: tuple[Item, ...],
    tax: Decimal,
    upsale: bool = False,
) -> Reply:
    """Legacy: SUCCESS with a paypalUrl, the order still PARTIAL. New workflow: MERC_REDIRECT."""
    purchase = Purchase(order.orderId, items, PAYPAL, upsale=upsale, salesTax=tax)
    if world.switches.paypal_workflow == "new":
        require(params, ["redirectsTo", "errorRedirectsTo"])
        away = world.send_away("paypal", purchase, url(params, "redirectsTo"), url(params, "errorRedirectsTo"))
        return redirect_to(page(site, away))
    require(params, ["salesUrl"])
    away = world.send_away("paypal-legacy", purchase, url(params, "salesUrl"))
    return success({**order_shape(order), "paypalUrl": page(site, away)})


def page(site: str, away: Away) -> str:
    return f"{site}/_sandbox/paypal/{away.token}"


def confirm_paypal(world: World, params: Params, site: str) -> Reply:
    """Takes the money of a legacy PayPal order. The lines must come again; they are what is charged."""
    check_lengths(params)
    campaignId = integer(params, "campaignId")
    if not (campaignId and world.catalogue.has_campaign(campaignId)):
        raise Refusal(NO_PRODUCTS)
    items = order_lines(world, params, campaignId)
    if not params.get("baToken"):
        require(params, ["token", "payerId"])
    order = world.order(agreed(world, params, upsale=False).purchase.orderId)
    if order is None or params.get("orderId", order.orderId) != order.orderId:
        raise Refusal(NO_SUCH_ORDER)
    return finish_paypal(world, params, order, items, amount(params, "salesTax") or ZERO, upsale=False)


def finish_paypal(
    world: World, params: Params, order: Order, items: tuple[Item, ...], tax: Decimal, upsale: bool
) -> Reply:
    """Charges what the shopper agreed to. Done before, the switch for paid orders decides."""
    away = agreed(world, params, upsale)
    if away.purchase.orderId != order.orderId:
        raise Refusal(NO_SUCH_ORDER)
    done = away.paid or not (upsale or order.resubmittable)
    if done and world.switches.complete_order_import == "return":
        return success(order_shape(order))
    if done and world.switches.complete_order_import == "error":
        raise Refusal(ALREADY_PROCESSED)
    world.away[away.token] = replace(away, paid=True)
    purchase = Purchase(order.orderId, items, PAYPAL, upsale=upsale, salesTax=tax)
    return success(order_shape(take_money(world, order, purchase)))


def agreed(world: World, params: Params, upsale: bool) -> Away:
    """The trip to PayPal the token stands for, if the shopper agreed there."""
    away = world.away.get(params.get("token") or params.get("baToken") or "")
    known = away and away.kind == "paypal-legacy" and away.approved and away.purchase.upsale == upsale
    if not (away and known and params.get("payerId", away.payerId) == away.payerId):
        raise Refusal(PAYPAL_NOT_AGREED)
    return away
