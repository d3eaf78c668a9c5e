"""`flask funnel up` in development: what is saved is shown, and what is broken is told of while the last good stays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from conftest import eventually
from test_up import START_WITHIN, STOP_WITHIN, Running, environment, free_port

PLAIN = (Path(__file__).parent / "funnel.toml").read_text()
THEME = '\n[theme]\nfolder = "theme"\n[copy]\npromise = "First words"\n'
PAGE = '{% extends "shipped/pages/presell.html" %}\n{% block main %}<h1>{{ copy.promise }}</h1>{% endblock %}\n'
BAR = "The last version that was good is shown."
ENOUGH = 10  # so many requests meet both of gunicorn's processes


@dataclass
class Shop:
    """A funnel under change: its files, and what everybody sees of it."""

    url: str
    folder: Path
    running: Running

    def save(self, text: str, name: str = "theme/templates/pages/presell.html") -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.stat().st_mtime_ns if file.exists() else 0
        file.write_text(text)
        os.utime(file, ns=(before + 10**9, before + 10**9))  # two saves may come within one tick of a file system

    def pages(self, path: str = "/") -> list[str]:
        return [requests.get(self.url + path, timeout=20).text for _ in range(ENOUGH)]

    def all_show(self, words: str, *, bar: bool) -> bool:
        return all(words in page and (BAR in page) == bar for page in self.pages())


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    port = free_port()
    shop = Shop(f"http://127.0.0.1:{port}", folder, None)  # type: ignore[arg-type]  # it starts when its files are there
    shop.save(PLAIN + THEME, "funnel.toml")
    shop.save(PAGE)
    told = environment(folder, FUNNEL_FILE=str(folder / "funnel.toml"), PORT=str(port), SANDBOX_PORT=str(free_port()))
    shop.running = Running("up", folder / "up.log", told)
    try:
        assert eventually(lambda: "Ctrl-C stops" in shop.running.printed, within=START_WITHIN), shop.running.printed
        yield shop
    finally:
        shop.running.process.terminate()
        shop.running.process.wait(STOP_WITHIN)


def test_a_headline_changed_in_funnel_toml_is_served(shop: Shop) -> None:
    assert shop.all_show("First words", bar=False)
    shop.save((PLAIN + THEME).replace("First words", "Second words"), "funnel.toml")
    assert shop.all_show("Second words", bar=False)
    assert eventually(lambda: "funnel.toml is read again." in shop.running.printed)


def test_a_broken_funnel_toml_keeps_the_last_good_one_and_is_told_of(shop: Shop) -> None:
    broken = (PLAIN + THEME).replace("First words", "Third words").replace('clicks = "once"', 'clicks = "onse"')
    shop.save((PLAIN + THEME), "funnel.toml")
    assert shop.all_show("First words", bar=False)
    shop.save(broken, "funnel.toml")
    assert shop.all_show("First words", bar=True)
    line = next(number for number, text in enumerate(broken.splitlines(), 1) if text.startswith("clicks"))
    told = f"{shop.folder / 'funnel.toml'}:{line}: clicks: found"
    assert told in shop.pages()[0]
    assert eventually(lambda: told in shop.running.printed), "and in the terminal"
    shop.save(broken.replace('"onse"', '"once"'), "funnel.toml")
    assert shop.all_show("Third words", bar=False)


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        (PAGE.replace("{% endblock %}", "{% endblok %}"), 2),
        (PAGE.replace("copy.promise", "copy.promis"), 2),
        (PAGE.replace("copy.promise", "copy.promise|shout"), 2),
        (PAGE.replace("<h1>", '{% include "parts/none.html" %}<h1>'), 2),
    ],
    ids=["syntax", "variable", "filter", "include"],
)
def test_a_broken_template_keeps_the_last_good_one_and_is_told_of(shop: Shop, broken: str, line: int) -> None:
    shop.save(PLAIN + THEME, "funnel.toml")
    shop.save(PAGE.replace("<h1>", "<h1>Good: "))
    assert shop.all_show("Good: First words", bar=False)
    shop.save(broken)
    assert shop.all_show("Good: First words", bar=True)
    told = f"{shop.folder / 'theme/templates/pages/presell.html'}:{line}: "
    assert told in shop.pages()[0]
    assert eventually(lambda: told in shop.running.printed), "and in the terminal"
    shop.save(PAGE.replace("<h1>", "<h1>Mended: "))
    assert shop.all_show("Mended: First words", bar=False)


def test_a_template_that_is_new_comes_before_the_shipped_one_until_it_is_taken_away(shop: Shop) -> None:
    shop.save(PLAIN + THEME, "funnel.toml")
    shop.save(PAGE)
    assert not shop.all_show("Under new management", bar=False)
    name = "theme/templates/parts/header.html"
    shop.save('{% include "shipped/parts/header.html" %}Under new management', name)
    assert shop.all_show("Under new management", bar=False)
    (shop.folder / name).unlink()
    assert not any("Under new management" in page for page in shop.pages())


def test_what_funnel_toml_names_is_seen_as_soon_as_it_is_there(shop: Shop) -> None:
    shop.save(PAGE)
    shop.save((PLAIN + THEME).replace("[theme]", '[theme]\nlogo = "img/logo.svg"'), "funnel.toml")
    assert shop.all_show("theme.logo: found", bar=True)
    shop.save('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>', "theme/static/img/logo.svg")
    assert shop.all_show('class="logo"', bar=False)


def test_a_slot_of_a_wrong_name_is_told_of_until_it_is_taken_away(shop: Shop) -> None:
    shop.save(PLAIN + THEME, "funnel.toml")
    shop.save("<p>Hello</p>", name := "theme/templates/slots/thank-you-body.html")
    assert shop.all_show("slots/thank-you-body.html: there is no such slot", bar=True)
    (shop.folder / name).unlink()
    assert shop.all_show("First words", bar=False)


def test_a_saved_style_sheet_has_another_address(shop: Shop) -> None:
    shop.save("h1 { color: teal }", "theme/static/css/theme.css")
    first = shop.pages()[0].partition("css/theme.css?v=")[2][:12]
    shop.save("h1 { color: plum }", "theme/static/css/theme.css")
    second = shop.pages()[0].partition("css/theme.css?v=")[2][:12]
    assert first
    assert first != second


def test_a_price_that_was_saved_is_the_sandboxs_too(shop: Shop) -> None:
    """The relay and the sandbox are started anew, and everything still stops together."""
    shop.save((PLAIN + THEME).replace('price = "14.00"', 'price = "15.50"'), "funnel.toml")
    sandbox = shop.running.printed.partition("The sandbox:")[2].split()[0]
    assert eventually(lambda: "15.5" in _products(sandbox), within=START_WITHIN)
    assert shop.running.process.poll() is None


def _products(sandbox: str) -> str:
    login = {"loginId": "sandbox", "password": "sandbox", "campaignId": "1"}
    try:
        return requests.post(f"{sandbox}/campaign/query/", data=login, timeout=20).text
    except requests.ConnectionError:
        return ""
