"""The pages a shopper is sent to: the bank's for 3DS, and PayPal's. What they decide there stands."""

import json
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urldefrag, urlencode

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from funnel.sandbox.orders import Order, money
from funnel.sandbox.shapes import order_shape
from funnel.sandbox.till import take_money
from funnel.sandbox.world import Away, World, new_code

REFUSED_BY_BANK = "3DS authentication failed"
CANCELLED_AT_PAYPAL = "The PayPal payment was cancelled"
TOO_LATE = "This order has already been processed."


def make_bank(world: Callable[[], World]) -> Blueprint:
    """The blueprint; `world` gives the present one."""
    bp = Blueprint("bank", __name__)

    @bp.get("/_sandbox/<any(bank, paypal):house>/<token>")
    def show(house: str, token: str) -> str:
        away, _ = trip(world(), house, token)
        first = away.purchase.items[0].product
        return render_template(
            "away.html", away=away, house=house, amount=money(away.purchase.amount), currency=first.currency
        )

    @bp.post("/_sandbox/<any(bank, paypal):house>/<token>")
    def decide(house: str, token: str) -> Answer:
        here = world()
        agrees = request.form.get("decision") == "agree"
        with here.lock:
            away, order = trip(here, house, token)
            if away.kind == "paypal-legacy":
                return redirect(back_from_paypal(here, away, agrees), code=303)
            return finished(here, away, order) if agrees else refused(here, away)

    @bp.get("/_sandbox/pixel")
    def pixel() -> Response:
        return make_response("<!doctype html><title>Fraud pixel</title>")

    return bp


def trip(world: World, house: str, token: str) -> tuple[Away, Order]:
    away = world.away.get(token)
    order = world.order(away.purchase.orderId) if away else None
    if away is None or order is None or not away.kind.startswith(house):
        abort(404)
    return away, order


def back_from_paypal(world: World, away: Away, agrees: bool) -> str:
    """Legacy: the sales URL with token and PayerID, or the token alone when the shopper cancelled."""
    if not agrees:
        return with_query(away.returns_to, token=away.token)
    payerId = away.payerId or new_code()
    world.away[away.token] = replace(away, approved=True, payerId=payerId)
    return with_query(away.returns_to, paypalAccept="1", token=away.token, PayerID=payerId)


def finished(world: World, away: Away, order: Order) -> Answer:
    """Takes the money, once per trip, and hands the shopper a form that posts the order to redirectsTo."""
    paid_otherwise = not (away.paid or away.purchase.upsale or order.resubmittable)
    if paid_otherwise and world.switches.complete_order_import == "error":
        return redirect(back_with_error(world, away, TOO_LATE), code=303)
    if not away.paid and not (paid_otherwise and world.switches.complete_order_import == "return"):
        order = take_money(world, order, away.purchase)
        world.away[away.token] = replace(away, paid=True)
    page = render_template("finish.html", away=away, order_data=json.dumps(order_shape(order)))
    return make_response(page)


def refused(world: World, away: Away) -> Answer:
    """The order stays as it was, and the trip stays open: a challenge in another tab can still succeed."""
    why = REFUSED_BY_BANK if away.kind == "bank" else CANCELLED_AT_PAYPAL
    return redirect(back_with_error(world, away, why), code=303)


def back_with_error(world: World, away: Away, why: str) -> str:
    """errorRedirectsTo with an errorMsg, by the switch joined to the address's own query or just put behind it."""
    if world.switches.error_msg == "appended":
        return f"{away.errors_to}?{urlencode({'errorMsg': why})}"
    return with_query(away.errors_to, errorMsg=why)


def with_query(url: str, **more: str) -> str:
    """The address with more parameters, its own left exactly as they were."""
    address, fragment = urldefrag(url)
    joined = f"{address}{'&' if '?' in address else '?'}{urlencode(more)}"
    return f"{joined}#{fragment}" if fragment else joined
