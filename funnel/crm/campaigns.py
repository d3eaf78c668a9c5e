"""What a campaign is: what it sells, and what it knows of coupons, shipping, countries and taxes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class Variant:
    """`variantId` is what order lines name. The price is None where it is the product's own."""

    variantId: int
    name: str | None
    price: Decimal | None = None


@dataclass(frozen=True)
class CampaignProduct:
    """`campaignProductId` is what order lines name; `productId` is the base product. Prices are per unit."""

    campaignProductId: int
    productId: int | None
    productName: str | None
    productType: str | None
    price: Decimal | None
    shippingPrice: Decimal | None
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True)
class CampaignCoupon:
    """A code and what it takes off: a flat amount, or a fraction (0.1 is a tenth), of BASE_PRICE or SHIPPING.

    Without a campaignProductId it is for the whole order.
    """

    couponCode: str
    flat: Decimal | None
    fraction: Decimal | None
    applyTo: str | None
    campaignProductId: int | None


@dataclass(frozen=True)
class ShipProfile:
    """A way to ship that the shopper may choose."""

    shipProfileId: int
    name: str | None
    price: Decimal | None


@dataclass(frozen=True)
class Campaign:
    """A campaign. `countries` maps codes to names, `taxes` places such as US-CA or US-* to rates."""

    campaignId: int
    campaignName: str | None
    currency: str | None
    products: tuple[CampaignProduct, ...]
    coupons: tuple[CampaignCoupon, ...] = ()
    shipProfiles: tuple[ShipProfile, ...] = ()
    countries: Mapping[str, str] = field(default_factory=dict)
    taxes: Mapping[str, Decimal] = field(default_factory=dict)
    reOrderDays: int | None = None
