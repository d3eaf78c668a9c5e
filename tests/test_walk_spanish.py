"""The funnel in Spanish, walked with mistakes and a declined card: no English sentence of ours is left on any page."""

import re
from html import unescape
from pathlib import Path

import pytest
from conftest import LOGIN, Crm
from shopper import DECLINED_CARD, Page, Shopper

from app import create_app
from config import load_settings
from funnel.folders import Folders
from funnel.language import texts
from funnel.language.words import Words, words

ROOT = Path(__file__).parent.parent
LONG_ENOUGH = 12  # signs of a sentence that is no sentence of another language by chance
VALUE = re.compile(r"%\(\w+\)s|\{[\w:]*\}|<[^>]*>")


def funnel_in(language: str, folder: Path) -> Path:
    """The shop that comes with the funnel, in another language."""
    file = folder / "funnel.toml"
    shipped = (ROOT / "funnel.toml").read_text(encoding="utf-8")
    file.write_text(re.sub('(?m)^language = "en"', f'language = "{language}"', shipped), encoding="utf-8")
    return file


@pytest.fixture
def campaign_file(tmp_path: Path) -> Path:
    return funnel_in("es", tmp_path)


@pytest.fixture(scope="module")
def english() -> list[str]:
    """What of our texts stands in no Spanish page: sentences between their values, and whole short texts."""
    shop = load_settings({"FUNNEL_FILE": str(ROOT / "funnel.toml")}).campaign
    spoken: Words = words("es", countries=("US",), currency="USD", folders=Folders(ROOT).locale)
    marked = [*texts.of_pages(Folders(ROOT)), *texts.of_shop(shop)]
    given = [text for each in marked for text in ([each.id] if isinstance(each.id, str) else each.id) if text]
    other = [text for text in given if spoken.said(text) != text]
    pieces = {piece.strip() for text in other for piece in VALUE.split(text)}
    return sorted(piece for piece in pieces if re.search("[A-Za-z]{2}", piece))


def left_in(page: Page, english: list[str]) -> list[str]:
    html = unescape(re.sub(r"<script.*?</script>|<style.*?</style>", "", page.html, flags=re.DOTALL))
    shown = {text.strip() for text in re.split(r"<[^>]*>", html)}
    found = {text for text in english if text in shown}
    return sorted(found | {text for text in english if len(text) >= LONG_ENOUGH and text in html})


def test_the_whole_walk_is_in_spanish(crm: Crm, shopper: Shopper, english: list[str]) -> None:
    def looked_at(page: Page, path: str) -> None:
        assert page.path == path
        assert page.attributes("html") == {"lang": "es", "dir": "ltr"}
        assert left_in(page, english) == []

    looked_at(shopper.get("/"), "")
    looked_at(shopper.get("/lead"), "lead")
    looked_at(shopper.submit(), "lead")
    looked_at(shopper.leave_lead(phoneNumber="12"), "lead")
    looked_at(shopper.leave_lead(), "checkout")
    looked_at(shopper.submit(billShipSame=None), "checkout")
    looked_at(shopper.pay(**DECLINED_CARD), "checkout")
    looked_at(shopper.get("/lead"), "lead")
    looked_at(shopper.get("/upsell/1"), "checkout")
    looked_at(shopper.pay(), "upsell/1")
    looked_at(shopper.submit(choice="perhaps"), "upsell/1")
    looked_at(shopper.submit(choice="yes"), "upsell/2")
    looked_at(shopper.get("/upsell/1"), "upsell/1")
    looked_at(shopper.get("/upsell/2"), "upsell/2")
    looked_at(shopper.submit(choice="no"), "thank-you")
    looked_at(shopper.get("/checkout"), "thank-you")
    looked_at(shopper.get("/no-such-page"), "no-such-page")
    assert shopper.get("/thank-you").text.count("Estados Unidos") == 1


def test_the_words_of_another_language_are_seen(english: list[str]) -> None:
    """The walk above would find them."""
    assert (
        "Your card was declined. You have not been charged. Check the card details or try a different card." in english
    )
    assert {"City", "Terms", "Halden desk lamp"} <= set(english)


@pytest.mark.parametrize("language", ["ar", "he"])
def test_a_language_from_right_to_left_runs_so_with_english_words_until_it_has_its_own(
    language: str, crm: Crm, tmp_path: Path
) -> None:
    variables = {**LOGIN, "KONNEKTIVE_API_URL": crm.url, "FUNNEL_FILE": str(funnel_in(language, tmp_path))}
    page = create_app(load_settings(variables, root=tmp_path)).test_client().get("/checkout").text
    assert f'<html lang="{language}" dir="rtl">' in page
    assert "First name" in page
    card = re.search(r"<input [^>]*cc-number[^>]*>", page)
    assert card
    assert 'dir="ltr"' in card[0]  # groups of digits would stand in the opposite order
