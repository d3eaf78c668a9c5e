"""Order Coupon and Sales Tax: what an order would come to, before it is placed."""

from decimal import Decimal

from funnel.sandbox.api.lines import order_lines
from funnel.sandbox.api.params import Params, campaign_id, check_lengths, require
from funnel.sandbox.api.replies import NO_SUCH_COUPON, NO_TAX_SERVICE, REQUIRED, Refusal, Reply, success
from funnel.sandbox.api.terms import currency_of, known_coupons, ship_profile, table_tax, without_shipping
from funnel.sandbox.discounts import discounts
from funnel.sandbox.orders import ZERO, money
from funnel.sandbox.world import World


def order_coupon(world: World, params: Params, site: str) -> Reply:
    """The discounts, on the products' own shipping unless a shipProfileId is sent along (an assumption)."""
    check_lengths(params)
    campaignId = campaign_id(world, params)
    require(params, ["couponCode"])
    items = order_lines(world, params, campaignId)
    profile = ship_profile(world, params, campaignId)
    items = without_shipping(items) if profile else items
    coupons = known_coupons(world, campaignId, params["couponCode"])
    if not coupons and world.switches.coupon_refusal == "error":
        raise Refusal(NO_SUCH_COUPON)
    price_off, ship_off = discounts(coupons, items, profile, currency_of(items))
    return success({"priceDiscount": told(world, price_off), "shipDiscount": told(world, ship_off)})


def sales_tax(world: World, params: Params, site: str) -> Reply:
    check_lengths(params)
    campaignId = campaign_id(world, params)
    items = order_lines(world, params, campaignId)
    if not (params.get("shipCountry") or params.get("country")):
        raise Refusal({"shipCountry": REQUIRED})
    if world.switches.tax_service == "error":
        raise Refusal(NO_TAX_SERVICE)
    if world.switches.tax_service == "zero":
        return success(told(world, ZERO))
    coupons = known_coupons(world, campaignId, params.get("couponCode", ""))
    price_off, _ = discounts(coupons, items, None, currency_of(items))
    return success(told(world, table_tax(world, items, price_off, params)))


def told(world: World, amount: Decimal) -> str | float:
    return float(amount) if world.switches.amounts_as == "number" else money(amount)
