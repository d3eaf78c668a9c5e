"""What a shopper has picked at checkout and what it comes to; pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from funnel.basket import NOTHING, Basket
from funnel.campaign import Campaign
from funnel.campaign_tables import ShippingMethod
from funnel.package import Package
from funnel.people import Addresses

DIGEST_BYTES = 8


@dataclass(frozen=True)
class Choice:
    """Keys of funnel.toml, never a price."""

    package: str
    bumps: tuple[str, ...] = ()
    shipping: str | None = None
    coupon: str = ""


@dataclass(frozen=True)
class Discount:
    """What the CRM takes off for a coupon and one choice; `of` is a digest of both."""

    of: str
    price: Decimal
    shipping: Decimal

    @property
    def helps(self) -> bool:
        return bool(self.price or self.shipping)


@dataclass(frozen=True)
class Tax:
    """What the CRM's tax service says of one choice sent to one address; `of` is a digest of both."""

    of: str
    amount: Decimal


@dataclass(frozen=True)
class Quote:
    """A choice with what the CRM has said about it so far."""

    choice: Choice
    discount: Discount | None = None
    tax: Tax | None = None

    def basket(self, campaign: Campaign, package: str | None = None) -> Basket:
        """What is charged, and shown before; for another package only where nothing depends on the package."""
        choice = replace(self.choice, package=package) if package else self.choice
        bare = basket(campaign, choice)
        discount = self.discount if self.discount and self.discount.of == digest(bare, choice.coupon) else None
        return bare.model_copy(
            update={
                "couponCode": choice.coupon if discount and discount.helps else None,
                "discount": discount.price if discount else NOTHING,
                "ship_discount": discount.shipping if discount else NOTHING,
                "tax": self.tax.amount if self.tax else None,
            }
        )

    def is_known(self, campaign: Campaign, addresses: Addresses | None) -> bool:
        """Whether nothing has to be asked any more before the total can be shown."""
        bare = basket(campaign, self.choice)
        coupon_known = not self.choice.coupon or (
            self.discount is not None and self.discount.of == digest(bare, self.choice.coupon)
        )
        if not campaign.checkout.tax:
            return coupon_known
        return coupon_known and self.tax is not None and self.tax.of == tax_digest(bare, self.choice.coupon, addresses)

    def sheet(self, campaign: Campaign) -> dict[str, Basket]:
        """The basket of every package whose total the page shows: all, or the chosen one where the CRM is asked."""
        if self.discount or campaign.checkout.tax:
            return {self.choice.package: self.basket(campaign)}
        return {package.key: self.basket(campaign, package.key) for package in campaign.packages}


def first_quote(campaign: Campaign) -> Quote:
    """What is preselected: the first package and the first shipping method, and no bump ever."""
    method = campaign.shipping[0].key if campaign.shipping else None
    return Quote(Choice(campaign.packages[0].key, shipping=method))


def basket(campaign: Campaign, choice: Choice) -> Basket:
    """Without coupon and tax. A key that is not sold any more is left out, or the first one stands in."""
    package = find(campaign.packages, choice.package) or campaign.packages[0]
    bumps = [bump for bump in campaign.bumps if bump.key in choice.bumps]
    method = shipping_method(campaign, choice)
    return Basket(
        lines=(*package.lines, *(line for bump in bumps for line in bump.lines)),
        shipProfileId=method.shipProfileId if method else None,
        profile_price=method.price if method else None,
    )


def find(packages: tuple[Package, ...], key: str | None) -> Package | None:
    return next((package for package in packages if package.key == key), None)


def shipping_method(campaign: Campaign, choice: Choice) -> ShippingMethod | None:
    known = {method.key: method for method in campaign.shipping}
    return known.get(choice.shipping or "", campaign.shipping[0] if campaign.shipping else None)


def digest(bare: Basket, coupon: str) -> str:
    return _digest(bare.model_dump_json(), coupon)


def tax_digest(bare: Basket, coupon: str, addresses: Addresses | None) -> str:
    where = (
        [
            addresses.shipAddress1,
            addresses.shipCity,
            addresses.shipState,
            addresses.shipPostalCode,
            addresses.shipCountry,
        ]
        if addresses
        else []
    )
    return _digest(bare.model_dump_json(), coupon, *where)


def as_json(quote: Quote) -> dict[str, Any]:
    kept = asdict(quote)
    for part in ("discount", "tax"):
        kept[part] = kept[part] and {name: str(value) for name, value in kept[part].items()}
    return kept


def from_json(kept: Mapping[str, Any]) -> Quote:
    choice, discount, tax = kept["choice"], kept["discount"], kept["tax"]
    return Quote(
        choice=Choice(**{**choice, "bumps": tuple(choice["bumps"])}),
        discount=discount and Discount(discount["of"], Decimal(discount["price"]), Decimal(discount["shipping"])),
        tax=tax and Tax(tax["of"], Decimal(tax["amount"])),
    )


def _digest(*parts: str) -> str:
    return blake2b("\n".join(parts).encode(), digest_size=DIGEST_BYTES).hexdigest()
