"""Every page in every mood, beside each other and each by itself. It makes no visit, no click and no cookie."""

from itertools import groupby
from typing import cast

from flask import Blueprint, Flask, Response, abort, current_app, make_response, render_template

from funnel import headers
from funnel.scenes.stage import Stage

bp = Blueprint("gallery", __name__, url_prefix="/gallery", template_folder="templates", static_folder="static")

WITHOUT_FORMS = "sandbox allow-scripts allow-same-origin allow-popups"


def install(app: Flask, stage: Stage) -> None:
    app.extensions["funnel-stage"] = stage
    app.register_blueprint(bp)


@bp.get("")
def index() -> Response:
    pages = [(page, list(scenes)) for page, scenes in groupby(_stage().scenes(), key=lambda scene: scene.page)]
    headers.let_in({"frame-src": "'self'"})
    return make_response(render_template("gallery/index.html", pages=pages))


@bp.get("/<name>")
def scene(name: str) -> Response:
    found = next((scene for scene in _stage().scenes() if scene.name == name), None)
    return _still(_stage().draw(found)) if found else abort(404)


def _stage() -> Stage:
    return cast(Stage, current_app.extensions["funnel-stage"])


def _still(response: Response) -> Response:
    """A picture of the page: it fits into our own frame, leads nowhere by itself, and sends no form."""
    policy = response.headers.get("Content-Security-Policy", "")
    policy = policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    response.headers["Content-Security-Policy"] = f"{policy}; {WITHOUT_FORMS}"
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers.pop("Refresh", None)
    return response
