"""What a shopper can choose as one thing: an offer in a quantity, one of its variants, or a bundle."""

from collections.abc import Iterable
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from funnel.basket import NOTHING, Basket, Line
from funnel.campaign.tables import Bundle, Offer, Subscription, Variant


class Package(BaseModel):
    model_config = ConfigDict(frozen=True)
    key: str
    name: str
    quantity: int
    lines: tuple[Line, ...]
    subscriptions: tuple[Subscription, ...] = ()
    description: str | None = None
    points: tuple[str, ...] = ()
    image: str | None = None

    @property
    def price(self) -> Decimal:
        return sum((line.price for line in self.lines), NOTHING)

    @property
    def shipping(self) -> Decimal:
        return sum((line.shipping for line in self.lines), NOTHING)

    @property
    def total(self) -> Decimal:
        return self.price + self.shipping

    @property
    def line(self) -> Line:
        """The one line of what is not a bundle."""
        return self.lines[0]

    @property
    def basket(self) -> Basket:
        return Basket(lines=self.lines)

    def beside(self, bumps: Iterable["Package"]) -> "Package":
        """With the terms of what is bought together with it, for a page that tells them in one place."""
        more = tuple(terms for bump in bumps for terms in bump.subscriptions)
        return self.model_copy(update={"subscriptions": (*self.subscriptions, *more)})


def of_offer(
    key: str, offer: Offer, quantity: int, variant: Variant | None = None, replaces: int | None = None
) -> Package:
    name = f"{offer.name}, {variant.name}" if variant else offer.name
    line = Line(
        productId=offer.productId,
        name=name,
        quantity=quantity,
        each=offer.price,
        ship_each=offer.shipPrice,
        variantId=variant.variantId if variant else None,
        replaces=replaces,
    )
    return Package(
        key="-".join([key, str(quantity), *([variant.key] if variant else [])]),
        name=name,
        quantity=quantity,
        lines=(line,),
        subscriptions=(offer.subscription.times(quantity),) if offer.subscription else (),
        description=offer.description,
        points=offer.points,
        image=offer.image,
    )


def of_bundle(key: str, bundle: Bundle, offers: dict[str, Offer]) -> Package:
    parts = [of_offer(part, offers[part], quantity) for part, quantity in bundle.offers.items()]
    return Package(
        key=key,
        name=bundle.name,
        quantity=1,
        lines=tuple(line for part in parts for line in part.lines),
        subscriptions=tuple(terms for part in parts for terms in part.subscriptions),
        description=bundle.description,
        image=bundle.image,
    )
