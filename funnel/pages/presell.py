"""Presell: one promise, one way on."""

from typing import Any

from flask import Blueprint, Response

from funnel import guard, steps, web
from funnel.forms.form import PlainForm
from funnel.steps import PATHS

bp = Blueprint("presell", __name__)


@bp.get(PATHS["presell"])
def show() -> Response:
    guard.enter("presell")
    return draw()


@bp.post(PATHS["presell"])
def submit() -> Response:
    """For a presell whose way on is a button in a form: a quiz, an age check."""
    guard.admit("presell")
    form = PlainForm()
    return web.go(_next()) if form.validate_on_submit() else draw(**web.mistaken(form))


def _next() -> str:
    return steps.after(web.rooms().settings.campaign.steps, "presell")


def draw(**outcome: Any) -> Response:
    progress, visit = guard.progress(), web.visit()
    under_way = progress.ordered or progress.order_unresolved
    response = web.page(
        "pages/presell.html",
        shared=_offered,
        next_url=PATHS[steps.current(progress) if under_way else _next()],
        resume=under_way or visit.contact is not None,
        **outcome,
    )
    response.headers["Cache-Control"] = "private, no-cache"  # it holds no form and no order, so Back may show it again
    return response


def _offered() -> dict[str, Any]:
    packages = web.rooms().settings.campaign.packages
    return {"packages": packages, "cheapest": min(packages, key=lambda package: package.total)}
