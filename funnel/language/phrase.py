"""A text that knows what it is made of, so that it can be said in another language when a page is drawn."""

from collections.abc import Callable, Iterable, Mapping
from string import Formatter
from typing import Any

from babel import Locale
from babel.lists import format_list

Translate = Callable[[str], str]
ENGLISH = Locale("en")
ENGLISH_LISTS = Locale("en", "001")  # "A, B or C", without the comma that Americans put before the last one


class Phrase(str):
    """English by itself. `text` is what translators see, `values` what stands in its braces.

    A brace may say how its value is to be written: {brands:or} a list of which one is meant, {brands:Or} the same with
    a capital letter, {code:country} the name of a country, {field:small} words with a small first letter, as within a
    sentence.
    """

    __slots__ = ("text", "values")
    text: str
    values: Mapping[str, Any]

    def __new__(cls, text: str, values: Mapping[str, Any]) -> "Phrase":
        phrase = super().__new__(cls, _filled(text, values, str, ENGLISH))
        phrase.text, phrase.values = text, values
        return phrase

    def __getnewargs__(self) -> tuple[str, Mapping[str, Any]]:  # type: ignore[override]  # str has fewer
        return self.text, self.values

    def said(self, translate: Translate, locale: Locale) -> str:
        return _filled(translate(self.text), self.values, translate, locale)


def phrase(text: str, /, **values: Any) -> Phrase:
    """Mark a text for translation. Without values its braces mean nothing, so any text is safe in it."""
    return Phrase(text, values)


def as_typed(text: str) -> Phrase:
    """What a person has written, which no language changes, even where a catalogue has the same word."""
    return Phrase("{text}", {"text": text})


def country_name(code: str) -> Phrase:
    """The name of a country by its ISO 3166-1 code of two letters; the code itself where nobody has it."""
    return Phrase("{code:country}", {"code": code})


def _filled(text: str, values: Mapping[str, Any], translate: Translate, locale: Locale) -> str:
    return _Writer(translate, locale).vformat(text, (), values) if values else text


class _Writer(Formatter):
    """Writes values as a language does."""

    def __init__(self, translate: Translate, locale: Locale) -> None:
        self.translate, self.locale = translate, locale

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec in ("or", "Or"):
            words = self._one_of(value)
            return words[:1].upper() + words[1:] if format_spec == "Or" else words
        if format_spec == "country":
            return str(self.locale.territories.get(value, value))
        words = self._said(value)
        return _small(words) if format_spec == "small" else words

    def _one_of(self, values: Iterable[Any]) -> str:
        lists = ENGLISH_LISTS if self.locale.language == "en" else self.locale
        return format_list(list(dict.fromkeys(map(self._said, values))), style="or", locale=lists)

    def _said(self, value: Any) -> str:
        return value.said(self.translate, self.locale) if isinstance(value, Phrase) else str(value)


def _small(words: str) -> str:
    """ "First name" with a small letter, "ZIP code" as it is."""
    return words if words[:2].isupper() else words[:1].lower() + words[1:]
