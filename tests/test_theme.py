"""A merchant's own theme: colours, fonts and words in funnel.toml, and a folder whose files come first."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from conftest import Funnel, OpenFunnel
from shopper import Shopper

from config import load_settings
from funnel.mistakes import ConfigError

PLAIN = (Path(__file__).parent / "funnel.toml").read_text()
THEME = """
[theme]
folder = "theme"
[theme.colours]
accent = { light = "#005a9c", dark = "#9ccbff" }
on_accent = "oklch(98% 0.01 250)"
[theme.fonts]
display = "Georgia, 'Times New Roman', serif"
[copy]
promise = "A promise of our own"
[[copy.points]]
title = "First point"
"""
PRESELL = """{% extends "shipped/pages/presell.html" %}
{% block main %}<h1>{{ copy.promise }}</h1><p>{{ copy.points[0].title }}</p>
<img src="{{ asset('img/ours.svg') }}" alt="">{% endblock %}"""
UPSELL = """{% extends "pages/upsell.html" %}
{% block title %}A shade of its own page{% endblock %}"""
BRICKS = """
[theme]
logo = "img/favicon.svg"
[copy]
headline = "Our headline"
benefits = [{ title = "Why not", text = "Because", icon = "heart" }]
testimonials = [{ text = "It is good.", name = "Ann", place = "Bergen" }]
guarantee = { title = "A month to decide", text = "Then tell us." }
gallery = [{ image = "img/shade.webp", words = "Seen from the side" }]
faq = [{ question = "Does it?", answer = "It does." }]
"""
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="6"/>'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """funnel.toml with a theme folder beside it."""
    for name, text in {
        "templates/pages/presell.html": PRESELL,
        "templates/pages/upsell-shade.html": UPSELL,
        "static/img/ours.svg": PICTURE,
        "static/css/theme.css": "h1 { letter-spacing: .1em }",
    }.items():
        (path := tmp_path / "theme" / name).parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "funnel.toml").write_text(PLAIN + THEME)
    return tmp_path / "funnel.toml"


@pytest.fixture
def own(open_funnel: OpenFunnel, file: Path) -> Funnel:
    return open_funnel(FUNNEL_FILE=str(file))


def test_an_own_page_comes_before_the_shipped_one_and_builds_on_it(own: Funnel) -> None:
    with Shopper(own.url) as shopper:
        page = shopper.get("/")
    assert "A promise of our own First point" in page.text
    assert "Halden Lamp Works" in page.text, "around it stands the shipped layout"


def test_own_files_are_served_with_their_hash_for_a_year(own: Funnel) -> None:
    with Shopper(own.url) as shopper:
        page = shopper.get("/")
        assert "css/funnel.css" in page.html.split("css/theme.css")[0], "the own style sheet has the last word"
        for start in ("/static/img/ours.svg?v=", "/static/css/theme.css?v=", "/static/css/funnel.css?v="):
            address = re.search(rf'"({re.escape(start)}\w+)"', page.html)
            assert address, start
            served = shopper.browser.get(own.url + address[1], timeout=5)
            assert served.status_code == 200
            assert "max-age=31536000" in served.headers["Cache-Control"]


def test_colours_and_fonts_are_one_style_that_the_policy_knows(own: Funnel) -> None:
    with Shopper(own.url) as shopper:
        page = shopper.get("/")
    style = re.search(r"<style>(.*?)</style>", page.html)
    assert style
    assert "--accent:#005a9c;" in style[1].split("@media")[0]
    assert "--accent:#9ccbff;" in style[1].split("@media")[1]
    assert style[1].count("--on-accent:oklch(98% 0.01 250);") == 2, "one colour counts in both schemes"
    assert "--display:Georgia, 'Times New Roman', serif;" in style[1]
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_without_a_theme_no_style_stands_in_the_page(shopper: Shopper) -> None:
    page = shopper.get("/")
    assert "<style" not in page.html
    assert "sha256" not in page.headers["Content-Security-Policy"]


def test_an_upsell_has_a_page_of_its_own_by_its_offers_key(own: Funnel) -> None:
    with Shopper(own.url) as shopper:
        assert "A shade of its own page" in shopper.buy().title
        assert "A shade of its own page" not in shopper.submit(choice="no").title, "the bulbs have the common one"


def test_a_marketers_words_and_pictures_are_the_presells(open_funnel: OpenFunnel, tmp_path: Path) -> None:
    (tmp_path / "funnel.toml").write_text(PLAIN + BRICKS)
    with Shopper(open_funnel(FUNNEL_FILE=str(tmp_path / "funnel.toml")).url) as shopper:
        page = shopper.get("/")
    for words in (
        "Our headline",
        "Why not",
        "Because",
        "It is good. Ann, Bergen",
        "A month to decide",
        "Does it? It does.",
    ):
        assert words in page.text, words
    assert page.attributes("img", alt="Seen from the side")["loading"] == "lazy"
    assert page.attributes("img", alt="Halden Lamp Works")["width"] == "32", "the logo, by its own size"


def test_a_funnel_without_words_of_its_own_has_a_page_all_the_same(shopper: Shopper) -> None:
    page = shopper.get("/")
    assert page.title.startswith("Halden desk lamp")
    assert "What does it cost in all? $54.90 for one, with shipping." in page.text


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (
            '[theme]\nfolder = "them"',
            "theme.folder: found 'them'; there is no such folder beside funnel.toml",
        ),
        ('[theme]\nlogo = "img/no.svg"', "funnel.toml: theme.logo: found 'img/no.svg'; allowed: a picture in static/"),
        ('[theme.colours]\nacent = "#fff"', 'theme.colours.acent: there is no such key (did you mean "accent"?)'),
        ('[theme.colours]\nink = "black; }"', "theme.colours.ink.light: found 'black; }'; allowed: a CSS colour"),
        ('[theme.colours]\nink = { light = "#000", dark = "url(x)" }', "theme.colours.ink.dark: found 'url(x)'"),
        ('[theme.fonts]\ntext = "a; b"', "theme.fonts.text: found 'a; b'; allowed: font names"),
        ('[[copy.gallery]]\nimage = "img/no.jpg"', "copy.gallery.0.image: found 'img/no.jpg'; allowed: a picture in"),
        ("[copy]\nprice = 4.5", "copy.price: found 4.5; allowed: a text in quotes"),
        ('[copy]\nitems = ["a"]', "copy.items: templates cannot reach this name; allowed: another one"),
    ],
)
def test_a_mistake_in_the_theme_is_told_in_plain_words(tmp_path: Path, table: str, told: str) -> None:
    (tmp_path / "funnel.toml").write_text(f"{PLAIN}\n{table}\n")
    with pytest.raises(ConfigError) as error:
        load_settings({}, root=tmp_path)
    assert any(told in mistake for mistake in error.value.mistakes), error.value.mistakes
