"""What happens to every request: the visit is recalled, a page is drawn, a shopper is led on."""

from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any, cast

from flask import (
    Flask,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
)
from flask_wtf import FlaskForm
from jinja2 import Template

from funnel import doorway, gate, headers, outage
from funnel.attempt import Attempt, State
from funnel.charges.calls import Returns
from funnel.charges.return_token import Ticket
from funnel.forms.form import ShopperForm, csrf_failed
from funnel.limits.origin import Origin
from funnel.limits.tries import Mood
from funnel.notices import sentence
from funnel.offers import slots
from funnel.rooms import Rooms
from funnel.slots import slot_files
from funnel.slots.slot_files import SlotFiles
from funnel.steps import PATHS, Notice
from funnel.visits.robots import is_shopper
from funnel.visits.visit import Visit

DRAWN_KEPT = 64  # drawings of pages that are the same for many shoppers
Shared = Callable[[], dict[str, Any]]


def install(app: Flask, rooms: Rooms) -> None:
    app.extensions["funnel"] = rooms
    app.extensions["funnel-drawn"] = lru_cache(DRAWN_KEPT)(_drawn)
    app.before_request(lambda: gate.count(rooms))  # before any form is looked at, so that refused ones count too
    app.before_request(lambda: doorway.recall(rooms))
    app.after_request(lambda response: doorway.remember(rooms, response))
    headers.install(app, rooms.settings)
    app.extensions["funnel-slots"] = slot_files.install(app, rooms.settings.campaign.slots)


def rooms() -> Rooms:
    return cast(Rooms, current_app.extensions["funnel"])


def visit() -> Visit:
    """This shopper's visit; a new one, not stored yet, for who comes first."""
    return cast(Visit, g.visit)


def origin() -> Origin:
    return rooms().origins.of(request.remote_addr)


def mood() -> Mood:
    """What is thought of a card that is typed in this visit, where this request comes from."""
    return outage.attempted(lambda: rooms().tries.mood(origin(), visit().id), Mood.FREE)


def is_person() -> bool:
    return is_shopper(request.method, request.headers)


def looks() -> int:
    """How often a page that looks again by itself has done so already; its address says so, in one digit."""
    asked = request.args.get("look", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 1 else 0


def position(step: str) -> dict[str, Any]:
    """ "Step 1 of 3" on the pages with a form, for a template."""
    with_a_place = ("lead", "checkout", "thank-you")
    shown: list[str] = [known for known in rooms().settings.campaign.steps if known in with_a_place]
    return {"step": shown.index(step) + 1, "steps": len(shown)}


def go(step: str, notice: str | None = None) -> Response:
    """On to another page, with a sentence to be told there."""
    if notice and visit().stored:
        outage.attempted(lambda: rooms().visits.notice(visit().id, notice), None)
    return cast(Response, redirect(PATHS[step], HTTPStatus.SEE_OTHER))


def outcome(attempt: Attempt | None) -> Notice:
    """How an upsell went, in a sentence for the next page."""
    if attempt is None or not attempt.state.live:
        return Notice.NOT_ADDED
    return Notice.ADDED if attempt.state is State.CHARGED else Notice.STILL_ADDING


def returns(slot: str, key: str) -> Returns:
    """The addresses that a bank or PayPal sends the shopper of this attempt back to."""
    base = rooms().settings.public_url or f"{request.scheme}://{request.host}"
    ticket = rooms().return_tokens.issue(Ticket(visit().id, slot, key))
    bank = f"{base}/return/bank/{ticket}"
    return Returns(sales=f"{base}/return/paypal/{ticket}", success=bank, failure=f"{bank}/failed")


def page(
    template: str | list[str | Template],
    *,
    status: int = HTTPStatus.OK,
    notice: str | None = None,
    shared: Shared | None = None,
    **props: Any,
) -> Response:
    """A rendered page. A notice given here, or kept in the visit, is told once. One with `shared` props is the same for
    everybody with the same other props and notices, and in production is drawn once for all of them; only then is
    `shared` asked, so it is always the same function."""
    told = [kept for kept in (_take_notice(), notice) if kept]
    sentences = tuple(said for kept in told if (said := sentence(kept, names=_offer_names())))
    headers.let_in(_slots().sources(_page_of(template)))
    kept_drawn = shared and not current_app.config["TEMPLATES_AUTO_RELOAD"]
    draw = current_app.extensions["funnel-drawn"] if kept_drawn else _drawn
    return make_response(draw(template, shared, notices=sentences, **props), status)


def mistaken(form: FlaskForm, *, stale: Notice = Notice.STALE_FORM) -> dict[str, Any]:
    """Status and notice for a form that did not pass: its fields say what to mend, a stale one is shown afresh."""
    if not csrf_failed(form):
        return {"status": HTTPStatus.UNPROCESSABLE_ENTITY}
    blocked = not request.cookies
    return {
        "status": HTTPStatus.BAD_REQUEST,
        "notice": Notice.COOKIES_BLOCKED if blocked else stale,
    }


def one_too_many(form: ShopperForm) -> dict[str, Any]:
    """Status and notice for a form that comes in a flood of them: it stays as it was typed."""
    form.forget_mistakes()
    return {"status": HTTPStatus.TOO_MANY_REQUESTS, "notice": Notice.TOO_MANY_FORMS}


def _drawn(template: str | list[str | Template], shared: Shared | None, **props: Any) -> str:
    return render_template(template, **(shared() if shared else {}), **props)


def _page_of(template: str | list[str | Template]) -> str:
    """Of several templates that may be there, the last one is the page's own."""
    return slot_files.page_of(str(template if isinstance(template, str) else template[-1]))


def _slots() -> SlotFiles:
    return cast(SlotFiles, current_app.extensions["funnel-slots"])


def _take_notice() -> str | None:
    kept = visit().notice
    if kept and is_person():
        outage.attempted(lambda: rooms().visits.notice(visit().id, None), None)
    return kept


def _offer_names() -> dict[str, str]:
    campaign = rooms().settings.campaign
    return {slot: campaign.upsell(slot).name for slot in slots(campaign)}
