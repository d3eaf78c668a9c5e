"""Order lines: numbered parameters become items with their totals."""

from decimal import Decimal
from itertools import count
from typing import NamedTuple

from funnel.sandbox.api.params import INTEGER, Params, amount, integer
from funnel.sandbox.api.replies import NO_PRODUCTS, NOT_VALID, Refusal
from funnel.sandbox.catalogue import Product, Variant
from funnel.sandbox.orders import Item
from funnel.sandbox.world import World

MOST_OF_ONE = 9_999


class Names(NamedTuple):
    """A line's parameters."""

    qty: str
    price: str
    shipPrice: str
    variant: str


def order_lines(world: World, params: Params, campaignId: int) -> tuple[Item, ...]:
    """The lines product1_id, product2_id … up to the first gap. None, or an unknown product, is an error."""
    items = []
    for number in count(1):
        line = f"product{number}_"
        if not params.get(f"{line}id", "").strip():
            break
        product = known_product(world, campaignId, params[f"{line}id"])
        names = Names(f"{line}qty", f"{line}price", f"{line}shipPrice", f"variant{number}_id")
        items.append(priced(world, params, product, names))
    if not items:
        raise Refusal(NO_PRODUCTS)
    return tuple(items)


def upsale_lines(world: World, params: Params, campaignId: int) -> tuple[Item, ...]:
    """The one product of productId, or the numbered lines some clients send instead."""
    if not params.get("productId", "").strip():
        return order_lines(world, params, campaignId)
    product = known_product(world, campaignId, params["productId"])
    names = Names("productQty", "productPrice", "productShipPrice", "variantDetailId")
    return (priced(world, params, product, names),)


def known_product(world: World, campaignId: int, text: str) -> Product:
    product = world.catalogue.find(campaignId, int(text)) if INTEGER.fullmatch(text.strip()) else None
    if product is None:
        raise Refusal(NO_PRODUCTS)
    return product


def known_variant(world: World, params: Params, product: Product, name: str) -> Variant | None:
    """That a variant of another product is refused is an assumption."""
    variantId = integer(params, name)
    variant = world.catalogue.variant(product, variantId) if variantId else None
    if variantId and variant is None:
        raise Refusal({name: NOT_VALID})
    return variant


def priced(world: World, params: Params, product: Product, names: Names) -> Item:
    quantity = integer(params, names.qty, default=1)
    if not 1 <= quantity <= MOST_OF_ONE:
        raise Refusal({names.qty: NOT_VALID})
    variant = known_variant(world, params, product, names.variant)
    own_price = product.price if variant is None or variant.price is None else variant.price
    return Item(
        product=product,
        qty=quantity,
        price=line_total(world, own_price, amount(params, names.price), quantity),
        shipping=line_total(world, product.shipPrice, amount(params, names.shipPrice), quantity),
        variant=variant,
    )


def line_total(world: World, campaign_price: Decimal, sent: Decimal | None, quantity: int) -> Decimal:
    """The campaign's price is per unit; one that was sent is per unit or per line, as the switch has it."""
    if sent is None:
        return campaign_price * quantity
    return sent if world.switches.price_rule == "line" else sent * quantity
