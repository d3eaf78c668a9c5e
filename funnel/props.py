"""What every template may use, by name, and nothing else."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_currency
from flask import Flask
from jinja2 import StrictUndefined

from funnel.assets import Assets
from funnel.campaign import Campaign
from funnel.steps import PATHS
from funnel.summary import rows
from funnel.theme import style_of

LOCALE = "en_US"
AMOUNTS_KEPT = 1024  # to write an amount out takes longer than to look it up


@dataclass(frozen=True)
class Links:
    lead: str | None
    draft: str = PATHS["draft"]
    presell: str = PATHS["presell"]
    checkout: str = PATHS["checkout"]
    pixel: str = PATHS["pixel"]
    confirming: str = PATHS["confirming"]
    thankyou: str = PATHS["thank-you"]
    order_again: str = PATHS["thank-you"]


def install(app: Flask, campaign: Campaign, assets: Assets) -> None:
    """Flask offers templates its config, request and session: secrets and card numbers. Ours get named props."""
    for name in ("config", "request", "session", "g", "url_for", "get_flashed_messages"):
        app.jinja_env.globals.pop(name, None)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals |= {
        "funnel": campaign,
        **assets.globals(changing=app.config["TEMPLATES_AUTO_RELOAD"]),
        "copy": campaign.copy_table,
        "theme_style": style_of(campaign.theme),
        "rows": rows,
        "money": lambda amount: _money(amount, campaign.currency),
        "links": Links(lead=PATHS["lead"] if "lead" in campaign.steps else None),
        "lang": "en",
        "dir": "ltr",
    }
    app.template_context_processors[None] = [dict]


@lru_cache(AMOUNTS_KEPT)
def _money(amount: Decimal, currency: str) -> str:
    return format_currency(amount, currency, locale=LOCALE)
