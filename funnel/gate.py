"""Who stands at the door: an address that sends one form after the other is told to wait."""

from http import HTTPStatus

from flask import abort, g, request

from funnel import outage
from funnel.rooms import Rooms

UNCOUNTED = ("returns.arrive", "reports.take")  # a bank's form, a browser's report: they touch nothing
DRAWN_AGAIN = ("lead.submit", "checkout.submit", "upsell.submit")  # with what was typed, for little more than looking


def count(rooms: Rooms) -> None:
    """Every form that is sent, whatever is in it. A page that is looked at costs no write."""
    if request.method != "POST" or request.endpoint in UNCOUNTED:
        return
    origin = rooms.origins.of(request.remote_addr)
    if outage.attempted(lambda: rooms.floods.counts(origin), False):
        if request.endpoint not in DRAWN_AGAIN:
            abort(HTTPStatus.TOO_MANY_REQUESTS)
        g.flooded = True


def flooded() -> bool:
    """Whether this form is one too many: it is drawn again, and nothing else is done for it."""
    return "flooded" in g
