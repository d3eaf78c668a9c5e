"""From a path to its endpoint: credentials first, faults on the way, and always an answer in the envelope."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Request, Response

from funnel.sandbox.api.campaigns import campaign_query
from funnel.sandbox.api.clicks import import_click
from funnel.sandbox.api.leads import import_lead
from funnel.sandbox.api.orders import confirm_order, import_order
from funnel.sandbox.api.params import Params
from funnel.sandbox.api.paypal import confirm_paypal
from funnel.sandbox.api.pricing import order_coupon, sales_tax
from funnel.sandbox.api.queries import order_query, transactions_query
from funnel.sandbox.api.replies import (
    BAD_CREDENTIALS,
    DECLINED,
    ERROR,
    NOT_PLAYED,
    UNKNOWN_TEXT,
    Refusal,
    Reply,
)
from funnel.sandbox.api.review import order_qa
from funnel.sandbox.api.upsales import import_upsale
from funnel.sandbox.calls import Call
from funnel.sandbox.cards import Effect, digits_of, instrument_card, order_outcome
from funnel.sandbox.connection import hang_up, wait_for_leaving
from funnel.sandbox.faults import MOST_SECONDS, Fault, with_slashes
from funnel.sandbox.world import World

Endpoint = Callable[[World, Params, str], Reply]

ENDPOINTS: Mapping[str, Endpoint] = {
    "/landers/clicks/import/": import_click,
    "/leads/import/": import_lead,
    "/order/import/": import_order,
    "/upsale/import/": import_upsale,
    "/transactions/confirmPaypal/": confirm_paypal,
    "/order/confirm/": confirm_order,
    "/order/coupon/": order_coupon,
    "/order/salestax/": sales_tax,
    "/order/qa/": order_qa,
    "/order/query/": order_query,
    "/transactions/query/": transactions_query,
    "/campaign/query/": campaign_query,
}
INSTRUMENTS = ("achAccountNumber", "iban", "applePayToken", "googlePayToken", "amazonOrderId")
CONTENT_TYPE = "text/html; charset=UTF-8"  # callers parse the text themselves; the vendor's exact header is unknown
HTML_PAGE = "<html><head><title>Sandbox fault</title></head><body><h1>Something went wrong</h1></body></html>"


@dataclass(frozen=True)
class Credentials:
    login_id: str
    password: str


def answer(world: World, credentials: Credentials, request: Request) -> Response:
    """The response to one call of the API, or the fault that was ordered for it."""
    path = with_slashes(request.path)
    fault = world.faults.take(path)
    if fault and fault.kind == "refuse":
        call = world.calls.begin(world.now(), path, request.method, {}, in_query=bool(request.args))
        call.fault = fault.kind
        return hang_up(request.environ)
    params = read_params(request)
    call = world.calls.begin(world.now(), path, request.method, params, in_query=bool(request.args))
    fault = fault or card_fault(world, path, params)
    call.fault = fault.kind if fault else None
    site = request.host_url.rstrip("/")

    def process() -> str:
        return processed(world, credentials, call, params, site)

    return play(fault, process, request.environ) if fault else text_response(process())


def read_params(request: Request) -> dict[str, str]:
    """Query and form together; the form wins where both name a parameter."""
    return {**request.args.to_dict(), **request.form.to_dict()}


def processed(world: World, credentials: Credentials, call: Call, params: Params, site: str) -> str:
    """Has the call's effect and returns the answer's text."""
    with world.lock:
        reply = reply_to(world, credentials, call.path, params, site)
        call.result = reply.result
        call.text = error_text(reply)
        return as_text(reply)


def reply_to(world: World, credentials: Credentials, path: str, params: Params, site: str) -> Reply:
    try:
        if (params.get("loginId"), params.get("password")) != (credentials.login_id, credentials.password):
            raise Refusal(BAD_CREDENTIALS)
        if path not in ENDPOINTS:
            raise Refusal(f"{NOT_PLAYED} {path}")
        return ENDPOINTS[path](world, params, site)
    except Refusal as refusal:
        return Reply(ERROR, refusal.message)


def card_fault(world: World, path: str, params: Params) -> Fault | None:
    """The fault that the card asks for: the one given, or for an upsale the one the order was paid with."""
    order = world.order(params.get("orderId", "")) if path == "/upsale/import/" else None
    given = given_card(params) if path in ("/order/import/", "/upsale/import/") else ""
    if given:
        outcome = order_outcome(given)
    elif order and order.payment:
        outcome = order.payment.on_upsale
    else:
        return None
    if outcome.effect is not Effect.FAULT:
        return None
    seconds = 0.0 if outcome.detail == "hang" else world.switches.slow_seconds
    return Fault(path, outcome.detail, seconds=seconds)


def given_card(params: Params) -> str:
    """The number typed, or the test card that an account or a wallet behaves like."""
    if params.get("cardNumber"):
        return digits_of(params["cardNumber"])
    instrument = next((params[name] for name in INSTRUMENTS if params.get(name)), "")
    return instrument_card(instrument) if instrument else ""


def play(fault: Fault, process: Callable[[], str], environ: dict[str, Any]) -> Response:
    """The fault. Nothing sleeps while it holds the world's lock, for only `process` takes it."""
    if fault.kind == "hang":
        wait_for_leaving(environ, fault.seconds or MOST_SECONDS)
    elif fault.kind in ("latency", "process_late"):
        wait_out(fault.seconds)
    text = process() if fault.processed else ""
    match fault.kind:
        case "latency":
            return text_response(text)
        case "truncated":
            return text_response(text[: len(text) // 2])
        case "html":
            return text_response(HTML_PAGE)
        case "500":
            return Response(HTML_PAGE, status=500, content_type=CONTENT_TYPE)
        case "decline":
            return text_response(as_text(Reply(ERROR, DECLINED + "Card Declined")))
        case "unknown_error":
            return text_response(as_text(Reply(ERROR, UNKNOWN_TEXT)))
        case _:
            return hang_up(environ)


def wait_out(seconds: float) -> None:
    """The whole time, whether the caller stays or not."""
    wait_for_leaving({}, seconds)


def as_text(reply: Reply) -> str:
    return json.dumps({"result": reply.result, "message": reply.message}, separators=(",", ":"))


def error_text(reply: Reply) -> str:
    if reply.result != ERROR:
        return ""
    return reply.message if isinstance(reply.message, str) else json.dumps(reply.message)


def text_response(text: str) -> Response:
    return Response(text, content_type=CONTENT_TYPE)


def error_response(message: str) -> Response:
    """An ERROR for what never became a call."""
    return text_response(as_text(Reply(ERROR, message)))
