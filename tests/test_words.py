"""The funnel's language: catalogues are read from .po files, texts are said, amounts and dates written as people do."""

from decimal import Decimal
from pathlib import Path

import pytest
from babel import Locale

from funnel.language import catalogue
from funnel.language.phrase import country_name, phrase
from funnel.language.words import Words, words

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'


def write(folder: Path, language: str, **texts: str) -> Path:
    """A catalogue with one message for each keyword, whose underscores are blanks."""
    file = folder / language / "LC_MESSAGES" / "funnel.po"
    file.parent.mkdir(parents=True)
    messages = [f'msgid "{text.replace("_", " ")}"\nmsgstr "{said}"\n' for text, said in texts.items()]
    file.write_text(HEADER + "\n".join(messages), encoding="utf-8")
    return file


def in_language(language: str, *folders: Path, countries: tuple[str, ...] = ("US",), currency: str = "USD") -> Words:
    return words(language, countries=countries, currency=currency, folders=folders)


def test_a_text_is_said_in_the_language_of_the_funnel(tmp_path: Path) -> None:
    write(tmp_path, "es", Thank_you="Gracias")
    assert in_language("es", tmp_path).said("Thank you") == "Gracias"


def test_a_region_wins_over_its_language_and_english_stands_for_what_is_in_neither(tmp_path: Path) -> None:
    write(tmp_path, "es", Cart="Carrito", Card="Tarjeta")
    write(tmp_path, "es_AR", Cart="Changuito")
    spoken = in_language("es-AR", tmp_path)
    assert [spoken.said(text) for text in ("Cart", "Card", "Cat")] == ["Changuito", "Tarjeta", "Cat"]


def test_a_shops_own_words_win_over_those_that_come_with_the_funnel(tmp_path: Path) -> None:
    write(tmp_path / "own", "es", Pay="Pagar ya")
    write(tmp_path / "shipped", "es", Pay="Pagar", Go_on="Seguir")
    spoken = in_language("es", tmp_path / "own", tmp_path / "shipped")
    assert (spoken.said("Pay"), spoken.said("Go on")) == ("Pagar ya", "Seguir")


def test_nothing_stays_nothing(tmp_path: Path) -> None:
    """For the empty text gettext answers with the head of the file."""
    write(tmp_path, "es", Pay="Pagar")
    assert in_language("es", tmp_path).said("") == ""


def test_a_phrase_is_english_by_itself_and_carries_its_values_into_the_language(tmp_path: Path) -> None:
    texts = {"We do not take {brand}. Use {brands:or}.": "No aceptamos {brand}. Usa {brands:or}."}
    write(tmp_path, "es", **texts)
    told = phrase("We do not take {brand}. Use {brands:or}.", brand="JCB", brands=("Visa", "Maestro", "Elo"))
    assert told == "We do not take JCB. Use Visa, Maestro or Elo."
    assert in_language("es", tmp_path).said(told) == "No aceptamos JCB. Usa Visa, Maestro o Elo."


def test_a_phrase_within_a_phrase_is_said_too_and_small_where_the_language_wants_it(tmp_path: Path) -> None:
    write(tmp_path, "es", **{"Check your {field:small}": "Revisa este dato: {field:small}", "Last name": "Apellidos"})
    told = phrase("Check your {field:small}", field=phrase("Last name"))
    assert told == "Check your last name"
    assert in_language("es", tmp_path).said(told) == "Revisa este dato: apellidos"
    assert phrase("Check your {field:small}", field=phrase("ZIP code")) == "Check your ZIP code"


def test_countries_have_their_names_in_the_language(tmp_path: Path) -> None:
    write(tmp_path, "es", Pay="Pagar")
    assert country_name("US") == "United States"
    assert in_language("es", tmp_path).said(country_name("US")) == "Estados Unidos"


def test_a_language_without_a_catalogue_has_no_lists_and_countries_of_its_own_among_english_words() -> None:
    told = phrase("{words:or} of {country}", words=("State", "province"), country=country_name("US"))
    assert in_language("ar").said(told) == "State or province of United States"


def test_braces_of_a_text_without_values_mean_nothing() -> None:
    assert in_language("es").said(phrase("{7*7} {x.__class__}")) == "{7*7} {x.__class__}"


@pytest.mark.parametrize(
    ("language", "country", "currency", "written"),
    [
        ("en", "US", "USD", "$1,049.95"),
        ("es", "US", "USD", "$1,049.95"),
        ("es", "ES", "EUR", "1.049,95 €"),
        ("pt-BR", "US", "BRL", "R$ 1.049,95"),
        ("de", "US", "EUR", "1.049,95 €"),
        ("en", "JP", "JPY", "¥1,050"),
    ],
)
def test_an_amount_is_written_as_in_the_language_and_the_country(
    language: str, country: str, currency: str, written: str
) -> None:
    spoken = in_language(language, countries=(country,), currency=currency)
    assert spoken.money(Decimal("1049.95")).replace("\xa0", " ") == written


def test_a_day_is_written_as_in_the_language() -> None:
    assert in_language("en").date(0) == "January 1, 1970"
    assert in_language("es").date(0) == "1 de enero de 1970"


def test_an_amount_does_not_mix_with_words_that_run_from_right_to_left() -> None:
    assert in_language("he").money(Decimal("5")).startswith("\u2068")
    assert in_language("he").money(Decimal("5")).endswith("\u2069")


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl"), ("he", "rtl"), ("pt-BR", "ltr")])
def test_every_language_has_its_direction(language: str, direction: str) -> None:
    assert in_language(language).globals()["dir"] == direction
    assert in_language(language).globals()["lang"] == language


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        ('msgid "Pay"\nmsgstr "Pagar"\nnonsense\n', "7: Unknown or misformatted keyword"),
        ('msgid "Pay %(amount)s"\nmsgstr "Pagar"\n', "5: “Pagar” must hold %(amount)s, as its English does"),
        ('msgid "Pay"\nmsgstr "Paga el 100 %"\n', "5: “Paga el 100 %” must hold no % and no {…}, as its English does"),
        ('msgid "Use {brand}"\nmsgstr "Usa {marca}"\n', "5: “Usa {marca}” must hold brand, as its English does"),
    ],
)
def test_a_catalogue_that_cannot_be_used_is_told_with_its_file_and_line(
    lines: str, mistake: str, tmp_path: Path
) -> None:
    file = write(tmp_path, "es")
    file.write_text(HEADER + lines, encoding="utf-8")
    assert catalogue.mistakes(Locale("es"), [tmp_path]) == [f"{file}:{mistake}"]


def test_one_of_something_need_not_say_the_number(tmp_path: Path) -> None:
    file = write(tmp_path, "es")
    plural = (
        'msgid "%(num)s minute"\nmsgid_plural "%(num)s minutes"\nmsgstr[0] "un minuto"\nmsgstr[1] "%(num)s minutos"\n'
    )
    file.write_text(HEADER + plural, encoding="utf-8")
    assert catalogue.mistakes(Locale("es"), [tmp_path]) == []
