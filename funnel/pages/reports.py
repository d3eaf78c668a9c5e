"""Where browsers report what a page's policy kept out: an extension's script mostly, or somebody else's in our page."""

from http import HTTPStatus

from flask import Blueprint, Response, request

from funnel import headers, web

bp = Blueprint("reports", __name__)

BIGGEST_BODY = 8 * 1024  # bytes


@bp.post(headers.REPORTS)
def take() -> Response:
    """Anybody can send these, so they are told in the log and change nothing. 413 above 8 KB."""
    request.max_content_length = BIGGEST_BODY
    web.rooms().violations.tell(request.get_data())
    return Response(status=HTTPStatus.NO_CONTENT)
