"""The card on a checkout form: typed, checked, handed over once, forgotten."""

from datetime import date, datetime, timedelta, timezone
from typing import Any

from wtforms import Field
from wtforms.validators import ValidationError

from funnel.cards import (
    BRANDS,
    CARD_LENGTHS,
    MONTH_FIRST,
    TESTCARD,
    YEAR_FIRST,
    Brand,
    Card,
    Secret,
    brand_of,
    expired,
    luhn_ok,
    read_expiry,
)
from funnel.forms.checks import Facts
from funnel.forms.fields import card_field
from funnel.forms.tidying import tidy_number, tidy_text
from funnel.language.phrase import Phrase, phrase

CODE_LENGTH = 3  # of a card whose brand cannot be told
LAST_PLACE_ON_EARTH = timezone(timedelta(hours=-12))  # where a month ends last
NUMBER_EMPTY = phrase("Enter your card number")
NUMBER_WRONG = phrase("Check the card number. One or more digits look wrong.")
EXPIRY_WRONG = phrase("Enter the expiry date, like 04 / 27")
EXPIRED = phrase("This card has expired. Use another card.")
CODE_EMPTY = phrase("Enter the security code")


class CardFields:
    """Names are Konnektive's; the expiry date is one input and becomes month and year."""

    accepted_brands: tuple[str, ...]
    test_card: bool
    cardNumber = card_field(phrase("Card number"), "cc-number", 23, tidy_number)
    cardExpiryDate = card_field(phrase("Expiry date"), "cc-exp", 9, tidy_text, phrase("MM / YY, for example 04 / 27"))
    cardSecurityCode = card_field(phrase("Security code"), "cc-csc", 4, tidy_number, phrase("3 digits on the back"))

    def fit_card(self: Any, accepted_brands: tuple[str, ...], *, test_card: bool) -> None:
        """Say which brands are taken, and whether the test number of sixteen zeros is."""
        self.accepted_brands, self.test_card = accepted_brands, test_card
        if "American Express" in accepted_brands:
            self.cardSecurityCode.description = phrase("3 digits on the back (American Express: 4 on the front)")
        self._tell_card()

    def validate_cardNumber(self: Any, field: Field) -> None:
        if not field.data:
            raise ValidationError(NUMBER_EMPTY)
        brand = brand_of(field.data, test_card=self.test_card)
        lengths = brand.lengths if brand else CARD_LENGTHS
        if not _digits(field.data) or len(field.data) not in lengths or not luhn_ok(field.data):
            raise ValidationError(NUMBER_WRONG)
        if refused := self._refusal(brand):
            raise ValidationError(refused)

    def validate_cardExpiryDate(self, field: Field) -> None:
        expiry = read_expiry(field.data)
        if not expiry:
            raise ValidationError(EXPIRY_WRONG)
        if expired(*expiry, today=_today()):
            raise ValidationError(EXPIRED)

    def validate_cardSecurityCode(self: Any, field: Field) -> None:
        if not field.data:
            raise ValidationError(CODE_EMPTY)
        brand = brand_of(self.cardNumber.data, test_card=self.test_card)
        length = brand.code_length if brand else CODE_LENGTH
        if not _digits(field.data) or len(field.data) != length:
            raise ValidationError(_code_wrong(length))

    def card(self: Any) -> Card:
        """The card, once the form has validated; ValueError before."""
        expiry = read_expiry(self.cardExpiryDate.data)
        if not expiry:
            raise ValueError("the form has not validated")
        return Card(Secret(self.cardNumber.data), *expiry, Secret(self.cardSecurityCode.data))

    def forget_card_mistakes(self: Any) -> None:
        for field in (self.cardNumber, self.cardExpiryDate, self.cardSecurityCode):
            field.errors = []

    def forget_card(self: Any) -> None:
        """Empty the fields, so that nothing can draw or log them."""
        for field in (self.cardNumber, self.cardExpiryDate, self.cardSecurityCode):
            field.forget()

    def _tell_card(self: Any) -> None:
        """What the script needs to say the same; what is typed it tells nobody."""
        known = (*BRANDS, TESTCARD) if self.test_card else BRANDS
        self.cardNumber.brands = [_brand_facts(each, self._refusal(each)) for each in known]
        unknown = self._refusal(None)
        self.cardNumber.facts = {"digits": "yes", "empty": NUMBER_EMPTY, "wrong": NUMBER_WRONG, "unknown": unknown}
        self.cardExpiryDate.facts = {
            "wrong": EXPIRY_WRONG,
            "fits": f"(?:{MONTH_FIRST.pattern}|{YEAR_FIRST.pattern})",
            "expired": EXPIRED,
            "lasts": _lasting(_today()),
        }
        self.cardSecurityCode.facts = {
            "digits": "yes",
            "by": "cardNumber",
            "empty": CODE_EMPTY,
            "wrong": _code_wrong(CODE_LENGTH),
            "fits": _code_shape(CODE_LENGTH),
        }

    def _refusal(self: Any, brand: Brand | None) -> str:
        """Why a brand is not taken; empty for one that is."""
        if brand and brand.name in (*self.accepted_brands, TESTCARD.name):
            return ""
        name = brand.name if brand else phrase("this card")
        return phrase("We do not accept {name}. Use {brands:or}.", name=name, brands=self.accepted_brands)


def _brand_facts(brand: Brand, refused: str) -> Facts:
    """`refused` is empty where the shop takes it; `wrong` and `fits` are the security code's."""
    return {
        "brand": brand.name,
        "begins": " ".join(f"{low}-{high}" for low, high in brand.prefixes),
        "lengths": "|".join(f"[0-9]{{{length}}}" for length in brand.lengths),
        "groups": "".join(f"([0-9]{{0,{size}}})" for size in brand.grouping) + "(.*)",
        "refused": refused,
        "wrong": _code_wrong(brand.code_length),
        "fits": _code_shape(brand.code_length),
    }


def _code_shape(length: int) -> str:
    return f"[0-9]{{{length}}}"


def _code_wrong(length: int) -> Phrase:
    if length == CODE_LENGTH:
        return phrase("The security code must be the {length} digits on the back, like 123", length=length)
    return phrase("The security code must be the {length} digits on the front, like 1234", length=length)


def _lasting(today: date) -> str:
    """Which dates, right in their shape, a card is good on: a later year, or this year from this month on."""
    years = "|".join(f"{year:02}" for year in range(today.year % 100 + 1, 100))
    months = "|".join(f"{month:02}|{month}" if month < 10 else f"{month}" for month in range(today.month, 13))
    year = f"{today:%y}"
    return rf"20(?:{years})\D+\d+|\d+.*(?:{years})|20{year}\D+(?:{months})|(?:{months})\D*(?:20)?{year}"


def _today() -> date:
    return datetime.now(LAST_PLACE_ON_EARTH).date()


def _digits(text: str) -> bool:
    return text.isascii() and text.isdecimal()
