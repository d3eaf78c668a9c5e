"""The tests' campaign, and others made of it with other offers after the order."""

from __future__ import annotations

import tomllib
from pathlib import Path

from funnel.campaign.campaign import Campaign

CAMPAIGN = Path(__file__).parent / "funnel.toml"
UPSELLS = "[upsell1]"  # from here on a campaign brings its own tables
STEPS = '"upsell1", "upsell2", "thank-you"]'
MORE_OFFERS = """
[offers.brass]
productId = 301
name = "Halden brass lamp"
image = "img/lamp.webp"
price = "79.00"
shipPrice = "6.00"

[offers.club]
productId = 302
name = "Bulb club"
price = "9.00"

[offers.club.subscription]
price = "18.00"
every_days = 30
first_days = 14

"""


def campaign_text(tables: str, *, upsells: int = 2, **keys: str) -> str:
    """funnel.toml with these upsell tables, so many upsell steps, and keys of its top as TOML writes their values."""
    head = CAMPAIGN.read_text().split(UPSELLS)[0]
    steps = "".join(f'"upsell{number + 1}", ' for number in range(upsells))
    assert head.count(STEPS) == 1
    top = "".join(f"{name} = {value}\n" for name, value in keys.items())
    return head.replace(STEPS, steps + '"thank-you"]\n' + top) + MORE_OFFERS + tables


def written(folder: Path, tables: str, *, upsells: int = 2, **keys: str) -> Path:
    file = folder / "funnel.toml"
    file.write_text(campaign_text(tables, upsells=upsells, **keys))
    return file


def campaign(tables: str, *, upsells: int = 2, **keys: str) -> Campaign:
    return Campaign.model_validate(tomllib.loads(campaign_text(tables, upsells=upsells, **keys)))
