"""What every template may use, by name, and nothing else."""

from dataclasses import dataclass

from flask import Flask
from jinja2 import Environment, StrictUndefined

from funnel.assets import Assets
from funnel.campaign.campaign import Campaign
from funnel.campaign.theme import style_of
from funnel.forms.checks import told
from funnel.forms.email_typos import COMMON, NO_SLIPS
from funnel.language.words import Words
from funnel.steps import PATHS
from funnel.summary import rows


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


def install(app: Flask, campaign: Campaign, assets: Assets, words: Words) -> None:
    """Flask offers templates its config, request and session: secrets and card numbers. Ours get named props."""
    for name in ("config", "request", "session", "g", "url_for", "get_flashed_messages"):
        app.jinja_env.globals.pop(name, None)
    app.jinja_env.undefined = StrictUndefined
    _speak(app.jinja_env, words)
    app.jinja_env.globals |= {
        "funnel": campaign,
        **assets.globals(changing=app.config["TEMPLATES_AUTO_RELOAD"]),
        "copy": campaign.copy_table,
        "theme_style": style_of(campaign.theme),
        "rows": rows,
        "told": told,
        "mail_services": (COMMON, NO_SLIPS),
        **words.globals(),
        "links": Links(lead=PATHS["lead"] if "lead" in campaign.steps else None),
    }
    app.template_context_processors[None] = [dict]


def _speak(environment: Environment, words: Words) -> None:
    """`{{ _("Text") }}`, `ngettext` and `{% trans %}`, whose values are escaped and whose lines are one."""
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    said = words.translations
    environment.install_gettext_callables(said.gettext, said.ngettext, newstyle=True)  # type: ignore[attr-defined]
