"""The sandbox as a web application: its pieces put together."""

import time
from collections.abc import Callable, Mapping

from flask import Flask, Response, abort, request
from werkzeug.exceptions import HTTPException

from funnel.sandbox.api.dispatch import Credentials, answer, error_response
from funnel.sandbox.api.replies import NOT_READ
from funnel.sandbox.bank import make_bank
from funnel.sandbox.catalogue import Catalogue, Product
from funnel.sandbox.console import Office, make_console
from funnel.sandbox.switches import Switches
from funnel.sandbox.world import World

LARGEST_BODY = 1_048_576  # bytes
MOST_PARTS = 1_000  # of a multipart form
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create_sandbox(
    *,
    login_id: str = "sandbox",
    password: str = "sandbox",  # noqa: S107 (it opens nothing but this)
    funnel_url: str = "http://127.0.0.1:5000",
    catalogue: Catalogue | Mapping[int, Product] | None = None,
    switches: Switches | None = None,
    now: Callable[[], float] = time.time,
) -> Flask:
    """A Konnektive of its own, empty. Products alone make a catalogue with the default coupons, shipping and taxes.

    `now` is its clock, in seconds since the epoch, for tests.
    """
    worlds = [new_world(catalogue, switches, now)]

    def present() -> World:
        return worlds[0]

    def reset() -> None:
        worlds[0] = new_world(catalogue, switches, now)

    app = Flask(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_BODY, MAX_FORM_MEMORY_SIZE=LARGEST_BODY, MAX_FORM_PARTS=MOST_PARTS)
    app.url_map.merge_slashes = False
    app.register_blueprint(make_console(Office(present, reset, funnel_url)))
    app.register_blueprint(make_bank(present))
    add_api(app, present, Credentials(login_id, password))
    return app


def new_world(
    catalogue: Catalogue | Mapping[int, Product] | None, switches: Switches | None, now: Callable[[], float]
) -> World:
    sold = catalogue if isinstance(catalogue, Catalogue) else Catalogue(catalogue)
    return World(catalogue=sold, switches=switches or Switches(), now=now)


def add_api(app: Flask, world: Callable[[], World], credentials: Credentials) -> None:
    """Every path that is not the console's or the bank's is the CRM's, and is answered with HTTP 200."""

    @app.route("/<path:name>", methods=METHODS)
    def api(name: str) -> Response:
        if name.startswith("_sandbox/"):
            abort(404)
        return answer(world(), credentials, request)

    @app.errorhandler(Exception)
    def unreadable(problem: Exception) -> Response | HTTPException:
        is_ours = request.path == "/" or request.path.startswith("/_sandbox/")
        if is_ours and isinstance(problem, HTTPException):
            return problem
        if isinstance(problem, HTTPException):
            return error_response(NOT_READ)
        return error_response(f"The sandbox failed: {type(problem).__name__}")
