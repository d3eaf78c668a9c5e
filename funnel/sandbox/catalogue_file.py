"""Reading a catalogue from a JSON file: a list of products, or an object with products and what goes with them."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from funnel.sandbox.catalogue import NO_SHIPPING, Catalogue, Coupon, Product, ShipProfile, Variant

PARTS = ("products", "coupons", "shipProfiles", "taxes")
BASES = ("BASE_PRICE", "SHIPPING")

Row = Mapping[str, Any]


def read_catalogue(path: Path) -> Catalogue:
    """Raises ValueError, in words, when the file is not a catalogue."""
    try:
        return as_catalogue(json.loads(path.read_text(encoding="utf-8")))
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as problem:
        raise ValueError(f"{path} is no catalogue: {problem!r}") from None


def as_catalogue(loaded: Any) -> Catalogue:
    """A list of products, or {"products": […], "coupons": […], "shipProfiles": […], "taxes": {"US-CA": "0.0725"}}.

    Products bear Product's fields, with prices as text. What is left out beside the products has its default.
    """
    given: Row = {"products": loaded} if isinstance(loaded, list) else loaded
    if unknown := set(given) - set(PARTS):
        raise ValueError(f"there are {', '.join(PARTS)}, not {', '.join(sorted(unknown))}")
    products = [as_product(row) for row in given["products"]]
    others: dict[str, Any] = {}
    if "coupons" in given:
        others["coupons"] = tuple(as_coupon(row) for row in given["coupons"])
    if "shipProfiles" in given:
        others["shipProfiles"] = tuple(as_profile(row) for row in given["shipProfiles"])
    if "taxes" in given:
        others["taxes"] = {str(place): amount(rate) for place, rate in given["taxes"].items()}
    return Catalogue({product.productId: product for product in products}, **others)


def as_product(row: Row) -> Product:
    return Product(
        campaignId=int(row["campaignId"]),
        productId=int(row["productId"]),
        name=str(row["name"]),
        price=amount(row["price"]),
        shipPrice=amount(row.get("shipPrice", NO_SHIPPING)),
        productType=str(row.get("productType", "OFFER")),
        currency=str(row.get("currency", "USD")),
        variants=tuple(as_variant(each) for each in row.get("variants", ())),
    )


def as_variant(row: Row) -> Variant:
    price = None if row.get("price") is None else amount(row["price"])
    return Variant(int(row["variantId"]), str(row["name"]), price)


def as_coupon(row: Row) -> Coupon:
    """{"code": "SAVE10", "percent": "10"}, or "flat"; with "applyTo", "productId" and "campaignId" where wanted."""
    applyTo = str(row.get("applyTo", "BASE_PRICE"))
    if applyTo not in BASES or ("flat" in row) == ("percent" in row):
        raise ValueError(f"a coupon has flat or percent, and applies to {' or '.join(BASES)}: {row!r}")
    return Coupon(
        code=str(row["code"]).upper(),
        flat=amount(row.get("flat", 0)),
        percent=amount(row.get("percent", 0)),
        applyTo=applyTo,
        productId=number(row, "productId"),
        campaignId=number(row, "campaignId"),
    )


def as_profile(row: Row) -> ShipProfile:
    return ShipProfile(int(row["shipProfileId"]), str(row["name"]), amount(row["price"]), number(row, "campaignId"))


def number(row: Row, name: str) -> int | None:
    return None if row.get(name) is None else int(row[name])


def amount(value: object) -> Decimal:
    found = Decimal(str(value))
    if not found.is_finite() or found < 0:
        raise ValueError(f"{value!r} is no amount")
    return found
