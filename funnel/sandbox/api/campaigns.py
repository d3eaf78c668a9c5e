"""Campaign Query. The names within variants, coupons, shipping profiles and taxes are assumptions."""

from collections.abc import Sequence
from typing import Any

from funnel.sandbox.api.params import Params, integer
from funnel.sandbox.api.queries import page_head, page_number, page_size
from funnel.sandbox.api.replies import NO_CAMPAIGNS, Refusal, Reply, success
from funnel.sandbox.catalogue import Coupon, Product, ShipProfile, Variant
from funnel.sandbox.discounts import HUNDRED
from funnel.sandbox.orders import money
from funnel.sandbox.world import World


def campaign_query(world: World, params: Params, site: str) -> Reply:
    """The campaigns by id. Without a catalogue: the one asked for, with the product asked for."""
    campaigns = world.catalogue.campaigns()
    asked = integer(params, "campaignId")
    if world.catalogue.products is None and asked:
        product = world.catalogue.find(asked, integer(params, "campaignProductId", default=1))
        campaigns = {asked: [product] if product else []}
    found = {number: products for number, products in campaigns.items() if asked in (0, number)}
    if not found:
        raise Refusal(NO_CAMPAIGNS)
    size, number = page_size(params), page_number(params)
    shown = list(found.items())[size * (number - 1) : size * number]
    rows = {str(campaignId): campaign_row(world, campaignId, products) for campaignId, products in shown}
    return success({**page_head(len(found), size, number), "data": rows})


def campaign_row(world: World, campaignId: int, products: Sequence[Product]) -> dict[str, Any]:
    return {
        "campaignId": campaignId,
        "campaignName": f"Campaign {campaignId}",
        "campaignType": "ECOMMERCE",
        "currency": products[0].currency,
        "currencySymbol": products[0].currencySymbol,
        "products": [product_row(product) for product in products],
        "coupons": [coupon_row(coupon) for coupon in world.catalogue.coupons_of(campaignId)],
        "countries": [],
        "shipProfiles": [profile_row(profile) for profile in world.catalogue.profiles_of(campaignId)],
        "taxes": {place: str(rate) for place, rate in world.catalogue.taxes.items()},
        "reOrderDays": int(world.switches.reorder_days) or None,
    }


def product_row(product: Product) -> dict[str, Any]:
    """That the shipping price is named shippingPrice is an assumption; only its being there is known."""
    return {
        "campaignProductId": product.productId,
        "productId": product.productId,
        "clientProductId": None,
        "productName": product.name,
        "baseProductName": product.name,
        "price": money(product.price),
        "shippingPrice": money(product.shipPrice),
        "productType": product.productType,
        "productSku": "",
        "billerName": None,
        "variants": [variant_row(product, variant) for variant in product.variants],
    }


def variant_row(product: Product, variant: Variant) -> dict[str, Any]:
    price = product.price if variant.price is None else variant.price
    return {"variantDetailId": variant.variantId, "variantName": variant.name, "price": money(price)}


def coupon_row(coupon: Coupon) -> dict[str, Any]:
    """Under the names of the vendor's own script, which takes the percents as a fraction."""
    return {
        "couponCode": coupon.code,
        "couponDiscountPrice": money(coupon.flat),
        "couponDiscountPerc": str(coupon.percent / HUNDRED),
        "applyTo": coupon.applyTo,
        "campaignProductId": coupon.productId,
    }


def profile_row(profile: ShipProfile) -> dict[str, Any]:
    return {"shipProfileId": profile.shipProfileId, "profileName": profile.name, "price": money(profile.price)}
