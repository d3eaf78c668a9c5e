"""The two addresses of a checkout form, delivery and billing, and how each country wants them."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from wtforms import BooleanField, StringField
from wtforms.validators import StopValidation

from funnel.fields import (
    Check,
    ChoiceField,
    Facts,
    Groups,
    Rule,
    emptied_of_card,
    needed,
    no_card,
    optional,
    text_field,
    tidy_code,
)
from funnel.people import Addresses
from funnel.regions import Region, either, region

LINE_LIMIT = 30  # characters; these limits are the CRM's, by its public rules file
POSTAL_LIMIT = 20
BILLING = ("address1", "address2", "city", "state", "postalCode", "country")
SHIPPING = ("shipAddress1", "shipAddress2", "shipCity", "shipState", "shipPostalCode", "shipCountry")


def line(label: str, token: str, need: Check) -> StringField:
    return text_field(label, token, LINE_LIMIT, need)


def choice(check: Check, token: str) -> ChoiceField:
    return ChoiceField(validators=[check], filters=[tidy_code], render_kw={"autocomplete": token})


def unless_same(check: Check) -> Check:
    """Asks nothing of the billing address while it is the delivery address; a card in it is not drawn again even so."""

    def checked(form: Any, field: Any) -> None:
        if form.billShipSame.data:
            emptied_of_card(field)
            raise StopValidation
        check(form, field)

    return Rule(checked, check.facts if isinstance(check, Rule) else lambda field: {})


def known_country(form: Any, field: Any) -> None:
    if not _region_of(form, field):
        raise StopValidation(_select(field, "country"))


def own_state(form: Any, field: Any) -> None:
    """A state of the chosen country; of any country while none is chosen; none where there are none."""
    found = _region_of(form, field)
    values = {value for heading, options in field.groups for value, _ in options}
    if found and not found.states:
        field.data = ""
    elif field.data not in values:
        word = found.state_word if found else field.label.text.removeprefix("Billing ").lower()
        raise StopValidation(_select(field, word))
    elif found and _code(field.data, found) not in dict(found.states):
        example = found.states[0][1]
        raise StopValidation(f"Select a {_billing(field)}{found.state_word} of the country you chose, like {example}")


def postal_code(form: Any, field: Any) -> None:
    no_card(form, field)  # first, for what has a wrong shape is drawn again
    found = _region_of(form, field)
    if found and not field.data and not found.postal_required:
        raise StopValidation
    if not field.data or (found and not found.postal_fits(field.data)):
        raise StopValidation(_enter_postal(field, form.countries, found))


class AddressFields:
    """Delivery, the box that says billing is the same, and billing. Names are Konnektive's."""

    countries: tuple[str, ...]
    shipCountry = choice(known_country, "shipping country")
    shipAddress1 = line("Address", "shipping address-line1", needed("Enter your street and house number"))
    shipAddress2 = line("Apartment, suite (optional)", "shipping address-line2", optional)
    shipCity = line("City", "shipping address-level2", needed("Enter your town or city"))
    shipState = choice(own_state, "shipping address-level1")
    shipPostalCode = text_field(
        "",
        "shipping postal-code",
        POSTAL_LIMIT,
        postal_code,
        tidy=tidy_code,
        autocapitalize="characters",
        spellcheck="false",
    )
    billShipSame = BooleanField("Billing address is the same as delivery", default=True)
    country = choice(unless_same(known_country), "billing country")
    address1 = line(
        "Billing address",
        "billing address-line1",
        unless_same(needed("Enter your billing street and house number")),
    )
    address2 = line("Billing apartment, suite (optional)", "billing address-line2", unless_same(optional))
    city = line("Billing city", "billing address-level2", unless_same(needed("Enter your billing town or city")))
    state = choice(unless_same(own_state), "billing address-level1")
    postalCode = text_field(
        "",
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
        for names, prefix in ((SHIPPING, ""), (BILLING, "Billing ")):
            state, postal, country = (self[name] for name in names[3:])
            country.label.text, state.label.text, postal.label.text = labels(countries, prefix)
            country.groups, state.groups = country_groups(countries), state_groups(countries)
            if len(countries) == 1:
                country.data = countries[0]
            if countries == ("US",):
                postal.render_kw["inputmode"] = "numeric"
            _tell(country, state, postal, countries)
            if (found := _region_of(self, country)) and (code := _code(state.data, found)):
                state.data = _value(code, found, countries)

    def addresses(self: Any) -> Addresses:
        """What was typed, once the form has validated."""
        return _addresses(self.billShipSame.data, [self[name].data for name in (*SHIPPING, *BILLING)])

    def addresses_so_far(self: Any) -> Addresses:
        """What was typed and is right, of a form that has not validated; the rest is empty."""
        right = ["" if self[name].errors else self[name].data or "" for name in (*SHIPPING, *BILLING)]
        return _addresses(self.billShipSame.data, right)

    def delivery(self: Any) -> Addresses | None:
        """Where the parcel goes, as far as a total needs it, whatever billing says; None while it is not right."""
        wrong = any(self[name].errors for name in SHIPPING)
        return None if wrong else _addresses(True, [self[name].data for name in (*SHIPPING, *BILLING)])


def _addresses(same: bool, typed: Sequence[str]) -> Addresses:
    shipping, billing = _address(typed[: len(SHIPPING)]), _address(typed[len(SHIPPING) :] if not same else typed)
    named = dict(zip(SHIPPING, shipping, strict=True)) | dict(zip(BILLING, billing, strict=True))
    return Addresses(billShipSame=same, **named)


def _address(typed: Sequence[str]) -> tuple[str, ...]:
    line1, line2, city, state, postal, country = typed[: len(SHIPPING)]
    return line1, line2, city, _code(state, region(country)) if country else "", postal, country


@cache
def labels(countries: tuple[str, ...], prefix: str) -> tuple[str, str, str]:
    """Of country, state and postal code."""
    regions = [region(code) for code in countries]
    state = either(found.state_word for found in regions if found.states) or "state"
    postal = either(found.postal_word for found in regions)
    words = ("country or region", state, postal)
    return tuple(f"{prefix}{word}" if prefix else word[0].upper() + word[1:] for word in words)  # type: ignore[return-value]


@cache
def country_groups(countries: tuple[str, ...]) -> Groups:
    return (("", tuple((code, region(code).name) for code in countries)),)


@cache
def state_groups(countries: tuple[str, ...]) -> Groups:
    """Grouped by country where there are several; empty where no country has states to choose from."""
    regions = [found for code in countries if (found := region(code)).states]
    return tuple(
        (
            found.name if len(countries) > 1 else "",
            tuple((_value(code, found, countries), name) for code, name in found.states),
        )
        for found in regions
    )


def _value(code: str, found: Region, countries: tuple[str, ...]) -> str:
    """Among several countries the value names its own, as AL is both Alabama and Alessandria."""
    return f"{found.code}-{code}" if len(countries) > 1 and code in dict(found.states) else code


def _code(value: str, found: Region) -> str:
    return value.removeprefix(f"{found.code}-")


def _region_of(form: Any, field: Any) -> Region | None:
    code = form["country" if field.name in BILLING else "shipCountry"].data
    return region(code) if code in form.countries else None


def _tell(country: Any, state: Any, postal: Any, countries: tuple[str, ...]) -> None:
    """What a script is told: of the one country at the fields themselves, of several at each one's option."""
    country.facts = {"empty": _select(country, "country")}
    country.of = {code: _of_country(region(code), state, postal, countries) for code in countries}
    for field in (state, postal):
        field.facts = country.of[countries[0]] if len(countries) == 1 else {"by": country.name}


def _of_country(found: Region, state: Any, postal: Any, countries: tuple[str, ...]) -> Facts:
    """`select` is the state's mistake, `wrong` and `fits` are the postal code's; the others are labels."""
    _, state_label, postal_label = labels((found.code,), _prefix(state))
    fits = "".join(f"(?=(?:{pattern.pattern})$)" for pattern in found.postal_patterns) + ".+"
    return {
        "select": _select(state, found.state_word) if found.states else "",
        "wrong": _enter_postal(postal, countries, found),
        "fits": fits if found.postal_required else f"|{fits}",
        "state": state_label,
        "postal": postal_label,
    }


def _select(field: Any, word: str) -> str:
    return f"Select your {_billing(field)}{word}"


def _enter_postal(field: Any, countries: tuple[str, ...], found: Region | None) -> str:
    word = found.postal_word if found else either(region(code).postal_word for code in countries)
    example = f", like {found.postal_example}" if found and found.postal_example else ""
    return f"Enter your {_billing(field)}{word}{example}"


def _billing(field: Any) -> str:
    return "billing " if field.name in BILLING else ""


def _prefix(field: Any) -> str:
    return "Billing " if field.name in BILLING else ""
