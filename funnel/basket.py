"""What one charge is for: lines, shipping, discount and tax, as shown, as sent and as kept in the ledger."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict

NOTHING = Decimal("0.00")


class Line(BaseModel):
    """A product in a quantity. Prices are per unit; `replaces` is the product of the order that it stands in for."""

    model_config = ConfigDict(frozen=True)
    productId: int
    name: str
    quantity: int = 1
    each: Decimal
    ship_each: Decimal = NOTHING
    variantId: int | None = None
    replaces: int | None = None

    @property
    def price(self) -> Decimal:
        return self.each * self.quantity

    @property
    def shipping(self) -> Decimal:
        return self.ship_each * self.quantity


class Basket(BaseModel):
    """Amounts are in the campaign's currency.

    With a shipping profile its price takes the place of the lines' own shipping; `discount` is taken off the
    prices and `ship_discount` off the shipping, both as the CRM said for `couponCode`.
    """

    model_config = ConfigDict(frozen=True)
    lines: tuple[Line, ...]
    shipProfileId: int | None = None
    profile_price: Decimal | None = None
    couponCode: str | None = None
    discount: Decimal = NOTHING
    ship_discount: Decimal = NOTHING
    tax: Decimal | None = None

    @property
    def prices(self) -> Decimal:
        return sum((line.price for line in self.lines), NOTHING)

    @property
    def shipping(self) -> Decimal:
        """Before any discount."""
        if self.profile_price is not None:
            return self.profile_price
        return sum((line.shipping for line in self.lines), NOTHING)

    @property
    def saved(self) -> Decimal:
        """What the coupon takes off; never more than there is."""
        return min(self.discount, self.prices) + min(self.ship_discount, self.shipping)

    @property
    def total(self) -> Decimal:
        return self.prices + self.shipping - self.saved + (self.tax or NOTHING)

    def quantity_of(self, product_id: int) -> int:
        return sum(line.quantity for line in self.lines if line.productId == product_id)
