"""What a marketer decides in funnel.toml: campaign, steps, offers and prices, as frozen values."""

from decimal import Decimal
from typing import Literal, Self, get_args

from babel.numbers import get_currency_precision
from pydantic import BaseModel, ConfigDict, Field, model_validator

from funnel.basket import Basket, Line
from funnel.campaign_values import Amount, Country, Currency, Email, Id, Key, Quantity, Text

Step = Literal["presell", "lead", "checkout", "upsell1", "upsell2", "upsell3", "upsell4", "thank-you"]
Brand = Literal["Visa", "Mastercard", "American Express", "Discover", "Diners Club", "JCB"]
STEPS: tuple[Step, ...] = get_args(Step)
BRANDS: tuple[Brand, ...] = get_args(Brand)


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Support(_Table):
    email: Email = Field(description="an email address shoppers can write to")
    phone: Text | None = Field(None, description="a phone number as shoppers should read it")


class LegalLink(_Table):
    label: Text = Field(description="the words of the link")
    url: str = Field(pattern=r"^(https?://|/)\S+$", description="an address that starts with https:// or /")


class Offer(_Table):
    """One campaign product. Prices are per unit, in the campaign's currency."""

    productId: Id = Field(description="the campaignProductId in Konnektive, a whole number")
    name: Text = Field(description="the name shoppers see")
    price: Amount = Field(description='an amount per unit, like "49.95"')
    shipPrice: Amount = Field(Decimal("0.00"), description='shipping per unit, like "4.95"')
    quantities: tuple[Quantity, ...] = Field(
        (1,), min_length=1, description="quantities to choose from, like [1, 2, 3]"
    )
    description: Text | None = Field(None, description="a sentence about the product")
    image: Text | None = Field(None, description="a picture in static/, like img/product.svg")


class Package(BaseModel):
    """An offer in a quantity: what a shopper chooses, sees priced and is charged for."""

    model_config = ConfigDict(frozen=True)
    key: str
    productId: int
    name: str
    quantity: int
    each: Decimal
    ship_each: Decimal
    description: str | None
    image: str | None

    @property
    def shipping(self) -> Decimal:
        return self.ship_each * self.quantity

    @property
    def total(self) -> Decimal:
        return (self.each + self.ship_each) * self.quantity

    @property
    def line(self) -> Line:
        return Line(
            productId=self.productId,
            name=self.name,
            quantity=self.quantity,
            each=self.each,
            ship_each=self.ship_each,
        )

    @property
    def basket(self) -> Basket:
        return Basket(lines=(self.line,))


class Capture(_Table):
    """Whether contact details are kept while they are typed."""

    enabled: bool = Field(False, strict=True, description="true or false")
    consent: Text | None = Field(None, description="the sentence under the form that tells shoppers of it")


class CheckoutPage(_Table):
    offers: tuple[Key, ...] = Field(
        min_length=1, description="keys of the [offers.…] tables, the first one preselected"
    )


class UpsellPage(_Table):
    offer: Key = Field(description="the key of an [offers.…] table")
    quantity: Quantity = Field(1, description="how many are added, 1 to 99")


