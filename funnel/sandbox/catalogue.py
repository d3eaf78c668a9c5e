"""What the campaigns sell: products, coupons, ways to ship and taxes, as an account would hold them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

RECORDED_PRICE = Decimal("0.30")  # the price of the recorded order
NO_SHIPPING = Decimal("0.00")
SYMBOLS = {"USD": "$", "CAD": "$", "AUD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
WITHOUT_CENTS = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"]
)
IN_THOUSANDTHS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


@dataclass(frozen=True)
class Variant:
    """A colour or size of a product. Without a price it costs what the product does."""

    variantId: int
    name: str
    price: Decimal | None = None


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
    variants: tuple[Variant, ...] = ()

    @property
    def currencySymbol(self) -> str:
        return SYMBOLS.get(self.currency, self.currency)


@dataclass(frozen=True)
class Coupon:
    """Takes off a flat amount or so many percent, of BASE_PRICE or SHIPPING, of one product or of the order.

    Without a campaignId every campaign takes it.
    """

    code: str
    flat: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)
    applyTo: str = "BASE_PRICE"
    productId: int | None = None
    campaignId: int | None = None


@dataclass(frozen=True)
class ShipProfile:
    """A way to ship, whose price takes the place of the products' own shipping."""

    shipProfileId: int
    name: str
    price: Decimal
    campaignId: int | None = None


DEFAULT_COUPONS = (
    Coupon("SAVE10", percent=Decimal(10)),
    Coupon("FIVE", flat=Decimal("5.00")),
    Coupon("SHIPFREE", percent=Decimal(100), applyTo="SHIPPING"),
)
DEFAULT_SHIP_PROFILES = (
    ShipProfile(1, "Standard", Decimal("4.95")),
    ShipProfile(2, "Express", Decimal("12.95")),
)
DEFAULT_TAXES = {"US-CA": Decimal("0.0725"), "US-NY": Decimal("0.04"), "CA-*": Decimal("0.05")}


@dataclass(frozen=True)
class Catalogue:
    """With no products at all, any campaign and any product id exists, at the recorded price, in any variant.

    Taxes are rates by place: US-CA for a state, CA-* for the rest of a country.
    """

    products: Mapping[int, Product] | None
    coupons: tuple[Coupon, ...] = DEFAULT_COUPONS
    shipProfiles: tuple[ShipProfile, ...] = DEFAULT_SHIP_PROFILES
    taxes: Mapping[str, Decimal] = field(default_factory=lambda: DEFAULT_TAXES)

    def find(self, campaignId: int, productId: int) -> Product | None:
        if self.products is None:
            return Product(campaignId, productId, f"({productId}) Product", RECORDED_PRICE)
        product = self.products.get(productId)
        return product if product and product.campaignId == campaignId else None

    def variant(self, product: Product, variantId: int) -> Variant | None:
        if self.products is None:
            return Variant(variantId, f"Variant {variantId}")
        return next((each for each in product.variants if each.variantId == variantId), None)

    def coupons_of(self, campaignId: int) -> tuple[Coupon, ...]:
        return tuple(each for each in self.coupons if each.campaignId in (None, campaignId))

    def profiles_of(self, campaignId: int) -> tuple[ShipProfile, ...]:
        return tuple(each for each in self.shipProfiles if each.campaignId in (None, campaignId))

    def tax_rate(self, country: str, state: str) -> Decimal:
        return self.taxes.get(f"{country}-{state}", self.taxes.get(f"{country}-*", Decimal(0)))

    def has_campaign(self, campaignId: int) -> bool:
        return self.products is None or campaignId in self.campaigns()

    def campaigns(self) -> dict[int, list[Product]]:
        """The products by campaign, in the order of the catalogue."""
        found: dict[int, list[Product]] = {}
        for product in (self.products or {}).values():
            found.setdefault(product.campaignId, []).append(product)
        return found


def rounded(amount: Decimal, currency: str) -> Decimal:
    """To the currency's smallest coin, halves up."""
    places = 0 if currency in WITHOUT_CENTS else 3 if currency in IN_THOUSANDTHS else 2
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
