"""Which visit a request belongs to: recalled from the signed cookie, and remembered in it."""

import re
from functools import partial
from http import HTTPStatus
from typing import cast

from flask import Response, abort, g, request, session
from structlog.contextvars import bind_contextvars

from funnel import outage
from funnel.rooms import Rooms
from funnel.steps import Progress
from funnel.visits.attribution import Arrival, arrival
from funnel.visits.cookie import Cookie
from funnel.visits.visit import Visit

ABSOLUTE_FORM = re.compile(r"^https?://[^/?]*", re.IGNORECASE)  # of a request line, as proxies write it
# Their requests belong to no visit. A bank's POST comes from another site and without the cookie, which an answer
# must not replace.
GALLERY = ("gallery.index", "gallery.scene", "gallery.static")
WITHOUT_VISIT = ("static", "health.show", "health.ready", "metrics.show", "returns.arrive", "reports.take", *GALLERY)
SEEN_EVERY = 3600.0  # seconds; more often the sliding of a visit's end is not written


def recall(rooms: Rooms) -> None:
    """The visit, or a new one; with the store away, what the cookie alone knows of it."""
    if request.endpoint in WITHOUT_VISIT:
        return
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        abort(HTTPStatus.FORBIDDEN)
    cookie, arrived = Cookie(session), partial(_arrival, rooms.settings.public_url)
    recalled = outage.attempted(lambda: rooms.flow.recall(cookie, arrived), None)
    if outage.away():
        recalled = cookie.visit(arrived())
    g.fresh = recalled is None
    g.visit = recalled or rooms.visits.begin(arrived())
    bind_contextvars(visit=g.visit.id)  # for the log lines of this request
    if recalled and recalled.uncharged:  # so that nobody has to ask for it
        g.progress = Progress()


def may_have_ordered(visit: Visit) -> bool:
    """Whether there is an order that only the books could tell more of, and they are away."""
    return not visit.uncharged and Cookie(session).order_id is not None


def carry(visit: Visit) -> None:
    """Let the cookie alone hold a visit that could not be written down."""
    g.visit = visit  # in place of one that has its row, which would have this one's orderId dropped again
    session.permanent = True
    Cookie(session).remember(visit)


def remember(rooms: Rooms, response: Response) -> Response:
    visit = cast(Visit | None, g.get("visit"))
    if visit and visit.stored:
        _remember(rooms, visit)
    return response


def _remember(rooms: Rooms, visit: Visit) -> None:
    latest = visit
    if request.method == "POST":  # the form may have brought an orderId, which the cookie must know at once
        latest = outage.attempted(lambda: rooms.visits.find(visit.id), None) or visit
    if not session.permanent:  # to set it again would send the cookie again
        session.permanent = True
    Cookie(session).remember(latest)
    if rooms.store.clock() - latest.seen_at > SEEN_EVERY:
        outage.attempted(lambda: rooms.visits.seen(visit), None)
        session.modified = True


def _arrival(public_url: str | None) -> Arrival:
    environ = request.environ
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or request.full_path.removesuffix("?")
    return arrival(
        origin=public_url or f"{request.scheme}://{request.host}",
        target=ABSOLUTE_FORM.sub("", target),
        user_agent=request.headers.get("User-Agent", ""),
        referer=request.headers.get("Referer", ""),
        ip_address=request.remote_addr or "",
    )
