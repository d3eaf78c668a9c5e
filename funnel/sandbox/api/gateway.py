"""The gateway: what a card makes happen when a purchase is put to it."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

from funnel.sandbox.api.params import Params, is_yes, require, url
from funnel.sandbox.api.replies import (
    DECLINED,
    MERC_REDIRECT,
    NEEDS_BANK_URLS,
    NOT_VALID,
    Refusal,
    Reply,
    redirect_to,
    success,
)
from funnel.sandbox.cards import Effect, Outcome, card_type, digits_of, is_card_number, upsale_outcome
from funnel.sandbox.orders import EASTERN, Order, Payment, Purchase
from funnel.sandbox.shapes import order_shape
from funnel.sandbox.till import note_decline, take_money
from funnel.sandbox.world import World

CARD_FIELDS = ("cardNumber", "cardMonth", "cardYear", "cardSecurityCode")
CENTURY = 2000
BIN_DIGITS = 6
SHOWN_DIGITS = 4


def card_payment(params: Params, at: float) -> Payment:
    """The card of a call, checked as far as a gateway can without asking the bank. `at` is now."""
    require(params, CARD_FIELDS)
    number = digits_of(params["cardNumber"])
    month, year = expiry(params)
    if not is_card_number(number):
        raise Refusal({"cardNumber": NOT_VALID})
    if not re.fullmatch(r"[0-9]{3,4}", params["cardSecurityCode"]):
        raise Refusal({"cardSecurityCode": NOT_VALID})
    today = datetime.fromtimestamp(at, UTC).astimezone(EASTERN)
    if (year, month) < (today.year, today.month):
        raise Refusal(f"{DECLINED}Expired Card")
    return Payment(
        paySource="CREDITCARD",
        cardType=card_type(number),
        cardBin=number[:BIN_DIGITS],
        cardLast4=number[-SHOWN_DIGITS:],
        cardMonth=month,
        cardYear=year,
        on_upsale=upsale_outcome(number),
    )


def expiry(params: Params) -> tuple[int, int]:
    """Month and four-digit year; the CRM takes yyyy, and yy was seen in the wild."""
    month, year = params["cardMonth"].strip(), params["cardYear"].strip()
    if not re.fullmatch(r"0?[1-9]|1[0-2]", month):
        raise Refusal({"cardMonth": NOT_VALID})
    if not re.fullmatch(r"(20)?[0-9]{2}", year):
        raise Refusal({"cardYear": NOT_VALID})
    return int(month), CENTURY + int(year[-2:])


def put_to_gateway(
    world: World, order: Order, purchase: Purchase, outcome: Outcome, params: Params, site: str
) -> Reply:
    """Approval, refusal, decline, hold, or a trip to the bank. A fault is played elsewhere: here it approves."""
    if outcome.effect is Effect.REFUSE:
        raise Refusal(outcome.detail)
    if outcome.effect is Effect.DECLINE:
        note_decline(world, order, purchase, outcome.detail)
        raise Refusal(DECLINED + outcome.detail)
    held = is_yes(params, "forceQA") or (outcome.effect is Effect.HOLD and not is_yes(params, "skipQA"))
    purchase = replace(purchase, held=held)
    if outcome.effect in (Effect.BANK_URL, Effect.BANK_SCRIPT):
        return to_the_bank(world, purchase, outcome, params, site)
    return success(order_shape(take_money(world, order, purchase)))


def to_the_bank(world: World, purchase: Purchase, outcome: Outcome, params: Params, site: str) -> Reply:
    """3DS. Nothing is charged until the shopper agrees on the bank's page: the order stays as it is."""
    returns_to, errors_to = url(params, "redirectsTo"), url(params, "errorRedirectsTo")
    if not (returns_to and errors_to):
        raise Refusal(NEEDS_BANK_URLS)
    away = world.send_away("bank", purchase, returns_to, errors_to)
    address = f"{site}/_sandbox/bank/{away.token}"
    if outcome.effect is Effect.BANK_SCRIPT:
        return Reply(MERC_REDIRECT, {"script": frame_script(address)})
    return redirect_to(address)


def frame_script(address: str) -> str:
    """Script that opens the address in a frame, begun as the documented example begins."""
    source = json.dumps(address).replace("<", "\\u003c")
    return (
        "var iframe=document.createElement('IFRAME');"
        f"iframe.src={source};iframe.title='Your bank';"
        "iframe.style.cssText='border:0;width:100%;height:600px';"
        "document.body.appendChild(iframe);"
    )
