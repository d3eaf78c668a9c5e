"""docs/marketers.md: each recipe, applied to a copy of what is shipped, does what it says."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import guide
import pytest

from app import create_app
from config import folders, load_settings
from funnel.check import checking
from funnel.check.finding import RULES
from funnel.check.subject import Subject
from funnel.settings import Settings


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """All recipes, one after the other."""
    folder = tmp_path_factory.mktemp("shop")
    return load_settings({"FUNNEL_FILE": str(guide.follow(folder))}, root=folder)


def test_the_recipes_change_what_they_say(settings: Settings) -> None:
    campaign = settings.campaign
    found: dict[str, Any] = {
        "headline": campaign.copy_table["headline"],
        "price": str(campaign.offers["bulbs"].price),
        "upsell": campaign.upsell("upsell3").name,
        "downsell": campaign.upsell("upsell1b").name,
        "logo": campaign.theme.logo,
    }
    assert found == {
        "headline": "A warmer light for late work.",
        "price": "16.00",
        "upsell": "Woven cord, 3 m",
        "downsell": "Paper shade",
        "logo": "img/logo.svg",
    }


def test_no_page_after_the_order_offers_what_another_does(settings: Settings) -> None:
    pages = [settings.campaign.upsell_page(step) for step in settings.campaign.upsell_steps]
    offered = [each.offer for page in pages if page for each in (page, page.downsell) if each]
    assert sorted(offered) == ["bulbs", "cord", "paper", "shade"]


def test_the_check_finds_nothing_in_what_comes_out(settings: Settings) -> None:
    found_in = folders(settings.campaign, settings.funnel_file)
    assert checking.findings(Subject.of(create_app(settings), settings, found_in)) == []


@pytest.mark.parametrize("block", guide.TABLES, ids=[lines.split()[0] for _, lines in guide.TABLES])
def test_each_snippet_is_toml(block: list[str]) -> None:
    assert tomllib.loads(block[1])


def test_every_rule_of_the_check_is_in_the_guide() -> None:
    assert set(RULES) <= set(re.findall(r"`([a-z-]+)`", guide.TEXT))
