"""What a marketer decides in funnel.toml, as one frozen value: the campaign, its steps and what each page offers."""

from typing import Any, Literal, get_args

from pydantic import Field

from funnel.campaign.copy_table import RULE as COPY_RULE
from funnel.campaign.package import Package, of_bundle, of_offer
from funnel.campaign.tables import (
    Bundle,
    Capture,
    CheckoutPage,
    LegalLink,
    Offer,
    OfferPage,
    Paypal,
    PaySource,
    ShippingMethod,
    Slots,
    Support,
    Table,
    UpsellPage,
)
from funnel.campaign.theme import Theme
from funnel.campaign.values import Country, Currency, Id, Key, Language, Step, Text

Brand = Literal["Visa", "Mastercard", "American Express", "Discover", "Diners Club", "JCB"]
BRANDS: tuple[Brand, ...] = get_args(Brand)
DOWNSELL = "b"  # ends the name of a downsell: upsell1b follows upsell1


class Campaign(Table):
    """The whole of funnel.toml."""

    campaignId: Id = Field(description="the campaign's id in Konnektive, a whole number")
    company: Text = Field(description="the name shoppers know you by")
    descriptor: Text | None = Field(None, description="what the card statement will say")
    language: Language = Field("en", description='a language tag, like "en", "es" or "pt-BR"')
    currency: Currency = Field("USD", description='a currency code, like "USD"')
    countries: tuple[Country, ...] = Field(
        ("US",), min_length=1, description='country codes you ship to, like ["US", "CA"]'
    )
    steps: tuple[Step, ...] = Field(description="the names of the pages, in the order of the flow")
    clicks: Literal["once", "every-view"] = Field("once", description='"once" or "every-view"')
    confirm_order: bool = Field(True, strict=True, description="true or false")
    send_prices: bool = Field(False, strict=True, description="true or false")
    single_transaction: bool = Field(False, strict=True, description="true or false, as in the campaign")
    accepted_brands: tuple[Brand, ...] = Field(BRANDS, min_length=1, description="card brands: " + ", ".join(BRANDS))
    pay_sources: tuple[PaySource, ...] = Field(("card",), min_length=1, description='"card" and "paypal"')
    paypal: Paypal | None = Field(None, description="a [paypal] table")
    capture: Capture = Field(Capture(), description="a [capture] table with enabled and consent")
    support: Support = Field(description="a [support] table")
    legal: tuple[LegalLink, ...] = Field((), description="[[legal]] tables with label and url")
    shipping: tuple[ShippingMethod, ...] = Field((), description="[[shipping]] tables, the first one preselected")
    offers: dict[Key, Offer] = Field(min_length=1, description="[offers.…] tables")
    bundles: dict[Key, Bundle] = Field({}, description="[bundles.…] tables")
    checkout: CheckoutPage = Field(description="a [checkout] table")
    upsell1: UpsellPage | None = Field(None, description="an [upsell1] table")
    upsell2: UpsellPage | None = Field(None, description="an [upsell2] table")
    upsell3: UpsellPage | None = Field(None, description="an [upsell3] table")
    upsell4: UpsellPage | None = Field(None, description="an [upsell4] table")
    slots: Slots = Field(Slots(), description="a [slots] table with hosts and checkout")
    theme: Theme = Field(Theme(), description="a [theme] table")
    copy_table: dict[Key, Any] = Field({}, alias="copy", description=COPY_RULE)  # every model has a method named copy

    @property
    def packages(self) -> tuple[Package, ...]:
        """Every choice of the checkout page, in the order shown."""
        return (
            *(package for key in self.checkout.offers for package in self._of_offer(key)),
            *(of_bundle(key, self.bundles[key], self.offers) for key in self.checkout.bundles),
        )

    @property
    def bumps(self) -> tuple[Package, ...]:
        """What a box at checkout adds, one of each."""
        return tuple(of_offer(key, self.offers[key], 1).model_copy(update={"key": key}) for key in self.checkout.bumps)

    @property
    def sold_at_checkout(self) -> frozenset[str]:
        """Keys of the offers that Import Order can have lines of."""
        bundled = (key for name in self.checkout.bundles for key in self.bundles[name].offers)
        return frozenset((*self.checkout.offers, *self.checkout.bumps, *bundled))

    @property
    def sold_after(self) -> frozenset[str]:
        """Keys of the offers that Import Upsale can add."""
        pages = (page for step in self.upsell_steps if (page := self.upsell_page(step)))
        return frozenset(each.offer for page in pages for each in (page, page.downsell) if each)

    @property
    def upsell_steps(self) -> tuple[str, ...]:
        return tuple(step for step in self.steps if step.startswith("upsell"))

    def upsell_page(self, step: str) -> UpsellPage | None:
        page: UpsellPage | None = getattr(self, step, None) if step in self.upsell_steps else None
        return page

    def offer_page(self, slot: str) -> OfferPage:
        """What an upsell or its downsell offers. Raises KeyError for a slot this funnel has not."""
        page = self.upsell_page(slot.removesuffix(DOWNSELL))
        offered = page.downsell if page and slot.endswith(DOWNSELL) else page
        if offered is None:
            raise KeyError(slot)
        return offered

    def upsell(self, slot: str) -> Package:
        """What an upsell or downsell page adds. Raises KeyError for a slot this funnel has not."""
        page = self.offer_page(slot)
        replaced = self.offers[page.replaces].productId if page.replaces else None
        return of_offer(page.offer, self.offers[page.offer], page.quantity, replaces=replaced)

    def _of_offer(self, key: str) -> list[Package]:
        offer = self.offers[key]
        return [
            of_offer(key, offer, quantity, variant)
            for variant in offer.variants or (None,)
            for quantity in offer.quantities
        ]
