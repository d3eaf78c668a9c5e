"""docs/marketers.md: each recipe, applied to a copy of what is shipped, does what it says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from config import load_settings
from funnel.check.finding import RULES
from funnel.settings import Settings

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "marketers.md").read_text()
SHIPPED = (ROOT / "funnel.toml").read_text()
BLOCKS = [block.split("\n", 1) for block in re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)]
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>'


def applied(text: str, where: str, lines: str) -> str:
    """As a person does it: a key's line is changed where the guide says, and tables go to the end."""
    if where == "# at the end":
        return f"{text}\n{lines}"
    key = lines.partition(" = ")[0]
    start = text.index(where.removeprefix("# in ")) if where.startswith("# in [") else 0
    changed, count = re.subn(rf"^{key} = .*$", lambda _: lines.rstrip(), text[start:], count=1, flags=re.MULTILINE)
    assert count == 1, f"{key} is not there to be changed"
    return text[:start] + changed


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """All recipes, one after the other."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "theme/static/img").mkdir(parents=True)
    (folder / "theme/static/img/logo.svg").write_text(LOGO)
    text = SHIPPED
    for where, lines in BLOCKS:
        text = applied(text, where, lines)
    (folder / "funnel.toml").write_text(text)
    return load_settings({"FUNNEL_FILE": str(folder / "funnel.toml")}, root=folder)


def test_the_recipes_change_what_they_say(settings: Settings) -> None:
    campaign = settings.campaign
    found: dict[str, Any] = {
        "headline": campaign.copy_table["headline"],
        "price": str(campaign.offers["bulbs"].price),
        "upsell": campaign.upsell("upsell3").name,
        "downsell": campaign.upsell("upsell1b").quantity,
        "logo": campaign.theme.logo,
    }
    assert found == {
        "headline": "A warmer light for late work.",
        "price": "16.00",
        "upsell": "Woven cord, 3 m",
        "downsell": 2,
        "logo": "img/logo.svg",
    }


@pytest.mark.parametrize("block", BLOCKS, ids=[lines.split()[0] for _, lines in BLOCKS])
def test_each_snippet_is_toml(block: list[str]) -> None:
    assert tomllib.loads(block[1])


def test_every_rule_of_the_check_is_in_the_guide() -> None:
    assert set(RULES) <= set(re.findall(r"`([a-z-]+)`", GUIDE))
