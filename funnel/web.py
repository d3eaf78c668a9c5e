"""What happens to every request: the visit is recalled, the guard stands at the door, the answer gets its headers."""

from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any, cast

from flask import (
    Flask,
    Response,
    abort,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
)
from flask_wtf import FlaskForm
from jinja2 import Template

from funnel import doorway, gate, outage, steps
from funnel.attempt import Attempt, State
from funnel.attribution import query_without_cards
from funnel.charge_calls import Returns
from funnel.checkout_form import COUPON_LIMIT
from funnel.fields import coupon_code
from funnel.forms import csrf_failed
from funnel.notices import sentence
from funnel.offers import slots
from funnel.origin import Origin
from funnel.return_token import Ticket
from funnel.robots import is_shopper
from funnel.rooms import Rooms
from funnel.steps import PATHS, Detour, Notice, Progress
from funnel.theme import hash_of, style_of
from funnel.tries import Mood
from funnel.visit import Visit

RETRY_AFTER = {HTTPStatus.SERVICE_UNAVAILABLE: "60", HTTPStatus.TOO_MANY_REQUESTS: "900"}  # seconds
DRAWN_KEPT = 64  # drawings of pages that are the same for many shoppers
WITHOUT_BOOKS = ("presell", "lead", "checkout")  # shown in some way while nobody can say what was ordered
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' {style}; img-src 'self' data:; "
    "font-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def install(app: Flask, rooms: Rooms) -> None:
    app.extensions["funnel"] = rooms
    style = style_of(rooms.settings.campaign.theme)
    app.extensions["funnel-policy"] = POLICY.format(style=hash_of(style) if style else "")
    app.extensions["funnel-drawn"] = lru_cache(DRAWN_KEPT)(render_template)
    app.before_request(lambda: gate.count(rooms))  # before any form is looked at, so that refused ones count too
    app.before_request(lambda: doorway.recall(rooms))
    app.after_request(lambda response: doorway.remember(rooms, response))
    app.after_request(_headers)


def rooms() -> Rooms:
    return cast(Rooms, current_app.extensions["funnel"])


def visit() -> Visit:
    """This shopper's visit; a new one, not stored yet, for who comes first."""
    return cast(Visit, g.visit)


def origin() -> Origin:
    return rooms().origins.of(request.remote_addr)


def mood() -> Mood:
    """What is thought of a card that is typed where this request comes from."""
    return outage.attempted(lambda: rooms().tries.mood(origin()), Mood.FREE)


def is_person() -> bool:
    return is_shopper(request.method, request.headers)


def enter(step: str) -> Visit:
    """The visit that a page is shown to; or leads to where the shopper belongs. Owes the page's Import Click."""
    _guard(step)
    if is_person() and not (step == "thank-you" and g.fresh):
        g.visit = outage.attempted(lambda: rooms().flow.track(visit(), step), visit())
        _keep_coupon()
    if step.startswith("upsell"):  # a yes could not be written down, so the offer is not made
        outage.insist()
    return visit()


def admit(step: str, *, charges: bool = False) -> Visit:
    """The visit that a form comes from; or leads to where the shopper belongs. `charges`: its button may charge."""
    if charges and (progress().order_unresolved or progress().upsell_unresolved):
        outage.attempted(lambda: rooms().payments.wait_for(visit()), None)
        g.pop("progress")
    _guard(step)
    g.visit = _kept()
    return visit()


def progress() -> Progress:
    if "progress" not in g:
        stored = visit().stored
        g.progress = outage.attempted(lambda: rooms().whereabouts.of(visit()), Progress()) if stored else Progress()
    return cast(Progress, g.progress)


def whereabouts() -> str:
    """The page where the shopper belongs now, after what this request has changed."""
    g.pop("progress", None)
    known = progress()
    outage.insist()
    return steps.current(known)


def position(step: str) -> dict[str, Any]:
    """ "Step 1 of 3" on the pages with a form, for a template."""
    with_a_place = ("lead", "checkout", "thank-you")
    shown: list[str] = [known for known in rooms().settings.campaign.steps if known in with_a_place]
    return {"step": shown.index(step) + 1, "steps": len(shown)}


