"""The tables of funnel.toml one by one: what is sold, how it is shipped, and what each page offers."""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from funnel.campaign.values import (
    Amount,
    Country,
    Email,
    Id,
    Key,
    Quantity,
    SlotHost,
    Step,
    Text,
    WebAddress,
    WebOrigin,
)

PaySource = Literal["card", "paypal"]
DEFAULT_QUANTITY = 1


class Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Support(Table):
    email: Email = Field(description="an email address shoppers can write to")
    phone: Text | None = Field(None, description="a phone number as shoppers should read it")


class LegalLink(Table):
    label: Text = Field(description="the words of the link")
    url: WebAddress = Field(description="an address that starts with https:// or /")


class Capture(Table):
    """Whether contact details are kept while they are typed."""

    enabled: bool = Field(False, strict=True, description="true or false")
    consent: Text | None = Field(None, description="the sentence under the form that tells shoppers of it")


class Variant(Table):
    """One of several kinds of a product, such as a colour."""

    key: Key = Field(description="a short name of small letters, like brass")
    variantId: Id = Field(description="the variant detail id in Konnektive, a whole number")
    name: Text = Field(description="the word shoppers see, like Brass")


class Subscription(Table):
    """What follows the first charge. The CRM bills it by the campaign product's own cycle.

    That it multiplies the cycle's price by the quantity, as the first price, is an assumption.
    """

    price: Amount = Field(description='an amount per unit and cycle, like "39.00"')
    every_days: Quantity = Field(description="days between two charges, 1 to 99")
    first_days: Quantity | None = Field(None, description="days until the second charge, if not every_days")

    def times(self, quantity: int) -> "Subscription":
        return self.model_copy(update={"price": self.price * quantity})


class Offer(Table):
    """One campaign product. Prices are per unit, in the campaign's currency."""

    productId: Id = Field(description="the campaignProductId in Konnektive, a whole number")
    name: Text = Field(description="the name shoppers see")
    price: Amount = Field(description='an amount per unit, like "49.95"')
    shipPrice: Amount = Field(Decimal("0.00"), description='shipping per unit, like "4.95"')
    quantities: tuple[Quantity, ...] = Field(
        (DEFAULT_QUANTITY,), min_length=1, description="quantities to choose from, like [1, 2, 3]"
    )
    variants: tuple[Variant, ...] = Field((), description="[[offers.….variants]] tables")
    subscription: Subscription | None = Field(None, description="an [offers.….subscription] table")
    description: Text | None = Field(None, description="a sentence about the product")
    points: tuple[Text, ...] = Field((), description="what speaks for it, a few words each")
    image: Text | None = Field(None, description="a picture in static/, like img/product.svg")


class Bundle(Table):
    """Several offers chosen as one; it costs what they cost."""

    name: Text = Field(description="the name shoppers see")
    offers: dict[Key, Quantity] = Field(min_length=1, description="offers and how many, like { lamp = 1, bulbs = 2 }")
    description: Text | None = Field(None, description="a sentence about the bundle")
    image: Text | None = Field(None, description="a picture in static/, like img/set.svg")


class ShippingMethod(Table):
    """A shipping profile of the campaign; its price takes the place of the products' own shipping."""

    key: Key = Field(description="a short name of small letters, like express")
    shipProfileId: Id = Field(description="the shipProfileId in Konnektive, a whole number")
    name: Text = Field(description="the words shoppers see, like Standard, 3 to 5 days")
    price: Amount = Field(description='an amount for the whole order, like "4.95"')


class Paypal(Table):
    paypalBillerId: Id = Field(description="the PayPal merchant's id in Konnektive, a whole number")


class CheckoutPage(Table):
    offers: tuple[Key, ...] = Field(
        min_length=1, description="keys of the [offers.…] tables, the first one preselected"
    )
    bundles: tuple[Key, ...] = Field((), description="keys of the [bundles.…] tables")
    bumps: tuple[Key, ...] = Field((), description="keys of the [offers.…] tables to add by a box, never pre-ticked")
    coupons: bool = Field(False, strict=True, description="true or false")
    tax: bool = Field(False, strict=True, description="true to ask the CRM's tax service, or false")
    fraud_pixel: bool = Field(False, strict=True, description="true or false")
    prepaid_redirect: WebAddress | None = Field(
        None, description="where a shopper with a prepaid card is led, an address that starts with https:// or /"
    )
    fraud_pixel_hosts: tuple[WebOrigin, ...] = Field(
        ("https://lp.konnektive.com",), description='where its frames may come from, like ["https://lp.konnektive.com"]'
    )


class OnlyIf(Table):
    """All that is named must hold, or the page and its downsell are passed over."""

    accepted: tuple[Step, ...] = Field((), description="upsells that were added")
    declined: tuple[Step, ...] = Field((), description="upsells that were shown and not added")
    bought: tuple[Key, ...] = Field((), description="offers, of which the order holds one at least")
    countries: tuple[Country, ...] = Field((), description="country codes of the delivery")
    pay_sources: tuple[PaySource, ...] = Field((), description='"card" or "paypal"')


class OfferPage(Table):
    offer: Key = Field(description="the key of an [offers.…] table")
    quantity: Quantity = Field(DEFAULT_QUANTITY, description="how many are added, 1 to 99")
    replaces: Key | None = Field(None, description="the key of the offer in the order that this one takes the place of")


class UpsellPage(OfferPage):
    downsell: OfferPage | None = Field(None, description="a downsell table, shown after No thanks")
    only_if: OnlyIf = Field(OnlyIf(), description="an only_if table")
    ends_after_minutes: Id | None = Field(None, description="minutes after the order in which the offer stands")


class Slots(Table):
    """What a marketer's own pixels may do; their files are found by name."""

    hosts: tuple[SlotHost, ...] = Field(
        (),
        description='where pictures, frames and calls may go, like ["https://www.facebook.com", "https://*.example.com"]',
    )
    checkout: bool = Field(
        False, strict=True, description="true to show slots on the page with the card form, or false"
    )
