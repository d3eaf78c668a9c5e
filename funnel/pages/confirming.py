"""Confirming: a calm place to wait while a charge's outcome is not known; never a pay button."""

from math import ceil
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response

from funnel import guard, outage, web
from funnel.attempt import ORDER, Attempt, PaySource, State, last_in
from funnel.forms.form import PlainForm
from funnel.notices import why_not
from funnel.pages import prepaid
from funnel.receipt import masked_email
from funnel.steps import AWAY, CONFIRMING, PATHS, PREPAID

bp = Blueprint("confirming", __name__)

# The charge's age in seconds, and how often the page looks again until then.
PACE = ((15.0, 3), (65.0, 10))
SLOW_PACE = 30
REFERENCE_LENGTH = 8
MINUTE = 60.0  # seconds


@bp.get(PATHS[CONFIRMING])
def show() -> Response:
    outage.insist()
    last = last_in(web.rooms().attempts.of_visit(web.visit().id), ORDER)
    if last is None or last.state is State.CHARGED:
        return web.go(guard.whereabouts())
    if not last.state.live:
        if prepaid.leads_on(last):
            return web.go(PREPAID)
        return web.go("checkout", why_not(last))
    return draw(last, masked_email(web.visit().contact))


def draw(attempt: Attempt, email: str | None) -> Response:
    age = web.rooms().store.clock() - (attempt.sent_at or attempt.created_at)
    pace = next((seconds for until, seconds in PACE if age < until), None)
    page = web.page(
        "pages/confirming.html",
        reference=attempt.order_id or attempt.key[:REFERENCE_LENGTH],
        late=pace is None,
        email=email,
        **_way_out(attempt),
    )
    page.headers["Refresh"] = f"{pace or SLOW_PACE}; url={PATHS[CONFIRMING]}"
    return page


def _way_out(attempt: Attempt) -> dict[str, Any]:
    """Back to the bank or PayPal for who came away from there; what PayPal has not charged can be cancelled here."""
    if attempt.state is not State.AWAIT_REDIRECT or attempt.away is None:
        return {"away": None}
    cancel = urlsplit(web.returns(attempt.slot, attempt.key).sales).path if attempt.at_paypal else None
    left = (attempt.settle_at or 0.0) - web.rooms().store.clock()
    return {
        "away": PATHS[AWAY],
        "paypal": attempt.pay_source is PaySource.PAYPAL,
        "cancel": cancel,
        "minutes": max(1, ceil(left / MINUTE)),
        "form": PlainForm(formdata=None),
    }
