"""Checkout: what is bought, where it goes, how it is paid; one charge, whatever is pressed how often."""

from dataclasses import asdict, replace
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response

from funnel import outage, web
from funnel.attempt import ORDER, Attempt, Claim, Reason, Refusal, State
from funnel.flow import NewOrder
from funnel.forms import CheckoutForm, CheckoutRules, csrf_failed
from funnel.notices import SENTENCES
from funnel.pay_token import ChangedOffer, StaleToken
from funnel.people import Contact
from funnel.steps import CONFIRMING, PATHS, Notice
from funnel.visit import Visit

bp = Blueprint("checkout", __name__)

LOOK_EVERY = 10  # seconds between two looks whether payments are taken again
MEND = HTTPStatus.UNPROCESSABLE_ENTITY
LATER = HTTPStatus.SERVICE_UNAVAILABLE
NO_CHARGE = {
    Reason.DECLINED: (MEND, Notice.DECLINED),
    Reason.PREPAID: (MEND, Notice.PREPAID),
    Reason.INVALID: (MEND, Notice.NOT_CHARGED),
    Reason.UNREACHABLE: (LATER, Notice.CANNOT_TAKE_PAYMENTS),
    Reason.NEVER_SENT: (LATER, Notice.CANNOT_TAKE_PAYMENTS),
    Reason.NOT_FOUND_PAID: (MEND, Notice.NOT_CHARGED),
    Reason.FOREIGN_ORDER: (MEND, Notice.UNPAYABLE),
}


@bp.get(PATHS["checkout"])
def show() -> Response:
    visit = web.enter("checkout")
    return _page(_form(visit.draft))


@bp.post(PATHS["checkout"])
def submit() -> Response:
    visit = web.admit("checkout", slot=ORDER)
    form = _form()
    valid = form.validate_on_submit()
    if outage.away():
        return _as_typed(form)
    if form.looks_again and not csrf_failed(form):
        _keep_place(form)
        return web.go("checkout")
    if not valid:
        return _page(form, **web.mistaken(form, stale=Notice.STALE_CHECKOUT))
    packages = web.rooms().settings.campaign.packages
    try:
        key = web.rooms().tokens.read(form.attempt.data, visit.id, ORDER, packages)
    except StaleToken as stale:
        notice = Notice.PRICE_CHANGED if isinstance(stale, ChangedOffer) else Notice.STALE_CHECKOUT
        return _page(form, status=MEND, notice=notice)
    order = NewOrder(
        key=key,
        basket=next(package.basket for package in packages if package.key == form.offer.data),
        contact=visit.contact or form.contact(),
        addresses=form.addresses(),
        card=form.card(),
    )
    return _answer(_place(visit, order), form)


def _place(visit: Visit, order: NewOrder) -> Claim:
    """With the store away the claim cannot be written down, so nothing is sent."""
    return outage.attempted(lambda: web.rooms().flow.place_order(visit, order), Claim())


def _answer(claim: Claim, form: CheckoutForm) -> Response:
    if claim.refusal is Refusal.TOO_MANY_DECLINES:
        form.complain(SENTENCES[Notice.TOO_MANY_DECLINES])
        return _page(form, status=HTTPStatus.TOO_MANY_REQUESTS)
    if claim.attempt is None and outage.away():
        return _as_typed(form)
    if claim.attempt is None:
        form.complain(SENTENCES[Notice.CANNOT_TAKE_PAYMENTS])
        return _page(form, status=LATER)
    if claim.attempt.state is State.CHARGED:
        return web.go(web.whereabouts())
    if claim.attempt.state.live:
        return web.go(CONFIRMING)
    return _not_charged(claim.attempt, form)


def _not_charged(attempt: Attempt, form: CheckoutForm) -> Response:
    status, notice = NO_CHARGE[attempt.reason or Reason.NOT_FOUND_PAID]
    form.complain(SENTENCES[notice])
    form.refused(attempt.fields)
    return _page(form, status=status)


def _form(draft: Contact | None = None) -> CheckoutForm:
    """Filled with what is known; the contact is asked for only where no lead is.

    A draft fills the page, never what was posted: a field that is missing there must not be made up.
    """
    visit, settings = web.visit(), web.rooms().settings
    campaign = settings.campaign
    rules = CheckoutRules(
        offers=tuple(package.key for package in campaign.packages),
        countries=campaign.countries,
        accepted_brands=campaign.accepted_brands,
        test_card=settings.takes_test_card,
    )
    known = {"offer": campaign.packages[0].key}
    for facts in (draft, visit.addresses):
        known |= asdict(facts) if facts else {}
    return CheckoutForm(rules, contact_known=visit.contact is not None, data=known)


def _page(form: CheckoutForm, **outcome: Any) -> Response:
    """The page with an unused key for the next press; the card is typed again each time."""
    form.forget_card()
    if outage.attempted(web.rooms().breaker.is_open, False):
        return _closed(form, Notice.CANNOT_TAKE_PAYMENTS)
    if outage.away():
        return _as_typed(form) if form.is_submitted() else _closed(form, Notice.CLOSED_FOR_NOW)
    visit, packages = web.visit(), web.rooms().settings.campaign.packages
    form.attempt.data = web.rooms().tokens.issue(visit.id, ORDER, packages)
    return web.page(
        "pages/checkout.html",
        form=form,
        action=PATHS["checkout"],
        contact=visit.contact,
        packages=packages,
        chosen=next((package for package in packages if package.key == form.offer.data), packages[0]),
        test_cards=web.rooms().settings.sandboxed,
        **web.position("checkout"),
        **outcome,
    )


def _closed(form: CheckoutForm, notice: Notice) -> Response:
    """Nothing can be paid now, so no card is asked for. What was typed is kept until the page opens again."""
    typed = form.is_submitted() and not csrf_failed(form)
    return _paused(notice, _keep_place(form) if typed else web.visit(), refresh=LOOK_EVERY, form=None)


def _as_typed(form: CheckoutForm) -> Response:
    """The store is away: nothing was sent, and what was typed is kept nowhere but in the page."""
    form.forget_card()
    form.forget_mistakes()
    return _paused(Notice.NOT_SENT, web.visit(), refresh=None, form=form)


def _keep_place(form: CheckoutForm) -> Visit:
    visit = web.visit()
    contact, addresses = visit.contact or form.contact_so_far(), form.addresses_so_far()
    outage.attempted(lambda: web.rooms().flow.keep_place(visit, contact, addresses), None)
    return replace(visit, contact=contact, addresses=addresses)


def _paused(notice: Notice, visit: Visit, **props: Any) -> Response:
    return web.page(
        "pages/paused.html",
        status=LATER,
        sentence=SENTENCES[notice],
        action=PATHS["checkout"],
        contact=visit.contact,
        addresses=visit.addresses,
        **web.position("checkout"),
        **props,
    )
