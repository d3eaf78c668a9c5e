"""The figures, for who bears the token; without one in the settings there is no such page."""

import hmac
from http import HTTPStatus

from flask import Blueprint, Response, abort, request

from funnel import web

bp = Blueprint("metrics", __name__)

TEXT = "text/plain; version=0.0.4; charset=utf-8"


@bp.get("/metrics")
def show() -> Response:
    token = web.rooms().settings.metrics_token.get_secret_value()
    if not token:
        abort(HTTPStatus.NOT_FOUND)
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), token.encode()):
        return Response("A bearer token is needed.\n", HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": "Bearer"})
    return Response(web.rooms().metrics.text(), content_type=TEXT)
