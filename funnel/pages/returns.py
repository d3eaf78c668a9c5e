"""The way back from a bank or PayPal. What they say is never trusted: Order Query decides, or Confirm PayPal does."""

from flask import Blueprint, Response, abort, redirect, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as Answer

from funnel import web
from funnel.attempt import ORDER, Attempt, Claim, State
from funnel.charge_calls import Agreement
from funnel.forms import PlainForm
from funnel.return_token import ForeignTicket
from funnel.steps import CONFIRMING, Notice

bp = Blueprint("returns", __name__)

LONGEST = 200  # characters of a token of PayPal's
SEE_OTHER = 303


@bp.post("/return/bank/<ticket>")
def arrive(ticket: str) -> Answer:
    """A cross-site POST comes without our cookie, so neither it nor its body is looked at; the GET has the cookie."""
    return redirect(f"/return/bank/{ticket}", SEE_OTHER)


@bp.get("/return/bank/<ticket>")
def bank(ticket: str) -> Response:
    attempt = _own(ticket)
    if attempt is None:
        return _elsewhere()
    web.rooms().attempts.returned(attempt.key)
    return web.go(web.whereabouts())


@bp.get("/return/bank/<ticket>/failed")
def bank_failed(ticket: str) -> Response:
    """The words in the query are the bank's, and never shown. A challenge in another tab may still succeed."""
    attempt = _own(ticket)
    if attempt is None:
        return _elsewhere()
    rooms = web.rooms()
    believed_at = rooms.store.clock() + rooms.settings.timing.failed_redirect_time
    rooms.attempts.returned(attempt.key, settle_at=min(believed_at, attempt.settle_at or believed_at))
    return web.go(web.whereabouts())


@bp.get("/return/paypal/<ticket>")
def paypal(ticket: str) -> Response:
    """A GET must not charge: the page posts itself, or the shopper does."""
    attempt = _own(ticket)
    if attempt is None:
        return _elsewhere()
    if attempt.state is not State.AWAIT_REDIRECT:
        return web.go(web.whereabouts())
    return _ask(ticket, attempt)


@bp.post("/return/paypal/<ticket>")
def confirm(ticket: str) -> Response:
    attempt = _own(ticket)
    if attempt is None:
        return _elsewhere()
    form = PlainForm()
    if not form.validate_on_submit():
        return _ask(ticket, attempt, **web.mistaken(form))
    if _agreement(attempt):
        return _answer(attempt, _confirm(attempt))
    web.rooms().payments.cancel_paypal(attempt)
    return web.go(
        web.whereabouts(), Notice.CANCELLED if attempt.slot == ORDER else f"{Notice.NOT_ADDED}:{attempt.slot}"
    )


def _ask(ticket: str, attempt: Attempt, **outcome: object) -> Response:
    agreed = _agreement(attempt)
    return web.page(
        "pages/paypal.html",
        form=PlainForm(formdata=None),
        action=f"/return/paypal/{ticket}",
        agreed=agreed,
        total=attempt.basket.total if attempt.basket else None,
        order=attempt.slot == ORDER,
        **outcome,  # type: ignore[arg-type]
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
    return value if 0 < len(value) <= LONGEST and value.isprintable() else None


def _confirm(attempt: Attempt) -> Claim:
    try:
        return web.rooms().payments.confirm_paypal(web.visit(), attempt, _agreement(attempt) or abort(400))
    except SQLAlchemyError:
        # The claim could not be written down, so nothing was sent.
        return Claim()


def _answer(attempt: Attempt, claim: Claim) -> Response:
    if claim.attempt is None:
        return web.go(CONFIRMING if attempt.slot == ORDER else web.whereabouts(), Notice.CANNOT_TAKE_PAYMENTS)
    if attempt.slot == ORDER:
        return web.go(web.whereabouts())
    return web.go(web.whereabouts(), f"{web.outcome(claim.attempt)}:{attempt.slot}")


def _own(ticket: str) -> Attempt | None:
    """The attempt, where the cookie is of the same visit; a ticket alone shows and moves nothing."""
    try:
        known = web.rooms().return_tokens.read(ticket)
    except ForeignTicket:
        abort(404)
    attempt = web.rooms().attempts.find(known.key) if known.visit_id == web.visit().id else None
    return attempt if attempt and attempt.visit_id == known.visit_id else None


def _elsewhere() -> Response:
    """Another browser, or a cookie that is gone: nothing personal, and no pay button."""
    return web.page("pages/returned.html")
