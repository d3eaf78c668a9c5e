"""What can be told of a payment card without asking anyone: its brand, its digits, its expiry date."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import NoReturn

CARD_LENGTHS = range(13, 20)  # digits in a card number, ISO/IEC 7812
DIGIT_RUN = re.compile(r"[0-9]+(?:[\s.\-\u2010-\u2015\u2212]{1,3}[0-9]+)*")
MONTH_FIRST = re.compile(r"(1[0-2]|0?[1-9])\s*[/\-. ]\s*((?:20)?[0-9]{2})|(1[0-2]|0[1-9])((?:20)?[0-9]{2})")
YEAR_FIRST = re.compile(r"(20[0-9]{2})\s*[/-]\s*(1[0-2]|0[1-9])")  # what HTML's own month format looks like


class Secret:
    """Text that cannot be printed, formatted, copied, pickled, compared or turned into JSON by accident."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "•••"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is neither pickled nor copied")

    __getstate__ = __reduce__


@dataclass(frozen=True, eq=False)
class Card:
    """A card to charge once. Month is 1 to 12, year has four digits."""

    number: Secret
    month: int = field(repr=False)
    year: int = field(repr=False)
    security_code: Secret

    def __reduce__(self) -> NoReturn:
        raise TypeError("a card is neither pickled nor copied")


@dataclass(frozen=True)
class Brand:
    """How a brand's numbers begin (from, to: equally many digits), how long they are and how printed."""

    name: str
    prefixes: tuple[tuple[str, str], ...]
    lengths: tuple[int, ...]
    code_length: int = 3
    grouping: tuple[int, ...] = (4, 4, 4, 4, 3)

    def begins(self, digits: str) -> bool:
        return any(low <= digits[: len(low)] <= high for low, high in self.prefixes)


BRANDS = (
    Brand("Visa", (("4", "4"),), (13, 16, 19)),
    Brand("Mastercard", (("51", "55"), ("2221", "2720")), (16,)),
    Brand("American Express", (("34", "34"), ("37", "37")), (15,), code_length=4, grouping=(4, 6, 5)),
    Brand("Discover", (("6011", "6011"), ("622126", "622925"), ("644", "649"), ("65", "65")), (16, 17, 18, 19)),
    Brand(
        "Diners Club",
        (("300", "305"), ("3095", "3095"), ("36", "36"), ("38", "39")),
        (14, 15, 16, 17, 18, 19),
        grouping=(4, 6, 9),
    ),
    Brand("JCB", (("3528", "3589"),), (16, 17, 18, 19)),
)
TEST_NUMBER = "0" * 16
TESTCARD = Brand("TESTCARD", ((TEST_NUMBER, TEST_NUMBER),), (16,))


def ascii_digits(text: str) -> str:
    """The text with every decimal digit of any script, full-width ones included, as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in text)


def brand_of(digits: str, *, test_card: bool = False) -> Brand | None:
    """The brand by the number's beginning; TESTCARD only where it is allowed."""
    known = (*BRANDS, TESTCARD) if test_card else BRANDS
    return next((brand for brand in known if brand.begins(digits)), None)


def luhn_ok(digits: str) -> bool:
    """Whether the last digit is the check digit of the others. Expects 0 to 9 only."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return bool(digits) and (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def read_expiry(text: str) -> tuple[int, int] | None:
    """(month, four-digit year) of 4/27, 0427, 04/2027, 04-27, 04 / 27 or 2027-04; None for anything else."""
    text = ascii_digits(text).strip()
    if found := YEAR_FIRST.fullmatch(text):
        return int(found[2]), int(found[1])
    if found := MONTH_FIRST.fullmatch(text):
        month, year = found[1] or found[3], found[2] or found[4]
        return int(month), 2000 + int(year[-2:])
    return None


def expired(month: int, year: int, today: date) -> bool:
    """A card is good until the end of its month."""
    return (year, month) < (today.year, today.month)


def looks_like_card(text: str) -> bool:
    """Whether 13 to 19 digits that pass Luhn stand in the text, also with spaces, dots or dashes between.

    Whole groups are taken together, so a number is found beside a house number or a security code too.
    The test number of sixteen zeros counts like any other.
    """
    return any(_holds_card(re.findall("[0-9]+", run[0])) for run in DIGIT_RUN.finditer(ascii_digits(text)))


def _holds_card(groups: list[str]) -> bool:
    for start in range(len(groups)):
        digits = ""
        for group in groups[start : start + max(CARD_LENGTHS)]:
            digits += group
            if len(digits) > max(CARD_LENGTHS):
                break
            if len(digits) in CARD_LENGTHS and luhn_ok(digits):
                return True
    return False
