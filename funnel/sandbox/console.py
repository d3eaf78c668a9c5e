"""The front page for people, and /_sandbox/* for tests: calls, charges, faults, switches."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from funnel.sandbox.api.dispatch import ENDPOINTS
from funnel.sandbox.cards import TEST_CARDS
from funnel.sandbox.faults import ANY_PATH, KINDS, read_fault
from funnel.sandbox.orders import moment, money
from funnel.sandbox.switchboard import changed
from funnel.sandbox.switches import Switches
from funnel.sandbox.till import charges
from funnel.sandbox.world import World

CALLS_SHOWN = 40
ENTRIES_SHOWN = 50
REFRESH_CHOICES = (0, 2, 5, 15)  # seconds; 0: not by itself
POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


@dataclass(frozen=True)
class Office:
    """What the console works on: the present world, and starting over."""

    world: Callable[[], World]
    reset: Callable[[], None]
    funnel_url: str


def make_console(office: Office) -> Blueprint:
    bp = Blueprint("console", __name__)
    add_pages(bp, office)
    add_books(bp, office)
    add_faults(bp, office)
    add_switches(bp, office)
    return bp


def add_pages(bp: Blueprint, office: Office) -> None:
    @bp.get("/")
    def front() -> Response:
        page = Response(render_template("console.html", **view(office)), content_type="text/html; charset=UTF-8")
        page.headers["Content-Security-Policy"] = POLICY
        page.headers["Cache-Control"] = "no-store"
        return page

    @bp.post("/_sandbox/reset")
    def reset() -> Answer:
        office.reset()
        return done({"reset": True})


def add_books(bp: Blueprint, office: Office) -> None:
    @bp.get("/_sandbox/charges")
    def show_charges() -> Response:
        world = office.world()
        with world.lock:
            return jsonify(charges(world))

    @bp.get("/_sandbox/calls")
    def show_calls() -> Response:
        return jsonify([call.as_json() for call in office.world().calls.all()])


def add_faults(bp: Blueprint, office: Office) -> None:
    @bp.get("/_sandbox/faults")
    def show_faults() -> Response:
        return jsonify([asdict(fault) for fault in office.world().faults.all()])

    @bp.post("/_sandbox/faults")
    def add_fault() -> Answer:
        try:
            fault = read_fault(given())
        except ValueError as problem:
            return mistaken(problem)
        office.world().faults.add(fault)
        return done(asdict(fault))

    @bp.delete("/_sandbox/faults")
    @bp.post("/_sandbox/faults/clear")
    def clear_faults() -> Answer:
        office.world().faults.clear()
        return done({"cleared": True})


def add_switches(bp: Blueprint, office: Office) -> None:
    @bp.get("/_sandbox/switches")
    def show_switches() -> Response:
        return jsonify(asdict(office.world().switches))

    @bp.post("/_sandbox/switches")
    def set_switches() -> Answer:
        world = office.world()
        try:
            with world.lock:
                world.switches = changed(world.switches, given())
        except ValueError as problem:
            return mistaken(problem)
        return done(asdict(world.switches))


def given() -> Mapping[str, object]:
    """What was posted, as JSON or as a form. Raises ValueError for JSON that is not an object."""
    if not request.is_json:
        return request.form.to_dict()
    posted = request.get_json(silent=True)
    if not isinstance(posted, dict):
        raise ValueError("the body is not a JSON object")
    return posted


def done(what: Mapping[str, Any]) -> Answer:
    """JSON for programs; for a form on the front page, the front page."""
    wants_page = request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
    return redirect("/", code=303) if wants_page and not request.is_json else jsonify(what)


def mistaken(problem: ValueError) -> Answer:
    answer = jsonify({"error": str(problem)})
    answer.status_code = 400
    return answer


def view(office: Office) -> dict[str, Any]:
    """Everything the front page shows, taken at one moment."""
    world = office.world()
    with world.lock:
        orders, sessions = world.orders()[::-1], list(world.sessions.values())[::-1]
        counted, switches = charges(world), world.switches
    partials = [order for order in orders if order.resubmittable]
    finished = [order for order in orders if not order.resubmittable]
    return {
        "funnel_url": office.funnel_url,
        "refresh": chosen_refresh(),
        "refresh_choices": REFRESH_CHOICES,
        "sessions": sessions[:ENTRIES_SHOWN],
        "partials": partials[:ENTRIES_SHOWN],
        "orders": finished[:ENTRIES_SHOWN],
        "charges": counted,
        "counts": {"Sessions": len(sessions), "Partials": len(partials), "Orders": len(finished)},
        "calls": world.calls.all()[: -CALLS_SHOWN - 1 : -1],
        "cards": TEST_CARDS,
        "coupons": world.catalogue.coupons,
        "profiles": world.catalogue.shipProfiles,
        "taxes": world.catalogue.taxes,
        "faults": world.faults.all(),
        "kinds": KINDS,
        "paths": (ANY_PATH, *ENDPOINTS),
        "switches": [(field, getattr(switches, field.name)) for field in fields(Switches)],
        "money": money,
        "moment": moment,
        "clock": clock,
    }


def clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


def chosen_refresh() -> int:
    asked = request.args.get("refresh", "")
    return next((seconds for seconds in REFRESH_CHOICES if str(seconds) == asked), 0)
