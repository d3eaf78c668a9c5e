"""Spanish is complete, and no page has words that no translator has seen."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel import Locale
from babel.messages import Catalog
from babel.messages.pofile import read_po
from jinja2 import Environment

from config import load_settings
from funnel.folders import Folders
from funnel.language import catalogue, texts

ROOT = Path(__file__).parent.parent
SPANISH = Locale("es")
SHIPPED = Folders(ROOT)
TEMPLATES = sorted((ROOT / "templates").glob("**/*.html"))
NOT_READ = re.compile(r"<(style|script)\b.*?</\1>|<!.*?>", re.DOTALL)
READ_OUT = re.compile(r"""\b(?:alt|title|placeholder|aria-label)="([^"]+)\"""")
TAG = re.compile(r"<[^>]*>")
WORD = re.compile(r"[^\W\d_]{2,}")
SENTENCE = re.compile(r"[A-Z][a-z]+\b(?!/)|.*[a-z] |.* [a-z]")  # of a literal in an expression, which may be a mere key
SKIPPED = (["trans"], ["block", "mood"])  # what stands in the latter is a class of the style sheet
MARKED = ("_", "gettext", "ngettext")


def unmarked(template: str) -> Iterator[str]:
    """Words between tags, in attributes that are read out, and in expressions, that no call of gettext is around."""
    html, literals = _parts(template)
    html = NOT_READ.sub("", html)
    shown = [*READ_OUT.findall(html), *TAG.split(html)]
    yield from (text.strip() for text in shown if WORD.search(text) and '="' not in text)  # a macro of attributes
    yield from literals


def _parts(template: str) -> tuple[str, list[str]]:
    """What stands outside of expressions, without blocks of {% trans %}, and the sentences within them."""
    html, literals, translated = "", [], False
    line: list[str] = []
    for _, kind, value in Environment(extensions=["jinja2.ext.i18n"], autoescape=True).lex(template):
        if kind == "data" and not translated:
            html += value
        elif kind in ("name", "operator"):
            line.append(value)
            translated = (translated or line in SKIPPED) and line not in (["endtrans"], ["endblock"])
        elif kind == "string":
            if SENTENCE.match(value[1:-1]) and not _is_marked(line) and line[-1:] not in (["=="], ["!="]):
                literals.append(value[1:-1])
            line.append(value)
        elif kind in ("block_begin", "variable_begin"):
            line = []
    return html, literals


def _is_marked(line: list[str]) -> bool:
    """Whether the literal that comes next is an argument of gettext or ngettext."""
    depth = 0
    for at in range(len(line) - 1, 0, -1):
        depth += {")": 1, "(": -1}.get(line[at], 0)
        if depth < 0 and line[at - 1] in MARKED:
            return True
        depth = max(depth, 0) if depth < 0 else depth
    return False


@pytest.fixture(scope="module")
def pages() -> Catalog:
    return texts.of_pages(SHIPPED)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    variables = {"FUNNEL_FILE": str(ROOT / "funnel.toml")}
    return texts.of_shop(load_settings(variables, root=tmp_path_factory.mktemp("root")).campaign)


def test_every_text_of_the_pages_has_its_spanish(pages: Catalog) -> None:
    assert len(pages) > 100
    assert catalogue.gaps(SPANISH, SHIPPED.locale, pages) == []


def test_every_word_of_the_lamp_shop_has_its_spanish(shop: Catalog) -> None:
    assert catalogue.gaps(SPANISH, SHIPPED.locale, shop) == []


def test_no_translation_is_left_of_texts_that_are_gone(pages: Catalog, shop: Catalog) -> None:
    for name, wanted in (("funnel.po", pages), ("shop.po", shop)):
        written = read_po((ROOT / "locale/es/LC_MESSAGES" / name).read_text().splitlines())
        assert {message.id for message in written} <= {"", *(message.id for message in wanted)}
        assert not written.obsolete


def test_every_translation_holds_the_values_of_its_english() -> None:
    assert catalogue.mistakes(SPANISH, SHIPPED.locale) == []


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_no_template_has_words_that_are_not_marked(file: Path) -> None:
    assert list(unmarked(file.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>Pay now</p>", ["Pay now"]),
        ('<img alt="A lamp">', ["A lamp"]),
        ('{{ _("Pay now") }} <b>{{ _("Pay") }}</b>', []),
        ("{% trans %}Pay now{% endtrans %}", []),
        ('{{ kit.button("Pay now") }}', ["Pay now"]),
        ('{{ kit.button(_("Pay now"), "good") }}', []),
        ('<style>.a { color: red }</style><p title="{{ words }}">×</p>', []),
    ],
)
def test_unmarked_words_are_found(template: str, found: list[str]) -> None:
    assert list(unmarked(template)) == found
