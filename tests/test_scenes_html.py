"""The HTML of every scene: well-formed, one heading, a title, labelled fields, no id twice, no script without leave."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib
import pytest
from test_scenes import pages, settings, theatre  # noqa: F401  # fixtures

UNLABELLED = {"hidden", "submit", "button"}
SPACES = re.compile(r"\s+")


@pytest.fixture(scope="module")
def trees(pages: dict[str, str]) -> dict[str, Element]:  # noqa: F811
    """Parsed as a browser does; whatever it would have to guess is an error."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    parsed = {}
    for name, page in pages.items():
        try:
            parsed[name] = parser.parse(page)
        except html5lib.html5parser.ParseError as error:
            pytest.fail(f"{name}: {error} in {parser.errors}")
    return parsed


def named(trees: dict[str, Element], path: str) -> Iterator[tuple[str, Element]]:
    yield from ((name, found) for name, tree in trees.items() for found in tree.iterfind(path))


def test_every_page_has_one_heading_a_title_and_a_language(trees: dict[str, Element]) -> None:
    for name, tree in trees.items():
        assert len(tree.findall(".//h1")) == 1, name
        assert SPACES.sub("", tree.findtext("head/title") or ""), name
        assert tree.get("lang"), name
        assert tree.get("dir") in ("ltr", "rtl"), name


def test_no_id_stands_twice_on_a_page(trees: dict[str, Element]) -> None:
    for name, tree in trees.items():
        ids = Counter(each.get("id") for each in tree.iter() if each.get("id"))
        assert [id for id, times in ids.items() if times > 1] == [], name


def test_every_field_has_a_label_and_every_reference_an_end(trees: dict[str, Element]) -> None:
    for name, tree in trees.items():
        ids = {each.get("id") for each in tree.iter()}
        labels = {each.get("for") for each in tree.iter("label")}
        fields = [each for tag in ("input", "select", "textarea") for each in tree.iter(tag)]
        assert [f.get("name") for f in fields if f.get("type") not in UNLABELLED and f.get("id") not in labels] == [], (
            name
        )
        told = [id for each in tree.iter() for id in (each.get("aria-describedby") or "").split()]
        assert set(told) | labels <= ids, name
        links = [each.get("href", "") for each in tree.iter("a")]
        assert {link[1:] for link in links if link.startswith("#")} <= ids, name


def test_a_page_of_mistakes_says_so_first_and_beside_the_field(trees: dict[str, Element]) -> None:
    for name in ("lead-mistakes", "checkout-mistakes", "checkout-billing-mistakes"):
        tree = trees[name]
        assert (tree.findtext("head/title") or "").startswith("Error: ")
        wrong = [each for each in tree.iter() if each.get("aria-invalid") == "true"]
        assert wrong
        assert {f"#{each.get('id')}" for each in wrong} <= {each.get("href") for each in tree.iter("a")}


def test_every_picture_has_words_and_a_size(trees: dict[str, Element]) -> None:
    for name, picture in named(trees, ".//img"):
        assert {"alt", "width", "height"} <= set(picture.keys()), name


def test_every_form_that_is_sent_has_its_token(trees: dict[str, Element]) -> None:
    for name, form in named(trees, ".//form[@method='post']"):
        assert form.find(".//input[@name='csrf_token']") is not None, name


def test_every_script_is_a_file_with_a_nonce(trees: dict[str, Element]) -> None:
    for name, tree in trees.items():
        for script in tree.iter("script"):
            assert script.get("nonce"), name
            assert script.get("src") or script.get("type") == "application/json", name
        assert not [key for each in tree.iter() for key in each.attrib if key.startswith("on")], name
