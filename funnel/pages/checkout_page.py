"""The checkout page as it is drawn: open, or paused while nothing can be paid."""

from dataclasses import asdict, replace
from http import HTTPStatus
from typing import Any

from flask import Response

from funnel import gate, headers, outage, web
from funnel.attempt import ORDER
from funnel.forms.checkout import CheckoutForm, CheckoutRules
from funnel.forms.form import csrf_failed
from funnel.notices import SENTENCES
from funnel.people import Contact
from funnel.quote import Quote, find, first_quote
from funnel.receipt import delivery_lines
from funnel.steps import PATHS, Notice
from funnel.visits.visit import Visit

LOOK_EVERY = 10  # seconds between two looks whether payments are taken again
LIVE = range(1, 7)  # packages whose totals the style sheet can show by itself


def quote_of(visit: Visit) -> Quote:
    """What was picked last, with what is still known of it."""
    campaign = web.rooms().settings.campaign
    kept = visit.quote or first_quote(campaign)
    return kept.of(campaign, kept.choice, visit.addresses)


def as_chosen(visit: Visit, form: CheckoutForm) -> Quote:
    """What the form picks, without asking the CRM."""
    return (visit.quote or Quote(form.choice())).of(
        web.rooms().settings.campaign, form.choice(), form.delivery() or visit.addresses
    )


def filled(draft: Contact | None = None) -> CheckoutForm:
    """With what is known; the contact is asked for only where no lead is.

    A draft fills the page, never what was posted: a field that is missing there must not be made up.
    """
    visit, settings = web.visit(), web.rooms().settings
    campaign, choice = settings.campaign, quote_of(visit).choice
    rules = CheckoutRules(
        offers=tuple(package.key for package in campaign.packages),
        bumps=tuple(package.key for package in campaign.bumps),
        shipping=tuple(method.key for method in campaign.shipping),
        countries=campaign.countries,
        accepted_brands=campaign.accepted_brands,
        pay_sources=campaign.pay_sources,
        test_card=settings.takes_test_card,
    )
    known: dict[str, Any] = {
        "offer": choice.package,
        "bump": choice.bumps,
        "shipping": choice.shipping,
        "couponCode": choice.coupon,
    }
    for facts in (draft, visit.addresses):
        known |= asdict(facts) if facts else {}
    return CheckoutForm(rules, contact_known=visit.contact is not None, data=known)


def draw(form: CheckoutForm, quote: Quote, **outcome: Any) -> Response:
    """The page with an unused key for the next press; the card is typed again each time."""
    form.forget_card()
    if outage.attempted(web.rooms().breaker.is_open, False):
        return as_typed(form) if gate.flooded() else closed(form, Notice.CANNOT_TAKE_PAYMENTS)
    if outage.away():
        return as_typed(form) if form.is_submitted() else closed(form, Notice.CLOSED_FOR_NOW)
    visit, settings = web.visit(), web.rooms().settings
    campaign, sheet = settings.campaign, quote.sheet(settings.campaign)
    packages = quote.packages(campaign)
    if quote.helped:
        form.couponCode.data = quote.choice.coupon  # in capitals, as it counts
    form.attempt.data = web.rooms().tokens.issue(visit.id, ORDER, sheet.values())
    if campaign.checkout.fraud_pixel:
        headers.let_in({"frame-src": "'self'"})
    return web.page(
        "pages/checkout.html",
        form=form,
        action=PATHS["checkout"],
        contact=visit.contact,
        packages=packages,
        chosen=find(packages, quote.choice.package) or packages[0],
        baskets=list(sheet.values()),
        basket=quote.basket(campaign),
        live=len(sheet) == len(campaign.packages) and len(sheet) in LIVE,
        can_pay=not campaign.checkout.tax or quote.tax is not None,
        paypal="paypal" in campaign.pay_sources,
        card="card" in campaign.pay_sources,
        saved=quote.helped,
        test_cards=settings.sandboxed,
        **web.position("checkout"),
        **outcome,
    )


def closed(form: CheckoutForm, notice: Notice) -> Response:
    """Nothing can be paid now, so no card is asked for. What was typed is kept until the page opens again."""
    typed = form.is_submitted() and not csrf_failed(form)
    return _paused(notice, keep_place(form) if typed else web.visit(), look_again=True, form=None)


def as_typed(form: CheckoutForm) -> Response:
    """Nothing can be written down: nothing was sent, and what was typed is kept nowhere but in the page."""
    form.forget_card()
    form.forget_mistakes()
    return _paused(Notice.NOT_SENT, web.visit(), look_again=False, form=form)


def keep_place(form: CheckoutForm) -> Visit:
    visit = web.visit()
    contact = visit.contact or form.contact_so_far()
    addresses = form.addresses_so_far() if form.shipAddress1.raw_data else visit.addresses  # total.js sends none
    quote = as_chosen(visit, form)
    outage.attempted(lambda: web.rooms().flow.keep_place(visit, contact, addresses, quote), None)
    return replace(visit, contact=contact, addresses=addresses, quote=quote)


def _paused(notice: Notice, visit: Visit, *, look_again: bool, form: CheckoutForm | None) -> Response:
    page = web.page(
        "pages/paused.html",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        sentence=SENTENCES[notice],
        action=PATHS["checkout"],
        contact=visit.contact,
        delivery=delivery_lines(visit.addresses) if visit.addresses else (),
        again=look_again,
        form=form,
        **web.position("checkout"),
    )
    if look_again:
        page.headers["Refresh"] = f"{LOOK_EVERY}; url={PATHS['checkout']}"
    return page
