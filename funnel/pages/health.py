"""For the operator's probes: whether the process answers, and whether its store does. The CRM is never asked."""

from http import HTTPStatus

from flask import Blueprint, Response, request
from sqlalchemy.exc import SQLAlchemyError

from funnel import web
from funnel.doctor.street_rules import is_ticket

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def show() -> Response:
    """The operator's doctor, who bears a ticket, is told as whom the funnel sees them."""
    given, key = request.headers.get("X-Doctor", ""), web.rooms().settings.secret_key.get_secret_value()
    seen = f" {request.remote_addr} {request.scheme}" if given and is_ticket(given, key) else ""
    return Response(f"ok{seen}\n", mimetype="text/plain")


@bp.get("/readyz")
def ready() -> Response:
    try:
        web.rooms().breaker.is_open()  # the smallest thing that is read from a table
    except SQLAlchemyError:
        return Response("the store is away\n", HTTPStatus.SERVICE_UNAVAILABLE, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")
