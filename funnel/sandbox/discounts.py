"""What coupons take off, by the arithmetic of the vendor's own checkout script.

A product's coupons come before the order's, flat ones before percents, each on what the ones before have left. The
order's flat coupon is dropped where it would take off everything. That a product's flat coupon counts once for its
line, however many pieces, is an assumption.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from funnel.sandbox.catalogue import Coupon, ShipProfile, rounded
from funnel.sandbox.orders import ZERO, Item

PROFILE = 0  # stands in for a product where the shipping is a profile's
HUNDRED = Decimal(100)


def discounts(
    coupons: Sequence[Coupon], items: Sequence[Item], profile: ShipProfile | None, currency: str
) -> tuple[Decimal, Decimal]:
    """Off the prices, and off the shipping."""
    prices = by_product((item.product.productId, item.price) for item in items)
    shipping = by_product((item.product.productId, item.shipping) for item in items)
    if profile:
        shipping = {PROFILE: profile.price}
    return (
        taken_off([each for each in coupons if each.applyTo == "BASE_PRICE"], prices, currency),
        taken_off([each for each in coupons if each.applyTo == "SHIPPING"], shipping, currency),
    )


def by_product(amounts: Iterable[tuple[int, Decimal]]) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for productId, amount in amounts:
        found[productId] = found.get(productId, ZERO) + amount
    return found


def taken_off(coupons: Sequence[Coupon], amounts: Mapping[int, Decimal], currency: str) -> Decimal:
    left, off_the_order = dict(amounts), ZERO
    for coupon in sorted(coupons, key=lambda each: (each.productId is None, each.percent > 0)):
        if coupon.productId is None:
            base = sum(left.values(), ZERO) - off_the_order
            off_the_order += ZERO if coupon.flat >= base and coupon.flat else cut(coupon, base, currency)
        elif coupon.productId in left:
            left[coupon.productId] -= cut(coupon, left[coupon.productId], currency)
    return sum(amounts.values(), ZERO) - sum(left.values(), ZERO) + off_the_order


def cut(coupon: Coupon, base: Decimal, currency: str) -> Decimal:
    return min(base, coupon.flat or rounded(base * coupon.percent / HUNDRED, currency))
