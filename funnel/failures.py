"""Pages for what goes wrong: plain words, an honest status, never a traceback."""

import logging
from http import HTTPStatus
from urllib.parse import quote

from flask import Flask, Response, make_response, render_template, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from funnel import outage
from funnel.language.phrase import Phrase, phrase
from funnel.steps import PATHS
from funnel.visits.attribution import query_without_cards

log = logging.getLogger("funnel.web")

WORDS: dict[HTTPStatus, tuple[Phrase, Phrase]] = {
    HTTPStatus.BAD_REQUEST: (
        phrase("We could not read that"),
        phrase("The address or the form was damaged on its way. Nothing was sent."),
    ),
    HTTPStatus.FORBIDDEN: (
        phrase("That came from another site"),
        phrase("For your safety we take forms only from our own pages. Nothing was sent."),
    ),
    HTTPStatus.NOT_FOUND: (
        phrase("We cannot find that page"),
        phrase("The address may have a mistake, or the page has moved."),
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        phrase("That page takes no forms"),
        phrase("Go back and start from the page itself."),
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        phrase("That was too much at once"),
        phrase("The form was larger than we can take. Nothing was sent."),
    ),
    HTTPStatus.TOO_MANY_REQUESTS: (
        phrase("Too many tries"),
        phrase("Wait 15 minutes, then go back and try again. Nothing was sent or charged just now."),
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        phrase("We will be back in a moment"),
        phrase("Please try again in a few minutes."),
    ),
}
STORE_AWAY = (
    phrase("We will be back in a moment"),
    phrase(
        "A part of this shop is not answering just now. Your order, if you placed one, is safe. "
        "This page looks again by itself."
    ),
)
LOOK_EVERY = 10  # seconds
QUERY = "%=&+/:@!$'()*,;?-._~"  # what stands in a query as it is
OURS = (
    phrase("Something went wrong on our side"),
    phrase("If you were paying, wait for an email before you try again, or contact us."),
)


def install(app: Flask) -> None:
    app.register_error_handler(HTTPException, _told)
    app.register_error_handler(SQLAlchemyError, _store_away)
    app.register_error_handler(Exception, _ours)


def _told(error: HTTPException) -> Response:
    if error.response is not None:
        return make_response(error.response)
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    response = draw(status)
    if isinstance(allowed := getattr(error, "valid_methods", None), list):
        response.headers["Allow"] = ", ".join(allowed)
    return response


def _store_away(error: SQLAlchemyError) -> Response:
    """Says nothing of charges, for nobody knows. A form is looked at again as a page, so nothing is sent twice."""
    outage.notice(error)
    return draw_store_away()


def draw_store_away() -> Response:
    return draw(HTTPStatus.SERVICE_UNAVAILABLE, STORE_AWAY, refresh=LOOK_EVERY)


def _ours(error: Exception) -> Response:
    """The type and the place only: a message, a local variable or an address could hold what a shopper typed."""
    _log(error)
    return draw(HTTPStatus.INTERNAL_SERVER_ERROR)


def _log(error: Exception) -> None:
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else "nowhere"
    log.error("%s %s failed: %s at %s", request.method, request.endpoint, type(error).__name__, place)


def draw(status: HTTPStatus, words: tuple[Phrase, Phrase] | None = None, *, refresh: int | None = None) -> Response:
    """The error page; its words alone where the templates cannot draw it, for the server would log the address."""
    title, sentence = words or WORDS.get(
        status, OURS if status >= HTTPStatus.INTERNAL_SERVER_ERROR else WORDS[HTTPStatus.BAD_REQUEST]
    )
    try:
        return _drawn(status, title, sentence, refresh)
    except Exception as error:
        _log(error)
        return Response(f"{title}\n\n{sentence}\n", status, mimetype="text/plain")


def _drawn(status: HTTPStatus, title: Phrase, sentence: Phrase, refresh: int | None) -> Response:
    page = make_response(
        render_template(
            "errors/error.html",
            notices=(),
            status=int(status),
            title=title,
            sentence=sentence,
            next_url=None if refresh else PATHS["presell"],
            next_label=phrase("Go to the start"),
            again=bool(refresh),
        ),
        status,
    )
    if refresh:
        page.headers["Refresh"] = f"{refresh}; url={_address()}"
    return page


def _address() -> str:
    """Where this page looks again, on this host. Who came back from PayPal has an agreement in the query."""
    path = "/" + quote(request.path.lstrip("/"))
    if request.method != "GET" or not request.query_string:
        return path
    return f"{path}?{quote(query_without_cards(request.query_string.decode('ascii', 'replace')), safe=QUERY)}"
