"""Order lines: numbered parameters become items with their totals."""

from decimal import Decimal
from itertools import count

from funnel.sandbox.api.params import INTEGER, Params, amount, integer
from funnel.sandbox.api.replies import NO_PRODUCTS, NOT_VALID, Refusal
from funnel.sandbox.catalogue import Product
from funnel.sandbox.orders import Item
from funnel.sandbox.world import World

MOST_OF_ONE = 9_999


def order_lines(world: World, params: Params, campaignId: int) -> tuple[Item, ...]:
    """The lines product1_id, product2_id … up to the first gap. None, or an unknown product, is an error."""
    items = []
    for number in count(1):
        line = f"product{number}_"
        if not params.get(f"{line}id", "").strip():
            break
        product = known_product(world, campaignId, params[f"{line}id"])
        items.append(priced(world, params, product, f"{line}qty", f"{line}price", f"{line}shipPrice"))
    if not items:
        raise Refusal(NO_PRODUCTS)
    return tuple(items)


def upsale_lines(world: World, params: Params, campaignId: int) -> tuple[Item, ...]:
    """The one product of productId, or the numbered lines some clients send instead."""
    if not params.get("productId", "").strip():
        return order_lines(world, params, campaignId)
    product = known_product(world, campaignId, params["productId"])
    return (priced(world, params, product, "productQty", "productPrice", "productShipPrice"),)


def known_product(world: World, campaignId: int, text: str) -> Product:
    product = world.catalogue.find(campaignId, int(text)) if INTEGER.fullmatch(text.strip()) else None
    if product is None:
        raise Refusal(NO_PRODUCTS)
    return product


def priced(world: World, params: Params, product: Product, qty: str, price: str, shipPrice: str) -> Item:
    quantity = integer(params, qty, default=1)
    if not 1 <= quantity <= MOST_OF_ONE:
        raise Refusal({qty: NOT_VALID})
    return Item(
        product=product,
        qty=quantity,
        price=line_total(world, product.price, amount(params, price), quantity),
        shipping=line_total(world, product.shipPrice, amount(params, shipPrice), quantity),
    )


def line_total(world: World, campaign_price: Decimal, sent: Decimal | None, quantity: int) -> Decimal:
    """The campaign's price is per unit; one that was sent is per unit or per line, as the switch has it."""
    if sent is None:
        return campaign_price * quantity
    return sent if world.switches.price_rule == "line" else sent * quantity
