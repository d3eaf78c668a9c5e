"""The checkout's form: what is bought, where it goes, and the card."""

from dataclasses import dataclass
from typing import Any

from wtforms import Field, HiddenField, StringField
from wtforms.validators import ValidationError

from funnel.forms.address import AddressFields
from funnel.forms.address_checks import SHIPPING
from funnel.forms.card import CardFields
from funnel.forms.checks import may_be_empty, optional
from funnel.forms.contact import CONTACT_FIELDS, ContactForm
from funnel.forms.fields import BoxesField, text_field
from funnel.forms.tidying import tidy_text
from funnel.language.phrase import phrase
from funnel.people import Contact
from funnel.quote import Choice

COUPON_LIMIT = 30  # characters, by the CRM's public rules file


@dataclass(frozen=True)
class CheckoutRules:
    """What one funnel accepts at checkout: keys of packages, countries, names of card brands."""

    offers: tuple[str, ...]
    countries: tuple[str, ...]
    accepted_brands: tuple[str, ...]
    bumps: tuple[str, ...] = ()
    shipping: tuple[str, ...] = ()
    pay_sources: tuple[str, ...] = ("card",)
    test_card: bool = False


class CheckoutForm(AddressFields, CardFields, ContactForm):
    """Package, contact (unless known), addresses and card; the attempt is the key of the charge."""

    attempt = HiddenField(filters=[tidy_text])
    offer = StringField(filters=[tidy_text])
    bump = BoxesField()
    shipping = StringField(filters=[tidy_text])
    couponCode = text_field(
        may_be_empty(phrase("Coupon code")), "", COUPON_LIMIT, optional, autocapitalize="characters", spellcheck="false"
    )
    again = StringField()
    leading = ("offer", *CONTACT_FIELDS)

    def __init__(self, rules: CheckoutRules, *, contact_known: bool = False, **filled: Any) -> None:
        super().__init__(country=rules.countries[0], **filled)
        self.pay_sources = rules.pay_sources
        self.offers, self.bumps, self.methods = rules.offers, rules.bumps, rules.shipping
        self.fit_addresses(rules.countries)
        self.fit_card(rules.accepted_brands, test_card=rules.test_card)
        for name in ("firstName", "lastName"):
            self[name].render_kw["autocomplete"] = f"shipping {self[name].render_kw['autocomplete']}"
        if contact_known:
            del self.firstName, self.lastName, self.emailAddress, self.phoneNumber

    @property
    def looks_again(self) -> bool:
        """Sent from the page that says that payments are paused; it has no card."""
        return bool(self.again.data)

    def contact_so_far(self) -> Contact | None:
        """Who the shopper is, if asked for and all of it is right."""
        right = all(name in self and name not in self.wrong for name in CONTACT_FIELDS)
        return self.contact() if right else None

    def choice(self) -> Choice:
        """What was picked, in keys that funnel.toml has."""
        return Choice(
            package=self.offer.data if self.offer.data in self.offers else self.offers[0],
            bumps=tuple(key for key in self.bumps if key in (self.bump.data or ())),
            shipping=self.shipping.data if self.shipping.data in self.methods else next(iter(self.methods), None),
            coupon="" if "couponCode" in self.wrong else (self.couponCode.data or "").upper(),
        )

    def take_out(self, coupon: str) -> None:
        """A code that takes nothing off goes, so that the total and the form say the same; its name is told."""
        self.couponCode.data = ""
        self.complain(
            phrase(
                "{coupon} is not valid for this offer, so it takes nothing off. You have not been charged.",
                coupon=coupon,
            ),
            about="couponCode",
        )

    @property
    def only_reckons(self) -> bool:
        """The buttons that apply a coupon, draw the new total or mend the email address; they pay nothing."""
        return self.do.data in ("reckon", "mend")

    @property
    def by_paypal(self) -> bool:
        """By the button, as far as there is a choice."""
        only_paypal = "card" not in self.pay_sources
        return "paypal" in self.pay_sources and (only_paypal or bool(self.do.data == "paypal"))

    def validate(self, extra_validators: Any = None) -> bool:
        """A card that is not asked for need not be there."""
        super().validate(extra_validators)
        if self.by_paypal or self.only_reckons:
            self.forget_card_mistakes()
        return not self.errors

    def only_what_the_total_needs(self, *, address: bool) -> bool:
        """Forget the other mistakes, for nothing is paid yet; whether one is left."""
        needed = ("offer", "couponCode", *((*CONTACT_FIELDS, *SHIPPING) if address else ()))
        for field in self:
            field.errors = field.errors if field.name in needed else []
        return bool(self.errors)

    def validate_offer(self, field: Field) -> None:
        if field.data not in self.offers:
            raise ValidationError(phrase("Select how many you would like"))
