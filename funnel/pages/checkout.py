"""Checkout: what is bought, where it goes, how it is paid; one charge, whatever is pressed how often."""

from dataclasses import replace
from http import HTTPStatus

from flask import Blueprint, Response

from funnel import outage, web
from funnel.attempt import ORDER, Attempt, Claim, Refusal, State
from funnel.charge_calls import NewOrder
from funnel.forms import CheckoutForm, csrf_failed
from funnel.notices import SENTENCES, why_not
from funnel.pages.checkout_page import as_typed, draw, filled, keep_place, quote_of
from funnel.pay_token import ChangedOffer, StaleToken
from funnel.pricing import Priced
from funnel.quote import Quote
from funnel.steps import AWAY, CONFIRMING, PATHS, Notice
from funnel.visit import Visit

bp = Blueprint("checkout", __name__)

MEND = HTTPStatus.UNPROCESSABLE_ENTITY
LATER = HTTPStatus.SERVICE_UNAVAILABLE


@bp.get(PATHS["checkout"])
def show() -> Response:
    visit = web.enter("checkout")
    return draw(filled(visit.draft), quote_of(visit))


@bp.post(PATHS["checkout"])
def submit() -> Response:
    visit = web.admit("checkout", slot=ORDER)
    form = filled()
    form.validate_on_submit()
    if outage.away():
        return as_typed(form)
    if csrf_failed(form):
        return draw(form, quote_of(visit), **web.mistaken(form, stale=Notice.STALE_CHECKOUT))
    if form.looks_again:
        keep_place(form)
        return web.go("checkout")
    return _reckon(visit, form) if form.only_reckons else _pay(visit, form)


def _reckon(visit: Visit, form: CheckoutForm) -> Response:
    """Draw the page again with the new total; nothing is paid, so only what the total needs has to be right."""
    needs_address = web.rooms().settings.campaign.checkout.tax
    mistakes = form.mistakes_for_the_total(address=needs_address)
    if not needs_address:
        form.forget_mistakes()
    if mistakes:
        return draw(form, quote_of(visit), status=MEND)
    return _redraw(form, _priced(keep_place(form), form))


def _pay(visit: Visit, form: CheckoutForm) -> Response:
    if form.errors:
        return draw(form, quote_of(visit), **web.mistaken(form))
    campaign, quote = web.rooms().settings.campaign, quote_of(visit)
    try:
        key = web.rooms().tokens.read(form.attempt.data, visit.id, ORDER, quote.sheet(campaign).values())
    except StaleToken as stale:
        notice = Notice.PRICE_CHANGED if isinstance(stale, ChangedOffer) else Notice.STALE_CHECKOUT
        return draw(form, quote, status=MEND, notice=notice)
    chosen = replace(quote, choice=form.choice())
    basket = quote.sheet(campaign).get(chosen.choice.package)
    shown = basket is not None and chosen.choice == replace(quote.choice, package=chosen.choice.package)
    if basket is None or not shown or not chosen.is_known(campaign, form.addresses()):
        return _redraw(form, _priced(keep_place(form), form), status=MEND, notice=Notice.TOTAL_CHANGED)
    order = NewOrder(
        key=key,
        basket=basket,
        contact=visit.contact or form.contact(),
        addresses=form.addresses(),
        card=None if form.by_paypal else form.card(),
        returns=web.returns(ORDER, key),
    )
    # With the store away the claim cannot be written down, so nothing is sent.
    return _answer(outage.attempted(lambda: web.rooms().payments.place_order(visit, order), Claim()), form)


def _priced(visit: Visit, form: CheckoutForm) -> Priced:
    rooms = web.rooms()
    return outage.attempted(
        lambda: rooms.pricing.price(
            visit,
            form.choice(),
            contact=visit.contact,
            addresses=visit.addresses,
            deadline=rooms.settings.timing.answer_deadline,
        ),
        Priced(Quote(form.choice()), unknown=True),
    )


def _redraw(form: CheckoutForm, priced: Priced, status: int = HTTPStatus.OK, notice: Notice | None = None) -> Response:
    if outage.away():
        return as_typed(form)
    if priced.coupon_refused:
        form.complain("This code is not valid for this offer. Your total has not changed.", about="couponCode")
        return draw(form, priced.quote, status=MEND)
    if priced.unknown:
        form.complain(SENTENCES[Notice.TOTAL_UNKNOWN])
        return draw(form, priced.quote, status=LATER)
    return draw(form, priced.quote, status=status, notice=notice)


def _answer(claim: Claim, form: CheckoutForm) -> Response:
    quote = quote_of(web.visit())
    if claim.refusal is Refusal.TOO_MANY_DECLINES:
        form.complain(SENTENCES[Notice.TOO_MANY_DECLINES])
        return draw(form, quote, status=HTTPStatus.TOO_MANY_REQUESTS)
    if claim.attempt is None and outage.away():
        return as_typed(form)
    if claim.attempt is None:
        form.complain(SENTENCES[Notice.CANNOT_TAKE_PAYMENTS])
        return draw(form, quote, status=LATER)
    if claim.attempt.state is State.CHARGED:
        return web.go(web.whereabouts())
    if claim.attempt.away:
        return web.go(AWAY)
    if claim.attempt.state.live:
        return web.go(CONFIRMING)
    return _not_charged(claim.attempt, form, quote)


def _not_charged(attempt: Attempt, form: CheckoutForm, quote: Quote) -> Response:
    why = why_not(attempt)
    form.complain(SENTENCES[why])
    form.refused(attempt.fields)
    return draw(form, quote, status=LATER if why is Notice.CANNOT_TAKE_PAYMENTS else MEND)
