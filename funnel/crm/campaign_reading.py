"""How Campaign Query's message becomes campaigns.

No whole answer is published. Products are what a campaign is asked for, so one that cannot be read makes the answer
illegible. Of the rest several names and shapes are tried, and what cannot be read is left out.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from funnel.crm.campaigns import Campaign, CampaignCoupon, CampaignProduct, ShipProfile, Variant
from funnel.crm.envelope import Envelope
from funnel.crm.errors import Garbled
from funnel.crm.values import Message, mapping, money, rows, text, whole

Found = TypeVar("Found")


def read_campaigns(envelope: Envelope) -> tuple[Campaign, ...]:
    return tuple(_campaign(row) for row in rows(mapping(envelope.message), "data"))


def _campaign(row: Message) -> Campaign:
    campaign_id = whole(row.get("campaignId"))
    if campaign_id is None:
        raise Garbled("no campaignId")
    products = rows(row, "products") if row.get("products") else []
    return Campaign(
        campaignId=campaign_id,
        campaignName=text(row.get("campaignName")),
        currency=text(row.get("currency")),
        products=tuple(_product(product) for product in products),
        coupons=_all(row.get("coupons"), _coupon),
        shipProfiles=_all(row.get("shipProfiles"), _profile),
        countries=_countries(row.get("countries")),
        taxes=_taxes(row.get("taxes")),
        reOrderDays=whole(row.get("reOrderDays")),
    )


def _product(row: Message) -> CampaignProduct:
    """That the shipping price bears the name shippingPrice is an assumption; no whole answer is published."""
    campaign_product_id = whole(row.get("campaignProductId"))
    if campaign_product_id is None:
        raise Garbled("no campaignProductId")
    return CampaignProduct(
        campaignProductId=campaign_product_id,
        productId=whole(row.get("productId")),
        productName=text(row.get("productName")),
        productType=text(row.get("productType")),
        price=money(row.get("price")),
        shippingPrice=money(row.get("shippingPrice")),
        variants=_all(row.get("variants"), _variant),
    )


def _variant(row: Message) -> Variant | None:
    variant_id = whole(_first(row, "variantDetailId", "variantId", "id"))
    if variant_id is None:
        return None
    return Variant(variant_id, text(_first(row, "variantName", "title", "name")), money(row.get("price")))


def _coupon(row: Message) -> CampaignCoupon | None:
    """Amounts under the names of the vendor's own page script."""
    code = text(_first(row, "couponCode", "code"))
    if code is None:
        return None
    return CampaignCoupon(
        couponCode=code,
        flat=money(_first(row, "couponDiscountPrice", "discountPrice")),
        fraction=money(_first(row, "couponDiscountPerc", "discountPerc")),
        applyTo=text(row.get("applyTo")),
        campaignProductId=whole(row.get("campaignProductId")),
    )


def _profile(row: Message) -> ShipProfile | None:
    profile_id = whole(_first(row, "shipProfileId", "id"))
    if profile_id is None:
        return None
    name = text(_first(row, "profileName", "name", "title"))
    return ShipProfile(profile_id, name, money(_first(row, "price", "shipPrice", "shippingPrice", "baseShipping")))


def _countries(given: object) -> dict[str, str]:
    """From names by code, from rows, or from bare codes."""
    if isinstance(given, Mapping) and all(isinstance(each, str) for each in given.values()):
        return {str(code): name for code, name in given.items() if text(code)}
    found = {}
    for each in _listed(given):
        row = each if isinstance(each, Mapping) else {"code": each}
        if code := text(_first(row, "countryCode", "code", "country")):
            found[code] = text(_first(row, "countryName", "name")) or code
    return found


def _taxes(given: object) -> dict[str, Decimal]:
    """From rates by place, or from rows with country, state and rate."""
    if isinstance(given, Mapping) and not any(isinstance(each, Mapping) for each in given.values()):
        return {str(place): rate for place, each in given.items() if (rate := money(each)) is not None}
    return dict(_all(given, _tax))


def _tax(row: Message) -> tuple[str, Decimal] | None:
    country, state = text(_first(row, "countryCode", "country")), text(_first(row, "stateCode", "state"))
    rate = money(_first(row, "taxRate", "rate"))
    return None if country is None or rate is None else (f"{country}-{state or '*'}", rate)


def _all(given: object, read: Callable[[Message], Found | None]) -> tuple[Found, ...]:
    found = (read(row) for row in _listed(given) if isinstance(row, Mapping))
    return tuple(each for each in found if each is not None)


def _listed(given: object) -> list[object]:
    if isinstance(given, Mapping):
        return list(given.values())
    return list(given) if isinstance(given, Sequence) and not isinstance(given, str) else []


def _first(row: Message, *names: str) -> object:
    """The value under the first of these names that has one."""
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)
