"""Checkout: what is bought, where it goes, how it is paid; one charge, whatever is pressed how often."""

from dataclasses import replace
from http import HTTPStatus

from flask import Blueprint, Response

from funnel import gate, guard, outage, web
from funnel.attempt import ORDER, Attempt, Claim, Refusal, State
from funnel.charges.calls import NewOrder
from funnel.charges.pay_token import ChangedOffer, StaleToken
from funnel.charges.pricing import Priced
from funnel.forms.checkout import CheckoutForm
from funnel.forms.form import csrf_failed
from funnel.limits.tries import Mood
from funnel.notices import SENTENCES, why_not
from funnel.pages import person, prepaid
from funnel.pages.checkout_page import as_chosen, as_typed, draw, filled, keep_place, quote_of
from funnel.quote import Quote
from funnel.steps import AWAY, CONFIRMING, PATHS, PERSON, PREPAID, Notice
from funnel.visits.visit import Visit

bp = Blueprint("checkout", __name__)

MEND = HTTPStatus.UNPROCESSABLE_ENTITY
LATER = HTTPStatus.SERVICE_UNAVAILABLE


@bp.get(PATHS["checkout"])
def show() -> Response:
    visit = guard.enter("checkout")
    if person.wanted(visit):
        return web.go(PERSON)
    form, quote = filled(visit.draft), quote_of(visit)
    if quote.discount and not quote.helped:  # a code from an address that the CRM does not take
        form.take_out(quote.choice.coupon)
    return draw(form, quote)


@bp.post(PATHS["checkout"])
def submit() -> Response:
    visit = guard.admit("checkout", charges=True)
    form = filled()
    try:
        return _answer_to(visit, form)
    finally:
        form.forget_card()  # a form and its fields hold each other, and so the card, until Python's collector comes by


def _answer_to(visit: Visit, form: CheckoutForm) -> Response:
    form.validate_on_submit()
    if outage.away():
        return as_typed(form)
    if gate.flooded():
        return draw(form, as_chosen(visit, form), **web.one_too_many(form))
    if csrf_failed(form):
        return draw(form, as_chosen(visit, form), **web.mistaken(form, stale=Notice.STALE_CHECKOUT))
    if form.looks_again:
        keep_place(form)
        return web.go("checkout")
    if form.takes_likely_domain:
        form.mend_email()
    return _reckon(form) if form.only_reckons else _pay(visit, form)


def _reckon(form: CheckoutForm) -> Response:
    """Draw the page again with the new total; nothing is paid, so only what the total needs has to be right."""
    priced = _priced(keep_place(form), form)
    wrong = form.only_what_the_total_needs(address=web.rooms().settings.campaign.checkout.tax)
    return redraw(form, priced, status=MEND if wrong else HTTPStatus.OK)


def _pay(visit: Visit, form: CheckoutForm) -> Response:
    """Charge what this very form showed; whatever came to be different meanwhile is shown first."""
    if form.errors:
        return redraw(form, _priced(visit, form), **web.mistaken(form))
    if not form.by_paypal and (kept_out := _kept_out(visit, form)):
        return kept_out
    priced = _priced(visit, form, before_charge=True)
    if outage.away() or priced.refused or priced.unknown:
        return redraw(form, priced)
    campaign, quote = web.rooms().settings.campaign, priced.quote
    try:
        key = web.rooms().tokens.read(form.attempt.data, visit.id, ORDER, quote.sheet(campaign).values())
    except StaleToken as stale:
        return redraw(form, priced, status=MEND, notice=_why_again(stale, visit, quote))
    order = NewOrder(
        key=key,
        basket=quote.basket(campaign),
        contact=visit.contact or form.contact(),
        addresses=form.addresses(),
        card=None if form.by_paypal else form.card(),
        returns=web.returns(ORDER, key),
        origin=web.origin(),
    )
    # With the store away the claim cannot be written down, so nothing is sent.
    return answer(outage.attempted(lambda: web.rooms().payments.place_order(visit, order), Claim()), form, quote)


def _kept_out(visit: Visit, form: CheckoutForm) -> Response | None:
    """Before the CRM is asked anything for a card. The claim looks again, for many may come at once."""
    if web.mood() is Mood.SPENT:
        return _too_many(form, as_chosen(visit, form))
    if person.wanted(visit):
        keep_place(form)
        return web.go(PERSON)
    return None


def _why_again(stale: StaleToken, visit: Visit, quote: Quote) -> Notice:
    if not isinstance(stale, ChangedOffer):
        return Notice.STALE_CHECKOUT
    kept = quote_of(visit)
    same = replace(kept.choice, package=quote.choice.package) == quote.choice and kept.tax == quote.tax
    return Notice.PRICE_CHANGED if same else Notice.TOTAL_CHANGED


def _priced(visit: Visit, form: CheckoutForm, *, before_charge: bool = False) -> Priced:
    rooms = web.rooms()
    return outage.attempted(
        lambda: rooms.pricing.price(
            visit,
            form.choice(),
            contact=visit.contact or form.contact_so_far(),
            addresses=form.delivery(),
            deadline=rooms.settings.timing.answer_deadline,
            before_charge=before_charge,
        ),
        Priced(Quote(form.choice()), unknown=True),
    )


def redraw(form: CheckoutForm, priced: Priced, status: int = HTTPStatus.OK, notice: Notice | None = None) -> Response:
    if priced.refused:
        form.take_out(priced.refused)
        status = MEND
    if priced.unknown:
        form.complain(SENTENCES[Notice.TOTAL_UNKNOWN])
        status = LATER
    return draw(form, priced.quote, status=status, notice=notice)


def answer(claim: Claim, form: CheckoutForm, quote: Quote) -> Response:
    if claim.refusal is Refusal.TOO_MANY_DECLINES:
        form.complain(SENTENCES[Notice.TOO_MANY_DECLINES])
        return draw(form, quote, status=HTTPStatus.TOO_MANY_REQUESTS)
    if claim.refusal is Refusal.TOO_MANY_TRIES:
        return _too_many(form, quote)
    if claim.attempt is None and outage.away():
        return as_typed(form)
    if claim.attempt is None:
        form.complain(SENTENCES[Notice.CANNOT_TAKE_PAYMENTS])
        return draw(form, quote, status=LATER)
    if claim.attempt.state is State.CHARGED:
        return web.go(guard.whereabouts())
    if claim.attempt.away:
        return web.go(AWAY)
    if claim.attempt.state.live:
        return web.go(CONFIRMING)
    return _not_charged(claim.attempt, form, quote)


def _too_many(form: CheckoutForm, quote: Quote) -> Response:
    """Others have tried too many cards from the same place, or in the whole shop; what was typed stays."""
    form.complain(SENTENCES[Notice.TOO_MANY_TRIES])
    return draw(form, quote, status=HTTPStatus.TOO_MANY_REQUESTS)


def _not_charged(attempt: Attempt, form: CheckoutForm, quote: Quote) -> Response:
    if prepaid.leads_on(attempt):
        return web.go(PREPAID)
    why = why_not(attempt)
    form.complain(SENTENCES[why])
    form.refused(attempt.fields)
    form.leads_to = "" if form.by_paypal or why is Notice.CANNOT_TAKE_PAYMENTS else "cardNumber"
    return draw(form, quote, status=LATER if why is Notice.CANNOT_TAKE_PAYMENTS else MEND)
