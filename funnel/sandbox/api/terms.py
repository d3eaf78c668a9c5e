"""What is charged beside the items: a shipping profile, coupons, sales tax and insurance."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from funnel.sandbox.api.params import Params, amount, integer, is_yes
from funnel.sandbox.api.replies import NO_SUCH_COUPON, NOT_VALID, Refusal
from funnel.sandbox.catalogue import Coupon, ShipProfile, rounded
from funnel.sandbox.discounts import discounts
from funnel.sandbox.orders import ZERO, Item, Terms
from funnel.sandbox.world import World

Offer = tuple[tuple[Item, ...], Terms]


def offer(world: World, params: Params, campaignId: int, items: tuple[Item, ...], where: Params) -> Offer:
    """The items as they will be charged, and the terms. `where` tells the address, by the person's parameters.

    A coupon counts only where it is sent with the charge: that a lead's does not is an assumption.
    """
    profile = ship_profile(world, params, campaignId)
    codes = params.get("couponCode", "").strip()
    coupons = known_coupons(world, campaignId, codes)
    if codes and not coupons and world.switches.unknown_coupon == "error":
        raise Refusal(NO_SUCH_COUPON)
    items = without_shipping(items) if profile else items
    price_off, ship_off = discounts(coupons, items, profile, currency_of(items))
    terms = Terms(
        couponCode=codes if coupons else "",
        discountPrice=price_off,
        discountShipping=ship_off,
        profile=profile,
        salesTax=sales_tax(world, params, items, price_off, where),
        insurance=insurance(world, params),
    )
    return items, terms


def ship_profile(world: World, params: Params, campaignId: int) -> ShipProfile | None:
    """That an unknown one is refused is an assumption."""
    profileId = integer(params, "shipProfileId")
    profiles = world.catalogue.profiles_of(campaignId)
    profile = next((each for each in profiles if each.shipProfileId == profileId), None)
    if profileId and profile is None:
        raise Refusal({"shipProfileId": NOT_VALID})
    return profile


def without_shipping(items: Sequence[Item]) -> tuple[Item, ...]:
    return tuple(replace(item, shipping=ZERO) for item in items)


def known_coupons(world: World, campaignId: int, codes: str) -> list[Coupon]:
    """Of a list with commas, in any case, as the vendor's own script has it."""
    asked = {code.strip().upper() for code in codes.split(",")}
    return [coupon for coupon in world.catalogue.coupons_of(campaignId) if coupon.code in asked]


def sales_tax(world: World, params: Params, items: Sequence[Item], price_off: Decimal, where: Params) -> Decimal:
    """What was sent; without it, by the switch, none or the table's."""
    sent = amount(params, "salesTax")
    if sent is not None or world.switches.tax_when_unsent == "none":
        return sent or ZERO
    return table_tax(world, items, price_off, where)


def table_tax(world: World, items: Sequence[Item], price_off: Decimal, where: Params) -> Decimal:
    """On the prices less the discount on them; shipping is not taxed."""
    country = where.get("shipCountry") or where.get("country") or ""
    state = where.get("shipState") or where.get("state") or ""
    taxable = sum((item.price for item in items), ZERO) - price_off
    return rounded(taxable * world.catalogue.tax_rate(country, state), currency_of(items))


def insurance(world: World, params: Params) -> Decimal | None:
    if not is_yes(params, "insureShipment"):
        return None
    sent = amount(params, "shipmentInsurancePrice")
    return Decimal(str(world.switches.insurance_price)) if sent is None else sent


def currency_of(items: Sequence[Item]) -> str:
    return items[0].product.currency
