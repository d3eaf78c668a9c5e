"""The pages on which shoppers wait, or are led to a bank or PayPal and back."""

import time
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus

from flask import Response

from funnel import web
from funnel.attempt import Attempt, Away, AwayKind, PaySource, State
from funnel.campaign.campaign import Campaign
from funnel.forms.form import PlainForm
from funnel.limits.challenge import PROVIDERS, Challenge
from funnel.notices import SENTENCES
from funnel.pages import away, confirming, person, prepaid, returns
from funnel.receipt import masked_email
from funnel.scenes import ledger, switches
from funnel.scenes.cast import LONG, customer, newcomer
from funnel.scenes.filled import MEND
from funnel.scenes.scene import Draw, Scene
from funnel.steps import PATHS, PERSON, Notice

TO_THE_BANK = Away(AwayKind.URL, "https://bank.example/3ds")
BY_SCRIPT = Away(AwayKind.SCRIPT, "void 0")
TO_PAYPAL = Away(AwayKind.PAYPAL, "https://www.paypal.com/checkoutnow?token=EC-1")
AT_ONCE = Away(AwayKind.URL, "https://www.paypal.com/checkoutnow?token=EC-2")  # PayPal's new workflow
AGREED = "/return/paypal/ticket?token=EC-1&PayerID=P1"
LEFT = "/return/paypal/ticket?token=EC-1"
CHALLENGE = Challenge(PROVIDERS["turnstile"], site_key="a-site-key", secret="")
SOON = 45.0 * 60  # seconds


def scenes(campaign: Campaign) -> Iterator[Scene]:
    with_paypal = switches.paypal(campaign)
    scene = partial(Scene, campaign=with_paypal, visit=customer(campaign))
    yield from _confirming(campaign, scene)
    yield from _away(campaign, scene)
    yield from _back(campaign, scene)
    yield from _person(scene)
    prepaid_page = partial(prepaid.draw, "https://shop.example/prepaid")
    yield scene("prepaid", "redirect", "There is another shop for prepaid cards.", prepaid_page, PATHS["prepaid"])


def _person(scene: partial[Scene]) -> Iterator[Scene]:
    here = partial(scene, "person", path=PATHS[PERSON])
    yield here("asked", "Many cards are being tried just now.", _asked)
    yield here("unproven", "The box was not ticked.", _unproven)


def _asked() -> Response:
    return person.draw(CHALLENGE, PlainForm(formdata=None))


def _unproven() -> Response:
    form = PlainForm(formdata=None)
    form.complain(SENTENCES[Notice.PERSON_UNPROVEN])
    return person.draw(CHALLENGE, form, status=MEND)


def _confirming(campaign: Campaign, scene: partial[Scene]) -> Iterator[Scene]:
    shown = partial(scene, "confirming", path=PATHS["confirming"])
    for mood, words, attempt in (
        ("new", "The answer is not there yet.", ledger.order(campaign, State.UNKNOWN, ago=5)),
        ("late", "It has taken longer than usual.", ledger.order(campaign, State.UNKNOWN, ago=600)),
        ("needs-human", "Nobody could tell for a day.", ledger.order(campaign, State.NEEDS_HUMAN, ago=90_000)),
        ("at-the-bank", "Back from the bank without an answer.", _left(campaign, TO_THE_BANK)),
        ("at-paypal", "Back from PayPal without an answer.", _left(campaign, TO_PAYPAL, PaySource.PAYPAL)),
        ("paypal-new", "PayPal charges, and has not said so.", _left(campaign, AT_ONCE, PaySource.PAYPAL)),
    ):
        yield shown(mood, words, _wait_for(attempt), attempts=(attempt,))
    late = ledger.order(campaign, State.UNKNOWN, ago=600)
    guest = customer(campaign, LONG)
    yield shown("long-email", "The email is very long.", _wait_for(late), visit=guest, attempts=(late,))


def _left(campaign: Campaign, away: Away, source: PaySource = PaySource.CARD) -> Attempt:
    settle_at = time.time() + SOON
    return ledger.order(campaign, State.AWAIT_REDIRECT, away=away, pay_source=source, settle_at=settle_at)


def _wait_for(attempt: Attempt) -> Draw:
    return lambda: confirming.draw(attempt, masked_email(web.visit().contact))


def _away(campaign: Campaign, scene: partial[Scene]) -> Iterator[Scene]:
    for mood, words, attempt in (
        ("bank", "The bank wants to confirm who pays.", _left(campaign, TO_THE_BANK)),
        ("bank-by-script", "The same, by the bank's own script.", _left(campaign, BY_SCRIPT)),
        ("paypal", "On to PayPal.", _left(campaign, TO_PAYPAL, PaySource.PAYPAL)),
    ):
        yield scene("away", mood, words, _lead_to(attempt), PATHS["away"], attempts=(attempt,))
    yield scene("away", "bank-frame", "The page that holds the bank's frame.", away.draw_frame, away.RUN)


def _lead_to(attempt: Attempt) -> Draw:
    return lambda: away.draw(attempt, attempt.away or TO_THE_BANK)


def _back(campaign: Campaign, scene: partial[Scene]) -> Iterator[Scene]:
    here = partial(scene, "returns")
    order = _left(campaign, TO_PAYPAL, PaySource.PAYPAL)
    yield here("bank", "Back from the bank, while the outcome is asked for.", _look, "/return/bank/ticket")
    yield here("paypal-agreed", "Agreed at PayPal; the page sends itself.", _ask(order, at_once=True), AGREED)
    yield here("paypal-later", "PayPal's answer could not be passed on.", _ask(order, later=True), AGREED)
    yield here("paypal-left", "Back from PayPal without agreeing.", _ask(order), LEFT)
    if campaign.upsell_steps:
        upsell = ledger.upsell(campaign, campaign.upsell_steps[0], State.AWAIT_REDIRECT, away=TO_PAYPAL)
        yield here("paypal-upsell-left", "The same with an upsell.", _ask(upsell), LEFT)
    elsewhere = partial(here, path="/return/bank/ticket", visit=newcomer())
    yield elsewhere("elsewhere", "Back from the bank in another browser.", returns.draw_elsewhere)
    unfinished = partial(returns.draw_elsewhere, unfinished=True)
    yield elsewhere("elsewhere-unfinished", "Back from PayPal in another browser.", unfinished)


def _look() -> Response:
    return returns.draw_wait("ticket", 0)


def _ask(attempt: Attempt, *, at_once: bool = False, later: bool = False) -> Draw:
    if not later:
        return lambda: returns.draw_paypal("ticket", attempt, at_once=at_once)
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return lambda: returns.draw_paypal("ticket", attempt, status=status, notice=Notice.CANNOT_TAKE_PAYMENTS)
