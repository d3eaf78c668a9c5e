"""Where a prepaid card was refused and the merchant has a better page for it: a hand-over page that leads there."""

from flask import Blueprint, Response

from funnel import guard, web
from funnel.attempt import ORDER, Attempt, Reason, last_in
from funnel.steps import PATHS, PREPAID

bp = Blueprint("prepaid", __name__)

SOON = 5  # seconds to read that nothing was charged


def leads_on(attempt: Attempt) -> bool:
    return attempt.reason is Reason.PREPAID and web.rooms().settings.campaign.checkout.prepaid_redirect is not None


@bp.get(PATHS[PREPAID])
def show() -> Response:
    """No form of ours may end elsewhere, not even by a redirect, so the page leads on by itself."""
    last = last_in(web.rooms().attempts.of_visit(web.visit().id), ORDER)
    target = web.rooms().settings.campaign.checkout.prepaid_redirect
    if last is None or target is None or not leads_on(last):
        return web.go(guard.whereabouts())
    return draw(target)


def draw(target: str) -> Response:
    page = web.page("pages/prepaid.html", target=target, back=PATHS["checkout"])
    page.headers["Refresh"] = f"{SOON}; url={target}"
    return page
