"""The way out to a bank or PayPal: a page of our own that leads on, for no form of ours may post elsewhere."""

from http import HTTPStatus

from flask import Blueprint, Response, abort, make_response, render_template, request
from werkzeug.urls import iri_to_uri

from funnel import guard, headers, web
from funnel.attempt import Attempt, Away, AwayKind, PaySource, State
from funnel.redirects import host_of, is_known
from funnel.steps import PATHS

bp = Blueprint("away", __name__)

AT_ONCE = 1  # seconds until the page leads on by itself
RUN, SCRIPT = "/away/run", "/away/run.js"
# The bank's own script draws its own frame here; it can neither fetch nor frame our pages, nor stay behind as a
# service worker, and no card is near. The frame needs its own origin, so the page has ours.
POLICY = {
    "sandbox": "allow-scripts allow-forms allow-same-origin allow-top-navigation",
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'none'",
    "worker-src": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
# What a bank's frame may ask of the browser to know its customer by.
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=*, publickey-credentials-get=*, usb=()"


@bp.get(PATHS["away"])
def show() -> Response:
    attempt = _waiting()
    if attempt is None or attempt.away is None:
        return web.go(guard.whereabouts())
    return draw(attempt, attempt.away)


def draw(attempt: Attempt, away: Away) -> Response:
    settings = web.rooms().settings
    target = RUN if away.kind is AwayKind.SCRIPT else iri_to_uri(away.target)
    known = target == RUN or is_known(target, settings.redirect_hosts, local=settings.local_crm)
    page = web.page(
        "pages/away.html",
        target=target,
        host=None if known else host_of(target),
        paypal=attempt.pay_source is PaySource.PAYPAL,
        unpaid=attempt.at_paypal,
    )
    if known:
        page.headers["Refresh"] = f"{AT_ONCE}; url={target}"
    return page


@bp.get(RUN)
def run() -> Response:
    if _script() is None:
        return web.go(guard.whereabouts())
    return draw_frame()


def draw_frame() -> Response:
    page = make_response(render_template("pages/bank.html", script=SCRIPT))
    banks = f"https: {web.rooms().settings.local_crm}".strip()
    policy = {**POLICY, "script-src": headers.script_by_nonce(), "frame-src": banks, "form-action": banks}
    page.headers["Content-Security-Policy"] = headers.written(policy)
    page.headers["Permissions-Policy"] = PERMISSIONS
    return page


@bp.get(SCRIPT)
def script() -> Response:
    """As a file, so that nothing in the bank's text can end a script element early."""
    text = _script()
    if text is None or request.headers.get("Service-Worker"):
        abort(HTTPStatus.NOT_FOUND)
    return make_response(text, {"Content-Type": "text/javascript; charset=utf-8"})


def _waiting() -> Attempt | None:
    attempts = web.rooms().attempts.of_visit(web.visit().id)
    return next((attempt for attempt in attempts if attempt.state is State.AWAIT_REDIRECT), None)


def _script() -> str | None:
    attempt = _waiting()
    away = attempt.away if attempt else None
    return away.target if away and away.kind is AwayKind.SCRIPT else None
