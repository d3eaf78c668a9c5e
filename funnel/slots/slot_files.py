"""A marketer's own pixels: templates that are found by their names, and stand in the head or at the end of pages."""

import logging
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import PurePath

from flask import Flask
from jinja2 import Environment, TemplateNotFound, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from funnel.campaign.tables import Slots
from funnel.slots.slot_markup import with_nonce
from funnel.slots.slots import PLACES, files, opens

log = logging.getLogger("funnel.web")

DRAWN_KEPT = 64


class SlotFiles:
    """`nonce` is the word that stands for an answer's nonce. Where files do not change, each is looked for once, and a
    broken one is left out: no pixel may stand between a shopper and the page."""

    def __init__(self, environment: Environment, table: Slots, *, nonce: str, changing: bool) -> None:
        self._environment = environment
        self._table = table
        self._changing = changing
        self._has: Callable[[str], bool] = self._is_there if changing else cache(self._is_there)
        self._with_nonce = lru_cache(DRAWN_KEPT)(lambda text: Markup(with_nonce(text, nonce)))  # noqa: S704  # a template's
        self._nonce = nonce

    def sources(self, page: str) -> dict[str, str]:
        """What a page with slots has to let in, by directive of the Content-Security-Policy; nothing for others."""
        if not any(self._of(page, place) for place in PLACES):
            return {}
        hosts = " ".join(self._table.hosts)
        beside = {name: hosts for name in ("img-src", "connect-src", "frame-src") if hosts}
        return {"script-src": "", "style-src": f"'nonce-{self._nonce}'", **beside}

    def draw(self, page: str, place: str, order: object) -> Markup:
        return Markup().join(self._drawn(file, order) for file in self._of(page, place))

    def _of(self, page: str, place: str) -> list[str]:
        return [file for file in files(page, place) if self._has(file)] if opens(self._table, page) else []

    def _drawn(self, file: str, order: object) -> Markup:
        """It sees the funnel and the order, and nothing of what a shopper has typed."""
        try:
            return self._with_nonce(self._environment.get_template(file).render(order=order))
        except Exception as error:
            if self._changing:
                raise
            log.error("slot %s is left out: %s", file, type(error).__name__)
            return Markup()

    def _is_there(self, file: str) -> bool:
        try:
            self._environment.get_template(file)
        except TemplateNotFound as error:
            return error.name != file
        except Exception:  # it is there, and says so itself when it is drawn
            return True
        return True


def install(app: Flask, table: Slots) -> SlotFiles:
    """Templates say `slot("head")` and `slot("body")`; the name of the page's template tells which page it is."""
    found = SlotFiles(
        app.jinja_env, table, nonce=str(app.jinja_env.globals["nonce"]), changing=app.config["TEMPLATES_AUTO_RELOAD"]
    )

    @pass_context
    def slot(context: Context, place: str) -> Markup:
        return found.draw(page_of(context.name or ""), place, context.get("order"))

    app.jinja_env.globals["slot"] = slot
    return found


def page_of(template: str) -> str:
    """ "upsell" of pages/upsell-shade.html."""
    return PurePath(template).stem.partition("-")[0]
