"""A basket as a shopper reads it: words and amounts, line by line; what costs nothing is free."""

from decimal import Decimal

from funnel.basket import Basket
from funnel.language.phrase import Phrase, phrase

FREE = phrase("Free")
Rows = list[tuple[Phrase, Decimal | Phrase]]


def rows(basket: Basket) -> Rows:
    """Every line, shipping, and discount and tax where there are any; the total is the basket's own."""
    shown: Rows = [
        (phrase("{quantity} × {name}", quantity=line.quantity, name=phrase(line.name)), line.price or FREE)
        for line in basket.lines
    ]
    shown.append((phrase("Shipping"), basket.shipping or FREE))
    if basket.saved:
        shown.append((_discount(basket.couponCode), -basket.saved))
    if basket.tax is not None:
        shown.append((phrase("Tax"), basket.tax))
    return shown


def _discount(code: str | None) -> Phrase:
    return phrase("Discount {code}", code=code) if code else phrase("Discount")
