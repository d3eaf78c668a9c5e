"""What is asked of an address: a country of ours, a state of that country, a postal code as it is written there."""

from typing import Any

from wtforms.validators import StopValidation

from funnel.forms.address_choices import state_code
from funnel.forms.address_words import enter_postal, select_country, select_other_state, select_state
from funnel.forms.checks import Check, Rule, emptied_of_card, no_card
from funnel.forms.regions import Region, region

BILLING = ("address1", "address2", "city", "state", "postalCode", "country")
SHIPPING = ("shipAddress1", "shipAddress2", "shipCity", "shipState", "shipPostalCode", "shipCountry")


def unless_same(check: Check) -> Check:
    """Asks nothing of the billing address while it is the delivery address; a card in it is not drawn again even so."""

    def checked(form: Any, field: Any) -> None:
        if form.billShipSame.data:
            emptied_of_card(field)
            raise StopValidation
        check(form, field)

    return Rule(checked, check.facts if isinstance(check, Rule) else lambda field: {})


def known_country(form: Any, field: Any) -> None:
    if not region_of(form, field):
        raise StopValidation(select_country(bills(field)))


def own_state(form: Any, field: Any) -> None:
    """A state of the chosen country; of any country while none is chosen; none where there are none."""
    found = region_of(form, field)
    values = {value for heading, options in field.groups for value, _ in options}
    if found and not found.states:
        field.data = ""
    elif field.data not in values:
        raise StopValidation(select_state(countries_of(form, found), bills(field)))
    elif found and state_code(field.data, found) not in dict(found.states):
        raise StopValidation(select_other_state(found, bills(field)))


def postal_code(form: Any, field: Any) -> None:
    no_card(form, field)  # first, for what has a wrong shape is drawn again
    found = region_of(form, field)
    if found and not field.data and not found.postal_required:
        raise StopValidation
    if not field.data or (found and not found.postal_fits(field.data)):
        raise StopValidation(enter_postal(countries_of(form, found), bills(field)))


def region_of(form: Any, field: Any) -> Region | None:
    code = form["country" if field.name in BILLING else "shipCountry"].data
    return region(code) if code in form.countries else None


def countries_of(form: Any, found: Region | None) -> tuple[str, ...]:
    """The one that is chosen, or all there are to choose from."""
    return (found.code,) if found else form.countries


def bills(field: Any) -> bool:
    return field.name in BILLING
