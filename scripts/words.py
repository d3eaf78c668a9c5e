"""`make words`: bring the .po files of locale/ up to date with the texts of the pages; new texts come in empty.

A language named as an argument is added: `make words ARGS=fr`.
"""

from __future__ import annotations

import argparse
import sys
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from config import ROOT, load_settings
from funnel.folders import Folders
from funnel.language import texts

WIDTH = 110  # of a line
HEAD = """# See docs/translating.md.
msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def main(arguments: list[str]) -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("languages", nargs="*", metavar="LANGUAGE", type=_tag, help="to be added, such as fr or pt-BR")
    asked = options.parse_args(arguments)
    pages = texts.of_pages(Folders(ROOT))
    shop = texts.of_shop(load_settings({"FUNNEL_FILE": str(ROOT / "funnel.toml")}).campaign)
    for message in pages:
        shop.delete(message.id)
    for name in sorted({folder.name for folder in (ROOT / "locale").iterdir()} | {*asked.languages}):
        folder = ROOT / "locale" / name / "LC_MESSAGES"
        bring_up_to_date(folder / "funnel.po", pages)
        bring_up_to_date(folder / "shop.po", shop)


def bring_up_to_date(file: Path, wanted: Catalog) -> None:
    """What is translated stays; what nothing shows any more goes. Nothing is guessed from texts that look alike."""
    language = file.parent.parent.name
    kept = read_po(BytesIO(file.read_bytes()), locale=language) if file.exists() else Catalog(language)
    kept.update(wanted, no_fuzzy_matching=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as lines:
        lines.write(HEAD.format(language=language, plurals=kept.plural_forms).encode())
        write_po(
            lines, kept, width=WIDTH, sort_by_file=True, include_lineno=False, ignore_obsolete=True, omit_header=True
        )
    empty = sum(1 for message in kept if message.id and not message.string)
    print(f"{file.relative_to(ROOT)}: {len(kept)} texts, {empty} to translate")


def _tag(written: str) -> str:
    """As a folder of locale/ is called."""
    tag = written.replace("-", "_")
    try:
        Locale.parse(tag)
    except (UnknownLocaleError, ValueError):
        raise argparse.ArgumentTypeError(f"nobody speaks {written!r}; write it like fr or pt-BR") from None
    return tag


if __name__ == "__main__":
    main(sys.argv[1:])
