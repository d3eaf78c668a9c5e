"""What a shopper has picked at checkout and what it comes to; pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from funnel.basket import Basket
from funnel.campaign.campaign import Campaign
from funnel.campaign.package import Package
from funnel.campaign.tables import ShippingMethod
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

    @property
    def helped(self) -> bool:
        return self.discount is not None and self.discount.helps

    def of(self, campaign: Campaign, choice: Choice, addresses: Addresses | None) -> "Quote":
        """What is known already of this choice, sent to these addresses; the rest has to be asked."""
        discount = self.discount if self.discount and self.discount.of == digest(campaign, choice) else None
        quote = Quote(choice, discount)
        known = self.tax and addresses and self.tax.of == tax_digest(quote.untaxed(campaign), addresses)
        return replace(quote, tax=self.tax if known else None)

    def basket(self, campaign: Campaign) -> Basket:
        """What is charged, and shown before."""
        return self.untaxed(campaign).model_copy(update={"tax": self.tax.amount if self.tax else None})

    def untaxed(self, campaign: Campaign) -> Basket:
        bare = basket(campaign, self.choice)
        if self.discount is None or not self.discount.helps:
            return bare
        known = {"discount": self.discount.price, "ship_discount": self.discount.shipping}
        return bare.model_copy(update={"couponCode": self.choice.coupon, **known})

    def sheet(self, campaign: Campaign) -> dict[str, Basket]:
        """The basket of every package whose total the page shows: all, or the chosen one where the CRM is asked."""
        if self.helped or campaign.checkout.tax:
            return {self.choice.package: self.basket(campaign)}
        each = (package.key for package in campaign.packages)
        return {key: basket(campaign, replace(self.choice, package=key)) for key in each}

    def packages(self, campaign: Campaign) -> tuple[Package, ...]:
        """Every package, with the terms of the ticked bumps beside its own."""
        bumps = [bump for bump in campaign.bumps if bump.key in self.choice.bumps]
        return tuple(package.beside(bumps) for package in campaign.packages)


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


def digest(campaign: Campaign, choice: Choice) -> str:
    """Of what a coupon's worth depends on."""
    return _digest(basket(campaign, choice).model_dump_json(), choice.coupon)


def tax_digest(untaxed: Basket, addresses: Addresses) -> str:
    """Of what the tax depends on: the discounted basket, and where it goes."""
    where = ("shipAddress1", "shipCity", "shipState", "shipPostalCode", "shipCountry")
    return _digest(untaxed.model_dump_json(), *(getattr(addresses, name) for name in where))


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
