"""What every template may use, by name, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from hashlib import blake2b
from pathlib import Path

from babel.numbers import format_currency
from flask import Flask
from jinja2 import StrictUndefined

from funnel.campaign import Campaign
from funnel.steps import PATHS
from funnel.summary import rows

LOCALE = "en_US"
DIGEST_BYTES = 6
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


def install(app: Flask, campaign: Campaign) -> None:
    """Flask offers templates its config, request and session: secrets and card numbers. Ours get named props."""
    for name in ("config", "request", "session", "g", "url_for", "get_flashed_messages"):
        app.jinja_env.globals.pop(name, None)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals |= {
        "funnel": campaign,
        "asset": _asset(app),
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


def _asset(app: Flask) -> Callable[[str], str]:
    """The address of a static file, with its content's hash in it, so that browsers may keep it for a year."""
    folder, url = Path(app.static_folder or ""), app.static_url_path or ""

    @cache
    def digest(path: str, _changed: float) -> str:
        return blake2b((folder / path).read_bytes(), digest_size=DIGEST_BYTES).hexdigest()

    def asset(path: str) -> str:
        return f"{url}/{path}?v={digest(path, (folder / path).stat().st_mtime)}"

    return asset if app.config["TEMPLATES_AUTO_RELOAD"] else cache(asset)  # in production files do not change