class Campaign(_Table):
    """The whole of funnel.toml."""

    campaignId: Id = Field(description="the campaign's id in Konnektive, a whole number")
    company: Text = Field(description="the name shoppers know you by")
    descriptor: Text | None = Field(None, description="what the card statement will say")
    currency: Currency = Field("USD", description='a currency code, like "USD"')
    countries: tuple[Country, ...] = Field(
        ("US",), min_length=1, description='country codes you ship to, like ["US", "CA"]'
    )
    steps: tuple[Step, ...] = Field(description="the names of the pages, in the order of the flow")
    clicks: Literal["once", "every-view"] = Field("once", description='"once" or "every-view"')
    confirm_order: bool = Field(True, strict=True, description="true or false")
    send_prices: bool = Field(False, strict=True, description="true or false")
    accepted_brands: tuple[Brand, ...] = Field(BRANDS, min_length=1, description="card brands: " + ", ".join(BRANDS))
    capture: Capture = Field(Capture(), description="a [capture] table with enabled and consent")
    support: Support = Field(description="a [support] table")
    legal: tuple[LegalLink, ...] = Field((), description="[[legal]] tables with label and url")
    offers: dict[Key, Offer] = Field(min_length=1, description="[offers.…] tables")
    checkout: CheckoutPage = Field(description="a [checkout] table")
    upsell1: UpsellPage | None = Field(None, description="an [upsell1] table")
    upsell2: UpsellPage | None = Field(None, description="an [upsell2] table")
    upsell3: UpsellPage | None = Field(None, description="an [upsell3] table")
    upsell4: UpsellPage | None = Field(None, description="an [upsell4] table")

    @property
    def packages(self) -> tuple[Package, ...]:
        """Every choice of the checkout page, in the order shown."""
        return tuple(
            self._package(key, quantity) for key in self.checkout.offers for quantity in self.offers[key].quantities
        )

    @property
    def upsell_steps(self) -> tuple[str, ...]:
        return tuple(step for step in self.steps if step.startswith("upsell"))

    def upsell_page(self, step: str) -> UpsellPage | None:
        page: UpsellPage | None = getattr(self, step) if step.startswith("upsell") else None
        return page

    def upsell(self, step: str) -> Package:
        """What an upsell page adds. Raises KeyError for a step this funnel has not."""
        if step not in self.steps or (page := self.upsell_page(step)) is None:
            raise KeyError(step)
        return self._package(page.offer, page.quantity)

    def _package(self, key: str, quantity: int) -> Package:
        offer = self.offers[key]
        return Package(
            key=f"{key}-{quantity}",
            productId=offer.productId,
            name=offer.name,
            quantity=quantity,
            each=offer.price,
            ship_each=offer.shipPrice,
            description=offer.description,
            image=offer.image,
        )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if mistakes := [*self._mistakes_in_steps(), *self._unknown_offers(), *self._repeated(), *self._too_fine()]:
            raise ValueError("\n".join(mistakes))
        return self

    def _mistakes_in_steps(self) -> list[str]:
        """Lines of "key: what is wrong"; one line a mistake."""
        mistakes = []
        if sorted(set(self.steps), key=STEPS.index) != list(self.steps):
            mistakes.append(
                f"steps: found {list(self.steps)}; allowed: each page once, in this order: {', '.join(STEPS)}"
            )
        mistakes += [
            f'steps: "{needed}" is missing' for needed in ("checkout", "thank-you") if needed not in self.steps
        ]
        for step in STEPS:
            if step.startswith("upsell") and step in self.steps and not self.upsell_page(step):
                mistakes.append(f"{step}: the page is in steps, but there is no [{step}] table with its offer")
        return mistakes

    def _unknown_offers(self) -> list[str]:
        named = [("checkout.offers", key) for key in self.checkout.offers]
        named += [(f"{step}.offer", page.offer) for step in STEPS if (page := self.upsell_page(step))]
        allowed = ", ".join(self.offers)
        return [f'{where}: found "{key}"; allowed: {allowed}' for where, key in named if key not in self.offers]

    def _too_fine(self) -> list[str]:
        """Amounts with more decimals than the currency has: shoppers would see them rounded."""
        decimals = get_currency_precision(self.currency)
        amounts = [
            (f"offers.{key}.{name}", amount)
            for key, offer in self.offers.items()
            for name, amount in (("price", offer.price), ("shipPrice", offer.shipPrice))
        ]
        return [
            f"{where}: found {amount}; allowed: {decimals} decimals, as {self.currency} has"
            for where, amount in amounts
            if amount != round(amount, decimals)
        ]

    def _repeated(self) -> list[str]:
        lists: list[tuple[str, tuple[object, ...]]] = [
            ("countries", self.countries),
            ("checkout.offers", self.checkout.offers),
            *((f"offers.{key}.quantities", offer.quantities) for key, offer in self.offers.items()),
        ]
        return [
            f"{where}: found {list(values)}; allowed: each one once"
            for where, values in lists
            if len(set(values)) < len(values)
        ]
