"""What shoppers type, checked: the lead, the checkout, an upsell's answer, and a bare button."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, StringField
from wtforms.validators import ValidationError

from funnel.address_fields import SHIPPING, AddressFields
from funnel.card_fields import CardFields
from funnel.email_typos import likely_domain, with_domain
from funnel.fields import BoxesField, email, needed, optional, phone, text_field, tidy_text
from funnel.people import Contact
from funnel.quote import Choice

NAME_LIMIT = 30  # characters; these limits are the CRM's, by its public rules file
EMAIL_LIMIT = 255
COUPON_LIMIT = 30
CONTACT_FIELDS = ("firstName", "lastName", "emailAddress", "phoneNumber")
ONE_INPUT = {"cardMonth": "cardExpiryDate", "cardYear": "cardExpiryDate"}  # the CRM's two are one of ours
PHONE_ROOM = 30  # to type in: brackets and spaces go before the number is sent


class ShopperForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A form with its own CSRF token, which reads typed text only: no files, no JSON."""

    leading: tuple[str, ...] = ()  # names of the fields that the page shows first

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """What was posted, unless the caller asks for an empty form."""
            return None if formdata is None or request.method != "POST" else request.form or None

        def get_translations(self, form: Any) -> None:
            return None

    def complain(self, sentence: str, *, about: str | None = None) -> None:
        """Add a mistake that was found later, of one field or of the whole form."""
        place, name = (self[about], "errors") if about else (self, "form_errors")
        setattr(place, name, [*getattr(place, name), sentence])

    def forget_mistakes(self) -> None:
        """For a page that has other things to say. What may not be shown again was emptied when it was checked."""
        self.form_errors: list[str] = []
        for field in self:
            field.errors = []

    def refused(self, names: Iterable[str]) -> None:
        """Mark the fields that the CRM would not take; its own words are never shown."""
        for name in dict.fromkeys(ONE_INPUT.get(name, name) for name in names):
            if name in self:
                self.complain(f"Check your {_in_a_sentence(self[name].label.text)}", about=name)
            elif "Check your details" not in self.form_errors:
                self.complain("Check your details")

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """(field's id or "" for the whole form, sentence) of all a shopper can mend, as on the page."""
        yield from (("", sentence) for sentence in self.form_errors)
        shown = dict.fromkeys([*filter(self.__contains__, self.leading), *(field.name for field in self)])
        for field in map(self.__getitem__, shown):
            if not isinstance(field, HiddenField):
                yield from ((field.id, sentence) for sentence in field.errors)


def csrf_failed(form: FlaskForm) -> bool:
    """Whether the form's token was missing, old or another visit's; its other errors then mean little."""
    return "csrf_token" in form and bool(form.csrf_token.errors)


class PlainForm(ShopperForm):
    """A button and nothing else."""


class UpsellForm(ShopperForm):
    """Yes or no to one offer; the attempt is the key of the charge that a yes makes."""

    attempt = HiddenField(filters=[tidy_text])
    choice = StringField()

    def validate_choice(self, field: Field) -> None:
        if field.data not in ("yes", "no"):
            raise ValidationError("Choose yes or no")

    @property
    def accepted(self) -> bool:
        return bool(self.choice.data == "yes")


class ContactForm(ShopperForm):
    """Who the shopper is. `country` is where a telephone number without a calling code belongs."""

    firstName = text_field(
        "First name",
        "given-name",
        NAME_LIMIT,
        needed("Enter your first name"),
        autocapitalize="words",
        spellcheck="false",
    )
    lastName = text_field(
        "Last name",
        "family-name",
        NAME_LIMIT,
        needed("Enter your last name"),
        autocapitalize="words",
        spellcheck="false",
    )
    emailAddress = text_field(
        "Email address",
        "email",
        EMAIL_LIMIT,
        needed("Enter your email address"),
        email,
        hint="For your order confirmation",
        type="email",
        autocapitalize="none",
        spellcheck="false",
    )
    phoneNumber = StringField(
        "Phone number (optional)",
        filters=[tidy_text],
        validators=[optional, phone],
        description="Only used if there is a problem with delivery",
        render_kw={"type": "tel", "autocomplete": "tel", "maxlength": str(PHONE_ROOM)},
    )

    do = StringField()

    def __init__(self, *, country: str, **filled: Any) -> None:
        super().__init__(**filled)
        self.country_called = country
        if self.phoneNumber.raw_data is None and self.phoneNumber.data:
            self.phoneNumber.data = f"+{self.phoneNumber.data}"  # as kept it has no plus, and would be read as local

    @property
    def likely_domain(self) -> str | None:
        """What to ask after: "Did you mean gmail.com?" """
        return likely_domain(self.emailAddress.data or "") if "emailAddress" in self else None

    @property
    def takes_likely_domain(self) -> bool:
        """The button that answers that question with yes."""
        return bool(self.do.data == "mend" and self.likely_domain)

    def mend_email(self) -> None:
        """The address as meant. Other mistakes can wait for the button that sends the form."""
        if domain := self.likely_domain:
            self.emailAddress.data = with_domain(self.emailAddress.data or "", domain)
            self.forget_mistakes()

    def contact(self) -> Contact:
        """What was typed, once the form has validated."""
        return Contact(**{name: self[name].data for name in CONTACT_FIELDS})


class LeadForm(ContactForm):
    """The lead page's form."""


class DraftForm(ContactForm):
    """What stands in the contact fields of a page before it is sent."""

    def draft(self) -> Contact | None:
        """What of it is good, once it has been validated; None where that is less than the CRM takes for a lead."""
        draft = Contact(**{name: "" if self[name].errors else self[name].data for name in CONTACT_FIELDS})
        reachable = draft.emailAddress or draft.phoneNumber
        return draft if draft.firstName and draft.lastName and reachable else None


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
        "Coupon code (optional)", "", COUPON_LIMIT, optional, autocapitalize="characters", spellcheck="false"
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
        names = [field for field in fields(Contact) if field.name in self and not self[field.name].errors]
        return self.contact() if len(names) == len(fields(Contact)) else None

    def choice(self) -> Choice:
        """What was picked, in keys that funnel.toml has."""
        return Choice(
            package=self.offer.data if self.offer.data in self.offers else self.offers[0],
            bumps=tuple(key for key in self.bumps if key in (self.bump.data or ())),
            shipping=self.shipping.data if self.shipping.data in self.methods else next(iter(self.methods), None),
            coupon="" if self.couponCode.errors else (self.couponCode.data or "").upper(),
        )

    def take_out(self, coupon: str) -> None:
        """A code that takes nothing off goes, so that the total and the form say the same; its name is told."""
        self.couponCode.data = ""
        self.complain(
            f"{coupon} is not valid for this offer, so it takes nothing off. You have not been charged.",
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
            raise ValidationError("Select how many you would like")


def _in_a_sentence(label: str) -> str:
    """ "First name" with a small letter, "ZIP code" as it is."""
    words = label.removesuffix(" (optional)")
    return words if words[:2].isupper() else words[:1].lower() + words[1:]
