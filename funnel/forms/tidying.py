"""Text as shoppers type it, silently put in order."""

import unicodedata

from funnel.cards import ascii_digits, looks_like_card

UNSEEN = {"Cc", "Cf", "Cs"}  # control, zero-width and bidi signs, halves of surrogate pairs
UNREADABLE = "\ufffd"  # what decoding leaves of broken UTF-8
TYPING_LIMIT = 1000  # characters looked at; far above every field's own limit


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


def _seen(sign: str) -> str:
    if sign.isspace():
        return " "
    return "" if sign == UNREADABLE or unicodedata.category(sign) in UNSEEN else sign
