"""Thank-you: the receipt; from here on the visit takes no more charges."""

from typing import Any

from flask import Blueprint, Response

from funnel import guard, outage, web
from funnel.forms.form import PlainForm
from funnel.receipt import facts, receipt
from funnel.steps import PATHS

bp = Blueprint("thankyou", __name__)

REFRESH = 5  # seconds between two looks at an upsell that is still being added
REFRESH_UNTIL = 30.0  # seconds after the receipt was first shown


@bp.get(PATHS["thank-you"])
def show() -> Response:
    guard.enter("thank-you")
    shown = guard.progress().ordered and web.is_person()
    first = shown and outage.attempted(lambda: web.rooms().flow.finish(web.visit()), False)
    return draw(first=first)


@bp.post(PATHS["thank-you"])
def submit() -> Response:
    """Order again: a new visit that keeps the attribution, and none of the ids."""
    guard.admit("thank-you")
    form = PlainForm()
    if not form.validate_on_submit():
        return draw(**web.mistaken(form))
    guard.start_again()
    campaign = web.rooms().settings.campaign
    return web.go(next(step for step in campaign.steps if step != "presell"))


def draw(*, first: bool = False, **outcome: Any) -> Response:
    visit, rooms = web.visit(), web.rooms()
    bought = receipt(visit, rooms.attempts.of_visit(visit.id)) if visit.stored else None
    fresh = visit.finished_at is None or rooms.store.clock() - visit.finished_at < REFRESH_UNTIL
    again = bool(bought and bought.pending and fresh)
    page = web.page(
        "pages/thankyou.html",
        receipt=bought,
        order=facts(bought, web.rooms().settings.campaign.currency) if bought and first else None,
        again=again,
        form=PlainForm(),
        action=PATHS["thank-you"],
        **outcome,
    )
    if again:
        page.headers["Refresh"] = f"{REFRESH}; url={PATHS['thank-you']}"
    return page
