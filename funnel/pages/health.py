"""For the operator's probes: whether the process answers, and whether its store does. The CRM is never asked."""

from http import HTTPStatus

from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from funnel import web

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def show() -> Response:
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
def ready() -> Response:
    try:
        web.rooms().breaker.is_open()  # the smallest thing that is read from a table
    except SQLAlchemyError:
        return Response("the store is away\n", HTTPStatus.SERVICE_UNAVAILABLE, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")
