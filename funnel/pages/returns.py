"""The way back from a bank or PayPal. What they say is never trusted: Order Query decides, or Confirm PayPal does."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as Answer

from funnel import guard, outage, web
from funnel.attempt import ORDER, Attempt, Claim, State
from funnel.charges.calls import Agreement
from funnel.charges.return_token import ForeignTicket
from funnel.forms.form import PlainForm
from funnel.steps import CONFIRMING, Notice

bp = Blueprint("returns", __name__)

LONGEST_TOKEN = 200  # characters of a token of PayPal's
BIGGEST_BODY = 256 * 1024  # bytes of a bank's form, which holds the whole order
AT_ONCE = 64 * 1024  # bytes of it
LOOKS = 6  # at the outcome, before the shopper is led on without it
LOOK_EVERY = 2  # seconds


@bp.post("/return/bank/<ticket>")
def arrive(ticket: str) -> Answer:
    """A cross-site POST comes without our cookie, so neither it nor its body is looked at; the GET has the cookie."""
    request.max_content_length = BIGGEST_BODY
    while request.stream.read(AT_ONCE):
        pass  # it is taken in and let go, for an answer before its end gets lost on its way to the proxy
    return redirect(f"/return/bank/{quote(ticket)}", HTTPStatus.SEE_OTHER)  # it may hold a line break


@bp.get("/return/bank/<ticket>")
def bank(ticket: str) -> Response:
    attempt = _own(ticket)
    if attempt is None:
        return draw_elsewhere()
    look = web.looks()
    if attempt.state is not State.AWAIT_REDIRECT or attempt.at_paypal or look >= LOOKS:
        return _on(attempt)
    if look == 0:
        web.rooms().attempts.returned(attempt.key)
    return draw_wait(ticket, look)


def draw_wait(ticket: str, look: int) -> Response:
    page = web.page("pages/returning.html")
    page.headers["Refresh"] = f"{LOOK_EVERY}; url=/return/bank/{ticket}?look={look + 1}"
    return page


@bp.get("/return/bank/<ticket>/failed")
def bank_failed(ticket: str) -> Response:
    """The words in the query are the bank's, and never shown. A challenge in another tab may still succeed."""
    attempt = _own(ticket)
    if attempt is None:
        return draw_elsewhere()
    rooms = web.rooms()
    believed_at = rooms.store.clock() + rooms.settings.timing.failed_redirect_time
    if not attempt.at_paypal:
        settle_at = min(believed_at, attempt.settle_at or believed_at)
        rooms.attempts.refused_away(attempt.key, settle_at=settle_at)
    return _on(attempt)


@bp.get("/return/paypal/<ticket>")
def paypal(ticket: str) -> Response:
    """A GET must not charge: the page posts itself, or the shopper does."""
    attempt = _own(ticket)
    if attempt is None:
        return draw_elsewhere(unfinished=True)
    return draw_paypal(ticket, attempt, at_once=True) if attempt.at_paypal else _on(attempt)


@bp.post("/return/paypal/<ticket>")
def confirm(ticket: str) -> Response:
    attempt = _own(ticket)
    if attempt is None:
        return draw_elsewhere(unfinished=True)
    form = PlainForm()
    if not form.validate_on_submit():
        return draw_paypal(ticket, attempt, **web.mistaken(form)) if attempt.at_paypal else _on(attempt)
    agreed = _agreement(attempt)
    if agreed is None:
        return _cancel(attempt)
    claim = outage.attempted(lambda: web.rooms().payments.confirm_paypal(web.visit(), attempt, agreed), Claim())
    if claim.attempt:
        return _on(claim.attempt)
    outage.insist()
    return _refused(ticket, attempt)


def _cancel(attempt: Attempt) -> Response:
    """Says so only where it was in time: another tab may have agreed."""
    if web.rooms().payments.cancel_paypal(attempt):
        if attempt.slot == ORDER:
            return web.go("checkout", Notice.CANCELLED)
        return web.go(guard.whereabouts(), f"{Notice.NOT_ADDED}:{attempt.slot}")
    web.rooms().payments.wait_for(web.visit())
    return _on(web.rooms().attempts.find(attempt.key) or attempt)


def _refused(ticket: str, attempt: Attempt) -> Response:
    """Nothing was sent. An order can be completed in a while; after payment every road leads forward."""
    if not attempt.at_paypal or attempt.slot != ORDER:
        return _cancel(attempt)
    return draw_paypal(ticket, attempt, status=HTTPStatus.SERVICE_UNAVAILABLE, notice=Notice.CANNOT_TAKE_PAYMENTS)


def draw_paypal(ticket: str, attempt: Attempt, *, at_once: bool = False, **outcome: Any) -> Response:
    agreed = _agreement(attempt)
    return web.page(
        "pages/paypal.html",
        form=PlainForm(formdata=None),
        action=f"/return/paypal/{ticket}",
        agreed=agreed,
        total=attempt.basket.total if attempt.basket else None,
        order=attempt.slot == ORDER,
        at_once=at_once,
        **outcome,
    )


def _agreement(attempt: Attempt) -> Agreement | None:
    """PayPal's own names, in its address as in our form; a token without a payer is a shopper who cancelled."""
    token, payer, agreement = (_given(name) for name in ("token", "PayerID", "ba_token"))
    if not (token and payer) and not agreement:
        return None
    returns = web.returns(attempt.slot, attempt.key)
    return Agreement(token=token, payerId=payer, baToken=None if token and payer else agreement, returns=returns)


def _given(name: str) -> str | None:
    value = request.values.get(name, "")
    return value if 0 < len(value) <= LONGEST_TOKEN and value.isprintable() else None


def _on(attempt: Attempt) -> Response:
    """Forward, with what became of the attempt; the confirming page tells it of an order."""
    if attempt.slot == ORDER:
        return web.go(CONFIRMING)
    return web.go(guard.whereabouts(), f"{web.outcome(attempt)}:{attempt.slot}")


def _own(ticket: str) -> Attempt | None:
    """The attempt, where the cookie is of the same visit; a ticket alone shows and moves nothing."""
    try:
        known = web.rooms().return_tokens.read(ticket)
    except ForeignTicket:
        abort(HTTPStatus.NOT_FOUND)
    attempt = web.rooms().attempts.find(known.key) if known.visit_id == web.visit().id else None
    return attempt if attempt and attempt.visit_id == known.visit_id else None


def draw_elsewhere(*, unfinished: bool = False) -> Response:
    """Another browser, or a cookie that is gone: nothing personal, and no pay button."""
    return web.page("pages/returned.html", unfinished=unfinished)
