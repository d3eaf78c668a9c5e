"""The translations of a language, read from .po files: the shop's own first, then those that come with the funnel."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages import Catalog
from babel.messages.catalog import Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import Translations

SOURCE = "en"  # the language that the texts are written in
VALUE = re.compile(r"%\(\w+\)\w|%%|%|\{\}|(?<=\{)\w+")  # what a translation has to take over as it is
FOLDER = "LC_MESSAGES"


@dataclass(frozen=True)
class Gap:
    """A text that a language lacks: why, and its line in the catalogue, where it stands in one."""

    text: str
    why: str
    file: Path | None = None
    line: int | None = None


def translations(locale: Locale, folders: Sequence[Path]) -> NullTranslations:
    """Region before language, an earlier folder before a later one; English where there is nothing.

    Raises PoFileError for a file that cannot be read.
    """
    found: list[NullTranslations] = [_compiled(_read(file)) for file in _files(locale, folders)]
    return reduce(_before, reversed(found), NullTranslations())


def is_known(locale: Locale, folders: Sequence[Path]) -> bool:
    """Whether there are any words of a language. English is that of the texts themselves."""
    return locale.language == SOURCE or bool(_files(locale, folders))


def mistakes(locale: Locale, folders: Sequence[Path]) -> list[str]:
    """What keeps the files of a language from being used, as "path:line: what is wrong"."""
    return [mistake for file in _files(locale, folders) for mistake in _mistakes_in(file)]


def gaps(locale: Locale, folders: Sequence[Path], wanted: Catalog) -> list[Gap]:
    """The messages of `wanted` that a language lacks, or has only doubtfully. English lacks nothing."""
    if locale.language == SOURCE:
        return []
    known: dict[str, Gap | None] = {}
    for file in reversed(_files(locale, folders)):
        known |= {_text(message): _doubt(message, file) for message in _read(file) if message.id}
    return [gap for text in _texts(wanted) if (gap := known.get(text, Gap(text, "is missing")))]


def _files(locale: Locale, folders: Sequence[Path]) -> list[Path]:
    """es-MX is looked for as es_MX, then as es; the file that wins comes first."""
    parts = str(locale).split("_")
    names = ["_".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return [file for name in names for folder in folders for file in sorted((folder / name / FOLDER).glob("*.po"))]


def _read(file: Path) -> Catalog:
    with file.open("rb") as lines:
        return read_po(lines, locale=file.parent.parent.name, abort_invalid=True)


def _compiled(catalogue: Catalog) -> Translations:
    written = BytesIO()
    write_mo(written, catalogue)
    written.seek(0)
    return Translations(written)


def _before(later: NullTranslations, earlier: NullTranslations) -> NullTranslations:
    earlier.add_fallback(later)
    return earlier


def _mistakes_in(file: Path) -> Iterator[str]:
    try:
        catalogue = _read(file)
    except PoFileError as error:
        yield f"{file}:{error.lineno + 1}: {str(error).rpartition(' on ')[0]}"
    except ValueError as error:  # of bytes that are no text, of an unknown charset
        yield f"{file}: is not a .po file: {error}"
    else:
        for message in catalogue:
            yield from (f"{file}:{message.lineno}: {wrong}" for wrong in _unfit(message) if message.id)


def _unfit(message: Message) -> Iterator[str]:
    """Translations that do not hold the values of their text: they would fail, or keep an amount from a shopper."""
    given = [set(VALUE.findall(text)) for text in _all(message.id)]
    for number, said in enumerate(_all(message.string)):
        found = set(VALUE.findall(said))
        one = len(given) > 1 and number == 0 and found < given[-1]  # "a minute" need not say how many
        if said and found != given[-1] and not one:
            yield f"“{said}” must hold {', '.join(sorted(given[-1])) or 'no % and no {…}'}, as its English does"


def _doubt(message: Message, file: Path) -> Gap | None:
    why = "is marked fuzzy" if message.fuzzy else None if all(_all(message.string)) else "is not translated"
    return Gap(_text(message), why, file, message.lineno) if why else None


def _texts(catalogue: Catalog) -> list[str]:
    return [_text(message) for message in catalogue if message.id]


def _text(message: Message) -> str:
    return _all(message.id)[0]


def _all(one_or_more: str | Sequence[str]) -> Sequence[str]:
    return (one_or_more,) if isinstance(one_or_more, str) else one_or_more
