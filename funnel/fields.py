"""Text as shoppers type it: silently put in order, and the kinds of field that hold and check it."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from wtforms import Field, StringField
from wtforms.validators import StopValidation

from funnel.cards import ascii_digits, looks_like_card
from funnel.phrase import Phrase, phrase

Check = Callable[[Any, Any], None]  # of a form and its field, as WTForms calls its validators
Facts = Mapping[str, str]  # what a page's script is told of a field, by the names of data attributes
Option = tuple[str, str]  # value, words
Groups = tuple[tuple[str, tuple[Option, ...]], ...]  # heading, options

UNSEEN = {"Cc", "Cf", "Cs"}  # control, zero-width and bidi signs, halves of surrogate pairs
UNREADABLE = "\ufffd"  # what decoding leaves of broken UTF-8
TYPING_LIMIT = 1000  # characters looked at; far above every field's own limit
LEFT_TO_RIGHT = "ltr"  # as numbers and addresses run, whatever the language of the page
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


class CardField(StringField):
    """A part of the card. What was typed is never drawn again, whatever a template asks for."""

    facts: Facts = MappingProxyType({})
    brands: Sequence[Facts] = ()  # what a script is told of each brand

    def _value(self) -> str:
        return ""

    def forget(self) -> None:
        self.data = ""
        self.raw_data = None


class ChoiceField(StringField):
    """A choice from groups of options; a group without a heading stands alone."""

    groups: Groups = ()
    of: Mapping[str, Facts] = MappingProxyType({})  # what a script is told of each choice


class BoxesField(Field):
    """The values of the boxes of one name that are ticked."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = tuple(valuelist)


def may_be_empty(label: Phrase) -> Phrase:
    """The label of a field that need not be filled in."""
    return phrase("{label} (optional)", label=label)


def name_of(field: Any) -> str:
    """A field's label without what is said about it in brackets."""
    label: str = field.label.text
    return label.values.get("label", label) if isinstance(label, Phrase) else label


def text_field(
    label: Phrase,
    token: str,
    limit: int,
    *checks: Check,
    hint: Phrase | None = None,
    tidy: Callable[[object], str] | None = None,
    **attributes: str,
) -> StringField:
    """A line of text with the browser's autofill token, where there is one; what looks like a card number is refused.

    The first of the checks says whether the field may stay empty.
    """
    return StringField(
        label,
        validators=[*checks[:1], no_card, at_most(limit), *checks[1:]],
        filters=[tidy or tidy_text],
        description=hint or "",
        render_kw={**({"autocomplete": token} if token else {}), "maxlength": str(limit), **attributes},
    )


def card_field(
    label: Phrase, token: str, room: int, tidy: Callable[[object], str], hint: Phrase | None = None
) -> CardField:
    attributes = {
        "inputmode": "numeric",
        "autocomplete": token,
        "maxlength": str(room),
        "spellcheck": "false",
        "dir": LEFT_TO_RIGHT,
    }
    return CardField(label, filters=[tidy], description=hint or "", render_kw=attributes)


def tidy_text(text: object) -> str:
    """Trimmed, one space where there were several, nothing invisible, digits 0 to 9, in Unicode's form C."""
    seen = "".join(_seen(sign) for sign in text[:TYPING_LIMIT]) if isinstance(text, str) else ""
    return unicodedata.normalize("NFC", ascii_digits(" ".join(seen.split())))


def tidy_code(text: object) -> str:
    """As tidy_text, in capitals, every dash a hyphen."""
    return "".join("-" if unicodedata.category(sign) == "Pd" else sign for sign in tidy_text(text)).upper()


def tidy_number(text: object) -> str:
    """As tidy_code, without the spaces and hyphens people put between a card's digits."""
    return tidy_code(text).replace(" ", "").replace("-", "")


def coupon_code(typed: object, limit: int) -> str:
    """In capitals; empty for what is none, a card number among it."""
    code = tidy_text(typed).upper()
    return "" if len(code) > limit or looks_like_card(code) else code


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


def _seen(sign: str) -> str:
    if sign.isspace():
        return " "
    return "" if sign == UNREADABLE or unicodedata.category(sign) in UNSEEN else sign
