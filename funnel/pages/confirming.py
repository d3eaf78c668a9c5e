"""Confirming: a calm place to wait while a charge's outcome is not known; never a pay button."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response

from funnel import outage, web
from funnel.attempt import ORDER, Attempt, AwayKind, Reason, State
from funnel.forms import PlainForm
from funnel.notices import WHY_NOT
from funnel.pages import prepaid
from funnel.receipt import masked_email
from funnel.steps import AWAY, CONFIRMING, PATHS, PREPAID

bp = Blueprint("confirming", __name__)

# The page's age in seconds, and how often it looks again until then.
PACE = ((15.0, 3), (65.0, 10))
SLOW_PACE = 30
REFERENCE_LENGTH = 8


@bp.get(PATHS[CONFIRMING])
def show() -> Response:
    outage.insist()
    last = _last_order()
    if last is None or last.state is State.CHARGED:
        return web.go(web.whereabouts())
    if not last.state.live:
        if prepaid.leads_on(last):
            return web.go(PREPAID)
        return web.go("checkout", WHY_NOT[last.reason or Reason.NOT_FOUND_PAID])
    return _page(last, masked_email(web.visit().contact))


def _last_order() -> Attempt | None:
    attempts = web.rooms().attempts.of_visit(web.visit().id)
    return next((attempt for attempt in reversed(attempts) if attempt.slot == ORDER), None)


def _page(attempt: Attempt, email: str | None) -> Response:
    age = web.rooms().store.clock() - attempt.created_at
    pace = next((seconds for until, seconds in PACE if age < until), None)
    return web.page(
        "pages/confirming.html",
        reference=attempt.order_id or attempt.key[:REFERENCE_LENGTH],
        refresh=pace or SLOW_PACE,
        late=pace is None,
        email=email,
        **_way_out(attempt),
    )


def _way_out(attempt: Attempt) -> dict[str, Any]:
    """Back to the bank or PayPal for who came away from there; what PayPal has not charged can be cancelled here."""
    if attempt.away is None:
        return {"away": None}
    paypal = attempt.away.kind is AwayKind.PAYPAL
    cancel = urlsplit(web.returns(attempt.slot, attempt.key).sales).path if paypal else None
    return {"away": PATHS[AWAY], "cancel": cancel, "form": PlainForm(formdata=None)}
