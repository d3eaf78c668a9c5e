"""Every page in every mood: drawn without CRM and store, honest in its status, and shown by the gallery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from conftest import PATIENCE, served
from flask import Flask

from app import create_app, stage
from config import load_settings
from funnel.scenes.scene import Scene
from funnel.scenes.stage import Stage
from funnel.settings import Settings

WORDS = {
    "presell-resume": "You have been here before",
    "lead-mistakes": "Enter your last name",
    "lead-known": "Check your details",
    "checkout-declined": "Your card was declined",
    "checkout-coupon-refused": "SUMMER is not valid for this offer",
    "checkout-too-many": "wait a while or contact us",
    "checkout-outage": "Payments are paused",
    "confirming-late": "This is taking longer than usual",
    "confirming-at-paypal": "Pay another way",
    "away-bank": "Your bank wants to confirm it is you",
    "returns-paypal-agreed": "You agreed at PayPal",
    "upsell-added": "You already added",
    "upsell-said-no": "Change my mind",
    "upsell-said-no-ended": "You said no thanks",
    "upsell-could-not-add": "We could not add",
    "upsell-adding": "We are still adding",
    "upsell-held": "We have your order",
    "thank-you-adding": "being added",
    "thank-you-nobody": "The confirmation we email you",
    "error-not-found": "We cannot find that page",
    "error-store-away": "A part of this shop is not answering",
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Of the funnel as it is shipped."""
    return load_settings({"FUNNEL_FILE": "funnel.toml"}, root=tmp_path_factory.mktemp("gallery"))


@pytest.fixture(scope="module")
def theatre(settings: Settings) -> Stage:
    return stage(settings)


@pytest.fixture(scope="module")
def pages(theatre: Stage) -> dict[str, str]:
    return {scene.name: theatre.draw(scene).get_data(as_text=True) for scene in theatre.scenes()}


@pytest.fixture(scope="module")
def gallery(settings: Settings) -> Iterator[str]:
    with served(create_app(settings)) as url:
        yield f"{url}/gallery"


def named(theatre: Stage, name: str) -> Scene:
    return next(scene for scene in theatre.scenes() if scene.name == name)


@pytest.mark.parametrize("name", WORDS)
def test_a_scene_shows_its_mood(pages: dict[str, str], name: str) -> None:
    assert WORDS[name] in pages[name].replace("&#39;", "'")


def test_each_scene_has_a_name_of_its_own(theatre: Stage) -> None:
    names = [scene.name for scene in theatre.scenes()]
    assert len(set(names)) == len(names) > 100


def test_a_strange_name_comes_out_as_text(pages: dict[str, str]) -> None:
    for name, page in pages.items():
        assert "<script>alert" not in page, name
        assert "{{7*7}}" in page or not name.endswith("strange-names"), name


def test_what_matters_stands_before_what_is_pressed_or_looked_at(pages: dict[str, str]) -> None:
    told = pages["presell-subscription"]
    assert told.index("until you cancel") < told.index('class="button"')
    decided = pages["upsell-added"]
    assert decided.index("You already added") < decided.index(">Continue<") < decided.index("<picture")


def test_a_receipt_has_a_row_for_tax_where_there_is_tax(pages: dict[str, str]) -> None:
    assert "<dt>Tax</dt>" in pages["thank-you-totals"]
    assert "<dt>Tax</dt>" not in pages["thank-you-order"]


def test_a_paused_checkout_names_the_country(pages: dict[str, str]) -> None:
    assert "United States" in pages["checkout-outage"]


def test_nothing_is_said_of_a_card_where_none_is_taken(pages: dict[str, str]) -> None:
    assert "Your card number" in pages["checkout-paypal"]
    assert "Your card number" not in pages["checkout-paypal-alone"]


def test_a_scene_of_a_mistake_has_the_status_of_one(theatre: Stage) -> None:
    statuses = {name: theatre.draw(named(theatre, name)).status_code for name in ("lead-empty", "lead-mistakes")}
    assert statuses == {"lead-empty": 200, "lead-mistakes": 422}


def test_no_card_that_a_scene_types_is_drawn(pages: dict[str, str]) -> None:
    assert not [name for name, page in pages.items() if "4242424242" in page]


def test_a_funnel_with_little_in_it_has_scenes_too(settings: Settings) -> None:
    key = settings.campaign.checkout.offers[0]
    bare = settings.campaign.model_copy(
        update={
            "steps": ("checkout", "thank-you"),
            "offers": {key: settings.campaign.offers[key]},
            "upsell1": None,
            "upsell2": None,
        }
    )
    theatre = stage(settings.model_copy(update={"campaign": bare}))
    drawn = {scene.page for scene in theatre.scenes() if theatre.draw(scene).status_code}
    assert {"checkout", "thank-you"} <= drawn
    assert not {"presell", "lead", "upsell"} & drawn


def test_the_gallery_shows_every_scene(gallery: str, theatre: Stage) -> None:
    page = requests.get(gallery, timeout=PATIENCE)
    assert all(f'src="/gallery/{scene.name}"' in page.text for scene in theatre.scenes())
    assert requests.get(f"{gallery}/lead-empty", timeout=PATIENCE).status_code == 200
    assert requests.get(f"{gallery}/no-such-scene", timeout=PATIENCE).status_code == 404


def test_a_look_at_the_gallery_leaves_no_trace(gallery: str, settings: Settings) -> None:
    app = create_app(settings)
    for path in ("", "/checkout-declined", "/thank-you-upsell"):
        answer = requests.get(f"{gallery}{path}", timeout=PATIENCE)
        assert not answer.cookies
        assert "Refresh" not in answer.headers
    assert app.extensions["funnel"].backlog.entries() == []


def test_there_is_no_gallery_where_shoppers_buy(settings: Settings, tmp_path: Path) -> None:
    app: Flask = create_app(settings.model_copy(update={"funnel_env": "production"}))
    assert not [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/gallery")]
