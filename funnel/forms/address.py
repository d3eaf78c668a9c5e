"""The two addresses of a checkout form, delivery and billing, and how each country wants them."""

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, StringField

from funnel.forms.address_checks import (
    BILLING,
    SHIPPING,
    bills,
    known_country,
    own_state,
    postal_code,
    region_of,
    unless_same,
)
from funnel.forms.address_choices import country_groups, option_value, state_code, state_groups
from funnel.forms.address_words import enter_postal, labels, select_country, select_state
from funnel.forms.checks import Check, Facts, may_be_empty, needed, optional
from funnel.forms.fields import ChoiceField, text_field
from funnel.forms.regions import POSTAL_WORD, Region, region
from funnel.forms.tidying import tidy_code
from funnel.language.phrase import Phrase, phrase
from funnel.people import Addresses

LINE_LIMIT = 30  # characters; these limits are the CRM's, by its public rules file
POSTAL_LIMIT = 20


def line(label: Phrase, token: str, need: Check) -> StringField:
    return text_field(label, token, LINE_LIMIT, need)


def choice(check: Check, token: str) -> ChoiceField:
    return ChoiceField(validators=[check], filters=[tidy_code], render_kw={"autocomplete": token})


class AddressFields:
    """Delivery, the box that says billing is the same, and billing. Names are Konnektive's."""

    countries: tuple[str, ...]
    shipCountry = choice(known_country, "shipping country")
    shipAddress1 = line(
        phrase("Address"), "shipping address-line1", needed(phrase("Enter your street and house number"))
    )
    shipAddress2 = line(may_be_empty(phrase("Apartment, suite")), "shipping address-line2", optional)
    shipCity = line(phrase("City"), "shipping address-level2", needed(phrase("Enter your town or city")))
    shipState = choice(own_state, "shipping address-level1")
    shipPostalCode = text_field(
        POSTAL_WORD,
        "shipping postal-code",
        POSTAL_LIMIT,
        postal_code,
        tidy=tidy_code,
        autocapitalize="characters",
        spellcheck="false",
    )
    billShipSame = BooleanField(phrase("Billing address is the same as delivery"), default=True)
    country = choice(unless_same(known_country), "billing country")
    address1 = line(
        phrase("Billing address"),
        "billing address-line1",
        unless_same(needed(phrase("Enter your billing street and house number"))),
    )
    address2 = line(may_be_empty(phrase("Billing apartment, suite")), "billing address-line2", unless_same(optional))
    city = line(
        phrase("Billing city"),
        "billing address-level2",
        unless_same(needed(phrase("Enter your billing town or city"))),
    )
    state = choice(unless_same(own_state), "billing address-level1")
    postalCode = text_field(
        POSTAL_WORD,
        "billing postal-code",
        POSTAL_LIMIT,
        unless_same(postal_code),
        tidy=tidy_code,
        autocapitalize="characters",
        spellcheck="false",
    )

    def fit_addresses(self: Any, countries: tuple[str, ...]) -> None:
        """Give labels, choices and what was typed the shape the countries ask for."""
        self.countries = countries
        for names in (SHIPPING, BILLING):
            state, postal, country = (self[name] for name in names[3:])
            country.label.text, state.label.text, postal.label.text = labels(countries, names is BILLING)
            country.groups, state.groups = country_groups(countries), state_groups(countries)
            if len(countries) == 1:
                country.data = countries[0]
            if countries == ("US",):
                postal.render_kw["inputmode"] = "numeric"
            _tell(country, state, postal, countries)
            if (found := region_of(self, country)) and (code := state_code(state.data, found)):
                state.data = option_value(code, found, countries)

    def addresses(self: Any) -> Addresses:
        """What was typed, once the form has validated."""
        return _addresses(self.billShipSame.data, [self[name].data for name in (*SHIPPING, *BILLING)])

    def addresses_so_far(self: Any) -> Addresses:
        """What was typed and is right, of a form that is not all right; the rest is empty."""
        right = ["" if name in self.wrong else self[name].data or "" for name in (*SHIPPING, *BILLING)]
        return _addresses(self.billShipSame.data, right)

    def delivery(self: Any) -> Addresses | None:
        """Where the parcel goes, as far as a total needs it, whatever billing says; None while it is not right."""
        if self.wrong.intersection(SHIPPING):
            return None
        return _addresses(True, [self[name].data for name in (*SHIPPING, *BILLING)])


def _addresses(same: bool, typed: Sequence[str]) -> Addresses:
    shipping, billing = _address(typed[: len(SHIPPING)]), _address(typed[len(SHIPPING) :] if not same else typed)
    named = dict(zip(SHIPPING, shipping, strict=True)) | dict(zip(BILLING, billing, strict=True))
    return Addresses(billShipSame=same, **named)


def _address(typed: Sequence[str]) -> tuple[str, ...]:
    line1, line2, city, state, postal, country = typed[: len(SHIPPING)]
    return line1, line2, city, state_code(state, region(country)) if country else "", postal, country


def _tell(country: Any, state: Any, postal: Any, countries: tuple[str, ...]) -> None:
    """What a script is told: of the one country at the fields themselves, of several at each one's option."""
    country.facts = {"empty": select_country(bills(country))}
    country.of = {code: _of_country(region(code), billing=bills(country)) for code in countries}
    for field in (state, postal):
        field.facts = country.of[countries[0]] if len(countries) == 1 else {"by": country.name}


def _of_country(found: Region, *, billing: bool) -> Facts:
    """`select` is the state's mistake, `wrong` and `fits` are the postal code's; the others are labels."""
    fits = "".join(f"(?=(?:{pattern.pattern})$)" for pattern in found.postal_patterns) + ".+"
    _, state, postal = labels((found.code,), billing)
    return {
        "select": select_state((found.code,), billing) if found.states else "",
        "wrong": enter_postal((found.code,), billing),
        "fits": fits if found.postal_required else f"|{fits}",
        "state": state,
        "postal": postal,
    }
