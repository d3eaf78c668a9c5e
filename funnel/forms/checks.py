"""What is asked of a field: that it is filled in, not too long, no card number; an email address, a phone number."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from wtforms.validators import StopValidation

from funnel.cards import looks_like_card
from funnel.language.phrase import Phrase, phrase

Check = Callable[[Any, Any], None]  # of a form and its field, as WTForms calls its validators
Facts = Mapping[str, str]  # what a page's script is told of a field, by the names of data attributes

PHONE_LIMIT = 20  # characters the CRM takes, by its public rules file
CARD_IN_TEXT = phrase("This looks like a card number. Enter it only under Payment.")
EMAIL_WRONG = phrase("Enter an email address in the correct format, like name@example.com")
EMAIL_SHAPE = r"\S+@[^\s@]+\.[^\s@]+"  # what a script can tell; who looks closer refuses more
PHONE_WRONG = phrase("Enter a phone number, like 555 123 4567 or +44 20 7946 0018")
PHONE_SHAPE = r"|(?:\D*\d){4}.*"


@dataclass(frozen=True)
class Rule:
    """A check, and what the page's script is told of it, so that it says the same words where it can tell."""

    check: Check
    facts: Callable[[Any], Facts]

    def __call__(self, form: Any, field: Any) -> None:
        self.check(form, field)


def told(field: Any) -> Facts:
    """What the script is told of a field: by its rules, and by the form that fitted it."""
    facts: dict[str, str] = {}
    for rule in field.validators:
        if isinstance(rule, Rule):
            facts |= rule.facts(field)
    return facts | getattr(field, "facts", {})


def may_be_empty(label: Phrase) -> Phrase:
    """The label of a field that need not be filled in."""
    return phrase("{label} (optional)", label=label)


def name_of(field: Any) -> str:
    """A field's label without what is said about it in brackets."""
    label: str = field.label.text
    return label.values.get("label", label) if isinstance(label, Phrase) else label


def needed(message: Phrase) -> Check:
    def check(form: Any, field: Any) -> None:
        if not field.data:
            raise StopValidation(message)

    return Rule(check, lambda field: {"empty": message})


def optional(form: Any, field: Any) -> None:
    if not field.data:
        raise StopValidation


def at_most(limit: int) -> Check:
    """Counts characters, not bytes."""

    def check(form: Any, field: Any) -> None:
        if len(field.data) > limit:
            raise StopValidation(_too_long(field, limit))

    return Rule(check, lambda field: {"long": _too_long(field, limit), "limit": str(limit)})


def no_card(form: Any, field: Any) -> None:
    if emptied_of_card(field):
        raise StopValidation(CARD_IN_TEXT)


def emptied_of_card(field: Any) -> bool:
    """Empties a field that holds a card number, so that it is not drawn again."""
    found = looks_like_card(field.data)
    if found:
        field.data = ""
    return found


def _email(form: Any, field: Any) -> None:
    """Without asking the DNS: a shopper does not wait for it."""
    try:
        field.data = validate_email(field.data, check_deliverability=False).normalized
    except EmailNotValidError:
        raise StopValidation(EMAIL_WRONG) from None


email = Rule(_email, lambda field: {"wrong": EMAIL_WRONG, "fits": EMAIL_SHAPE})


def _phone(form: Any, field: Any) -> None:
    number = phone_number(field.data, form.country_called)
    if not number:
        emptied_of_card(field)
        raise StopValidation(PHONE_WRONG)
    field.data = number


phone = Rule(_phone, lambda field: {"wrong": PHONE_WRONG, "fits": PHONE_SHAPE})


def phone_number(text: str, country: str) -> str | None:
    """Digits and hyphens as the CRM takes them, or None where no telephone could have the number.

    The calling code always leads, without its plus: 1-212-555-0100. A number typed without is of `country`.
    What looks like a card number must be in use as a telephone's; in some countries any could be, by its length.
    """
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    number.extension = None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    groups = "".join(sign if sign.isdecimal() else " " for sign in written).split()
    hyphenated = "-".join(groups)
    fitting = hyphenated if len(hyphenated) <= PHONE_LIMIT else "".join(groups)
    is_one = phonenumbers.is_valid_number if looks_like_card(text) else phonenumbers.is_possible_number
    return fitting if is_one(number) else None


def _too_long(field: Any, limit: int) -> Phrase:
    return phrase("{field} must be {limit} characters or fewer", field=name_of(field), limit=limit)
