"""PayPal: sending the shopper there, and Confirm PayPal when they come back."""

from dataclasses import replace

from funnel.sandbox.api.lines import order_lines
from funnel.sandbox.api.params import Params, check_lengths, integer, is_yes, require, url
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
from funnel.sandbox.api.terms import offer
from funnel.sandbox.orders import Order, Payment, Purchase, Terms
from funnel.sandbox.shapes import order_shape
from funnel.sandbox.till import take_money
from funnel.sandbox.world import Away, World

PAYPAL = Payment(paySource="PAYPAL")


def start_paypal(world: World, params: Params, site: str, order: Order, purchase: Purchase) -> Reply:
    """Legacy: SUCCESS with a paypalUrl, or with paypalSdkParams, the order still PARTIAL. New: MERC_REDIRECT."""
    if world.switches.paypal_workflow == "new":
        require(params, ["redirectsTo", "errorRedirectsTo"])
        away = world.send_away("paypal", purchase, url(params, "redirectsTo"), url(params, "errorRedirectsTo"))
        return redirect_to(page(site, away))
    require(params, ["salesUrl"])
    away = world.send_away("paypal-legacy", purchase, url(params, "salesUrl"))
    if is_yes(params, "paypalSdk"):
        return success({**order_shape(order), "paypalSdkParams": {"id": away.token}})
    return success({**order_shape(order), "paypalUrl": page(site, away)})


def page(site: str, away: Away) -> str:
    return f"{site}/_sandbox/paypal/{away.token}"


def confirm_paypal(world: World, params: Params, site: str) -> Reply:
    """Takes the money of a legacy PayPal order. The lines must come again; they are what is charged.

    That coupon, shipping and tax of Import Order stand where they do not come again is an assumption.
    """
    check_lengths(params)
    campaignId = integer(params, "campaignId")
    if not (campaignId and world.catalogue.has_campaign(campaignId)):
        raise Refusal(NO_PRODUCTS)
    items = order_lines(world, params, campaignId)
    if not params.get("baToken"):
        require(params, ["token", "payerId"])
    away = agreed(world, params, upsale=False)
    order = world.order(away.purchase.orderId)
    if order is None or params.get("orderId", order.orderId) != order.orderId:
        raise Refusal(NO_SUCH_ORDER)
    told_before = away.purchase.terms
    items, terms = offer(world, {**as_told(told_before), **params}, campaignId, items, {**order.contact, **params})
    return finish_paypal(world, params, order, Purchase(order.orderId, items, PAYPAL, terms=terms))


def as_told(terms: Terms) -> dict[str, str]:
    """What Import Order said and Confirm PayPal need not repeat, as the parameters it came in."""
    told = {
        "couponCode": terms.couponCode,
        "shipProfileId": terms.profile.shipProfileId if terms.profile else "",
        "salesTax": terms.salesTax or "",
        **({"insureShipment": 1, "shipmentInsurancePrice": terms.insurance} if terms.insurance is not None else {}),
    }
    return {name: str(value) for name, value in told.items()}


def finish_paypal(world: World, params: Params, order: Order, purchase: Purchase) -> Reply:
    """Charges what the shopper agreed to. Done before, the switch for paid orders decides."""
    away = agreed(world, params, purchase.upsale)
    if away.purchase.orderId != order.orderId:
        raise Refusal(NO_SUCH_ORDER)
    done = away.paid or not (purchase.upsale or order.resubmittable)
    if done and world.switches.complete_order_import == "return":
        return success(order_shape(order))
    if done and world.switches.complete_order_import == "error":
        raise Refusal(ALREADY_PROCESSED)
    world.away[away.token] = replace(away, paid=True)
    return success(order_shape(take_money(world, order, purchase)))


def agreed(world: World, params: Params, upsale: bool) -> Away:
    """The trip to PayPal the token stands for, if the shopper agreed there."""
    away = world.away.get(params.get("token") or params.get("baToken") or "")
    known = away and away.kind == "paypal-legacy" and away.approved and away.purchase.upsale == upsale
    if not (away and known and params.get("payerId", away.payerId) == away.payerId):
        raise Refusal(PAYPAL_NOT_AGREED)
    return away