def start_again() -> None:
    """A new visit for a new order: the attribution stays, the ids of the old one go."""
    g.visit = rooms().flow.keep(rooms().visits.begin(visit().arrival))


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
    shared: bool = False,
    **props: Any,
) -> Response:
    """A rendered page. A notice given here, or kept in the visit, is told once. A `shared` one is the same for
    everybody with the same props and notices, and in production is drawn once for all of them."""
    told = [kept for kept in (_take_notice(), notice) if kept]
    sentences = tuple(words for kept in told if (words := sentence(kept, names=_offer_names())))
    kept_drawn = shared and not current_app.config["TEMPLATES_AUTO_RELOAD"]
    draw = current_app.extensions["funnel-drawn"] if kept_drawn else render_template
    return make_response(draw(template, notices=sentences, **props), status)


def let_in_frames(response: Response, sources: str) -> Response:
    """For a page that shows frames, which no page does by itself."""
    response.headers["Content-Security-Policy"] = f"{_policy()}; frame-src {sources}"
    return response


def let_in(response: Response, sources: Mapping[str, str]) -> Response:
    """For a page with a script of somebody else: more sources, by directive. It has to do without Trusted Types."""
    policy = dict(each.partition(" ")[::2] for each in _policy().split("; "))
    policy.pop("require-trusted-types-for", None)
    for directive, more in sources.items():
        policy[directive] = f"{policy.get(directive, '')} {more}".strip()
    response.headers["Content-Security-Policy"] = "; ".join(f"{name} {value}".strip() for name, value in policy.items())
    return response


def mistaken(form: FlaskForm, *, stale: Notice = Notice.STALE_FORM) -> dict[str, Any]:
    """Status and notice for a form that did not pass: its fields say what to mend, a stale one is shown afresh."""
    if not csrf_failed(form):
        return {"status": HTTPStatus.UNPROCESSABLE_ENTITY}
    blocked = not request.cookies
    return {
        "status": HTTPStatus.BAD_REQUEST,
        "notice": Notice.COOKIES_BLOCKED if blocked else stale,
    }


def _keep_coupon() -> None:
    """?coupon=CODE in the address of any page, for the checkout."""
    code = coupon_code(request.args.get("coupon", ""), COUPON_LIMIT)
    if code and rooms().settings.campaign.checkout.coupons:
        g.visit = outage.attempted(lambda: rooms().flow.keep_coupon(visit(), code), visit())


def _guard(step: str) -> None:
    campaign = rooms().settings.campaign
    if step.startswith("upsell"):
        if step not in slots(campaign):
            abort(HTTPStatus.NOT_FOUND)
    elif step not in campaign.steps and step != steps.CONFIRMING:
        _lead_to(Detour(steps.first(campaign.steps)))
    known = progress()
    if step not in WITHOUT_BOOKS:
        outage.insist()
    if detour := steps.detour(campaign.steps, step, known, fresh=g.fresh):
        _lead_to(detour)


def _lead_to(detour: Detour) -> None:
    """303 to another page. A query stays in the address, for the scripts of a page may read it there; no card does."""
    if is_person():
        g.visit = _kept()
    response = go(detour.step, detour.notice)
    if request.method == "GET" and request.query_string:
        response.location += "?" + query_without_cards(request.query_string.decode("ascii", "replace"))
    abort(response)


def _kept() -> Visit:
    """With its row, unless the store is away."""
    return outage.attempted(lambda: rooms().flow.keep(visit()), visit())


def _take_notice() -> str | None:
    kept = visit().notice
    if kept and is_person():
        outage.attempted(lambda: rooms().visits.notice(visit().id, None), None)
    return kept


def _offer_names() -> dict[str, str]:
    campaign = rooms().settings.campaign
    return {slot: campaign.upsell(slot).name for slot in slots(campaign)}


def _policy() -> str:
    return cast(str, current_app.extensions["funnel-policy"])


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _policy())
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if later := RETRY_AFTER.get(HTTPStatus(response.status_code)):
        response.headers.setdefault("Retry-After", later)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
