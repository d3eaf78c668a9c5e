"""A basket as a shopper reads it: words and amounts, line by line."""

from decimal import Decimal

from funnel.basket import Basket

Rows = list[tuple[str, Decimal]]


def rows(basket: Basket) -> Rows:
    """Every line, shipping, and discount and tax where there are any; the total is the basket's own."""
    shown: Rows = [(f"{line.quantity} × {line.name}", line.price) for line in basket.lines]
    shown.append(("Shipping", basket.shipping))
    if basket.saved:
        shown.append((f"Discount {basket.couponCode}" if basket.couponCode else "Discount", -basket.saved))
    if basket.tax is not None:
        shown.append(("Tax", basket.tax))
    return shown
