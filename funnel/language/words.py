"""How the funnel speaks: its language, and texts, amounts and dates as that language writes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency

from funnel.language import catalogue
from funnel.language.phrase import Phrase

ISOLATE, END_OF_ISOLATE = "\u2068", "\u2069"  # what <bdi> is, in plain text
AMOUNTS_KEPT = 1024  # to write an amount out takes longer than to look it up


@dataclass(frozen=True)
class Words:
    """`locale` is the funnel's language, `region` how amounts and dates are written in it, `spoken` the language of the
    words: English where there are no others."""

    locale: Locale
    region: Locale
    spoken: Locale
    currency: str
    translations: NullTranslations

    @property
    def tag(self) -> str:
        """As in an element's lang, by BCP 47."""
        return str(self.locale).replace("_", "-")

    @property
    def direction(self) -> str:
        """ "ltr" or "rtl", as in an element's dir."""
        return self.locale.text_direction

    def said(self, text: str) -> str:
        """A phrase, or any text that the catalogues may know, in the funnel's language."""
        if isinstance(text, Phrase):
            return text.said(self._translate, self.spoken)
        return self._translate(text)

    def money(self, amount: Decimal) -> str:
        """In the campaign's currency; from right to left it is kept apart from the words around it."""
        written = format_currency(amount, self.currency, locale=self.region)
        return f"{ISOLATE}{written}{END_OF_ISOLATE}" if self.direction == "rtl" else written

    def date(self, moment: float | datetime) -> str:
        """Day, month and year of a moment, given as it is or in seconds since 1970; the day is that of UTC."""
        known = moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, UTC)
        return format_date(known, "long", locale=self.region)

    def globals(self) -> dict[str, object]:
        """What templates call."""
        kept: Callable[[Decimal], str] = lru_cache(AMOUNTS_KEPT)(self.money)
        return {
            "said": self.said,
            "money": kept,
            "date": self.date,
            "lang": self.tag,
            "dir": self.direction,
        }

    def _translate(self, text: str) -> str:
        return self.translations.gettext(text) if text else ""  # of the empty text gettext tells who translated


def words(language: str, *, countries: Sequence[str], currency: str, folders: Sequence[Path]) -> Words:
    """Read the catalogues of a language. `folders` hold one folder for each, the first one wins; raises PoFileError."""
    locale = Locale.parse(language, sep="-")
    return Words(
        locale=locale,
        region=region_of(locale, countries),
        spoken=locale if catalogue.is_known(locale, folders) else Locale(catalogue.SOURCE),
        currency=currency,
        translations=catalogue.translations(locale, folders),
    )


def region_of(locale: Locale, countries: Sequence[str]) -> Locale:
    """Where shoppers are, as far as it can be told: es and US become es_US. A region that is given stands."""
    if locale.territory:
        return locale
    for country in countries:
        try:
            return Locale.parse(f"{locale}_{country}")
        except UnknownLocaleError:
            continue
    return locale
