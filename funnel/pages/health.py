"""For the operator's probes: the process answers. It looks at nothing else."""

from flask import Blueprint, Response

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def show() -> Response:
    return Response("ok\n", mimetype="text/plain")
