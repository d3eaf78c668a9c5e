"""The campaigns' products and prices, as an account's campaigns would hold them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

RECORDED_PRICE = Decimal("0.30")  # the price of the recorded order
NO_SHIPPING = Decimal("0.00")
SYMBOLS = {"USD": "$", "CAD": "$", "AUD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


@dataclass(frozen=True)
class Product:
    """A campaign product. productId is the campaignProductId, which order lines name. Prices are per unit."""

    campaignId: int
    productId: int
    name: str
    price: Decimal
    shipPrice: Decimal = NO_SHIPPING
    productType: str = "OFFER"
    currency: str = "USD"

    @property
    def currencySymbol(self) -> str:
        return SYMBOLS.get(self.currency, self.currency)


@dataclass(frozen=True)
class Catalogue:
    """With no products at all, any campaign and any product id exists, at the recorded price."""

    products: Mapping[int, Product] | None

    def find(self, campaignId: int, productId: int) -> Product | None:
        if self.products is None:
            return Product(campaignId, productId, f"({productId}) Product", RECORDED_PRICE)
        product = self.products.get(productId)
        return product if product and product.campaignId == campaignId else None

    def has_campaign(self, campaignId: int) -> bool:
        return self.products is None or campaignId in self.campaigns()

    def campaigns(self) -> dict[int, list[Product]]:
        """The products by campaign, in the order of the catalogue."""
        found: dict[int, list[Product]] = {}
        for product in (self.products or {}).values():
            found.setdefault(product.campaignId, []).append(product)
        return found


def read_catalogue(path: Path) -> dict[int, Product]:
    """The products of a JSON file: a list of objects with Product's fields, prices as strings.

    Raises ValueError, in words, when the file is not that.
    """
    try:
        products = [as_product(row) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (KeyError, TypeError, ValueError, ArithmeticError) as problem:
        raise ValueError(f"{path} is not a list of products: {problem!r}") from None
    return {product.productId: product for product in products}


def as_product(row: Mapping[str, str | int]) -> Product:
    return Product(
        campaignId=int(row["campaignId"]),
        productId=int(row["productId"]),
        name=str(row["name"]),
        price=Decimal(str(row["price"])),
        shipPrice=Decimal(str(row.get("shipPrice", NO_SHIPPING))),
        productType=str(row.get("productType", "OFFER")),
        currency=str(row.get("currency", "USD")),
    )
