"""The checkout page in every mood: open, mistaken, refused, and closed."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from flask import Response

from funnel import web
from funnel.attempt import Claim, Reason, Refusal, State
from funnel.campaign.campaign import Campaign
from funnel.charges.pricing import Priced
from funnel.forms.checkout import CheckoutForm
from funnel.pages import checkout, checkout_page
from funnel.people import Contact
from funnel.quote import Discount, Quote, Tax, digest, first_quote, tax_digest
from funnel.scenes import ledger, switches
from funnel.scenes.cast import HOSTILE, JANE, LONG, home, newcomer, typed_address, visit
from funnel.scenes.filled import MEND, as_typed, checked
from funnel.scenes.scene import Draw, Scene
from funnel.steps import PATHS, Notice

CARD = {"cardNumber": "4242424242424242", "cardExpiryDate": "12/39", "cardSecurityCode": "123"}
WRONG = {
    "shipAddress1": "",
    "shipPostalCode": "?",
    "cardNumber": "4242424242424241",
    "cardExpiryDate": "01/20",
    "cardSecurityCode": "12",
}
REFUSALS = {
    "declined": (Reason.DECLINED, "The bank said no."),
    "prepaid": (Reason.PREPAID, "The card is prepaid, and those are not taken."),
    "invalid": (Reason.INVALID, "The CRM did not take a field."),
    "already-purchased": (Reason.ALREADY_PURCHASED, "The CRM knows an order like it."),
    "fraud-limit": (Reason.FRAUD_LIMIT, "The CRM's fraud limits."),
    "not-charged": (Reason.NOT_FOUND_PAID, "The payment did not go through."),
    "unpayable": (Reason.FOREIGN_ORDER, "The CRM gave this visit somebody else's order."),
}


def scenes(campaign: Campaign) -> Iterator[Scene]:
    scene = partial(Scene, "checkout", path=PATHS["checkout"], campaign=campaign, visit=visit())
    yield from _opened(campaign, scene)
    yield from _switched(campaign, scene)
    yield from _priced(campaign, scene)
    yield from _pressed(campaign, scene)
    yield from _closed(campaign, scene)


def _opened(campaign: Campaign, scene: partial[Scene]) -> Iterator[Scene]:
    yield scene("deep-link", "Nobody is known yet: contact is asked for here.", _open, visit=newcomer())
    yield scene("lead-known", "After the lead page.", _open)
    yield scene("filled", "The address is known from an earlier try.", _open, visit=visit(addresses=home(campaign)))
    yield scene("draft", "A contact was half typed.", _open, visit=visit(None, draft=Contact("Jane", "", "")))
    yield scene("no-order-yet", "A later page was asked for.", _open, visit=visit(notice=Notice.NO_ORDER_YET))
    yield scene("cancelled", "Back from PayPal without paying.", _open, visit=visit(notice=Notice.CANCELLED))
    yield scene("long-contact", "The name is very long.", _open, visit=visit(LONG, addresses=home(campaign)))
    yield scene("strange-names", "A name that looks like code.", _open, visit=visit(HOSTILE, addresses=home(campaign)))


def _switched(campaign: Campaign, scene: partial[Scene]) -> Iterator[Scene]:
    for mood, words, switched in (
        ("bumps", "Boxes that add something.", switches.bumps(campaign)),
        ("shipping", "Several ways to ship.", switches.shipping(campaign)),
        ("bundles", "A bundle among the choices.", switches.bundles(campaign)),
        ("variants", "Kinds of one product.", switches.variants(campaign)),
        ("subscription", "What is bought goes on.", switches.subscription(campaign)),
        ("single", "One package, so nothing to choose.", switches.single(campaign)),
        ("one-country", "One country, so nothing to choose.", switches.one_country(campaign)),
        ("paypal", "Card or PayPal.", switches.paypal(campaign)),
        ("paypal-alone", "PayPal alone.", switches.paypal_alone(campaign)),
        ("coupon-field", "A field for a coupon.", switches.coupons(campaign)),
        ("tax-first", "The total needs the address first.", switches.tax(campaign)),
        ("long-names", "Names of what is sold are very long.", switches.long_names(campaign)),
        ("right-to-left", "From right to left.", switches.right_to_left(campaign)),
    ):
        if switched:
            yield scene(mood, words, _open, campaign=switched)


def _priced(campaign: Campaign, scene: partial[Scene]) -> Iterator[Scene]:
    with_coupons, taxed = switches.coupons(campaign), switches.tax(campaign)
    typed = {**typed_address(campaign), "couponCode": "SUMMER", "do": "reckon"}
    saving = visit(quote=_saving(with_coupons))
    known = visit(addresses=home(campaign), quote=_taxed(taxed))
    yield scene("coupon-applied", "A coupon takes something off.", _open, campaign=with_coupons, visit=saving)
    yield scene("coupon-refused", "A coupon that is none.", _no_coupon, campaign=with_coupons, typed=typed)
    yield scene("tax-known", "The tax is in the total.", _open, campaign=taxed, visit=known)
    sent = {**typed_address(campaign), **CARD}
    yield scene("total-unknown", "The CRM could not reckon.", _no_total, campaign=taxed, typed=sent)


def _pressed(campaign: Campaign, scene: partial[Scene]) -> Iterator[Scene]:
    sent = {**typed_address(campaign), **CARD}
    everything = {**as_typed(JANE), **sent}
    nothing = {"do": "pay", "billShipSame": "y"}
    yield scene("empty-sent", "Sent without a word.", _mistaken, visit=newcomer(), typed=nothing)
    yield scene("mistakes", "Some of it is wrong.", _mistaken, typed={**sent, **WRONG})
    apart = {**sent, "address1": "", "country": campaign.countries[-1]}
    apart.pop("billShipSame")
    yield scene("billing-mistakes", "The bill goes elsewhere, and where is missing.", _mistaken, typed=apart)
    for mood, (reason, words) in REFUSALS.items():
        fields = ("shipPostalCode", "cardSecurityCode") if reason is Reason.INVALID else ()
        refused = ledger.order(campaign, State.DECLINED, reason=reason, fields=fields)
        yield scene(mood, words, _answered(Claim(refused)), typed=sent)
    too_many, busy = Claim(refusal=Refusal.TOO_MANY_DECLINES), Claim(refusal=Refusal.BUSY)
    yield scene("too-many", "Too many cards were declined.", _answered(too_many), typed=sent)
    yield scene(
        "too-many-forms", "One form of too many from one address.", _flooded, visit=newcomer(), typed=everything
    )
    yield scene("busy", "No charge can be made just now.", _answered(busy), typed=sent)
    for mood, notice, words in (
        ("price-changed", Notice.PRICE_CHANGED, "The price changed while the page was open."),
        ("total-changed", Notice.TOTAL_CHANGED, "The choice changed in another tab."),
        ("stale", Notice.STALE_CHECKOUT, "The form was open for too long."),
        ("cookies-blocked", Notice.COOKIES_BLOCKED, "The browser sends no cookie."),
    ):
        yield scene(mood, words, _told(notice), visit=newcomer(), typed=everything)


def _closed(campaign: Campaign, scene: partial[Scene]) -> Iterator[Scene]:
    come_far = visit(addresses=home(campaign))
    typed = {**as_typed(JANE), **typed_address(campaign), **CARD}
    yield scene("outage", "The CRM is down.", _shut(Notice.CANNOT_TAKE_PAYMENTS), visit=come_far)
    yield scene("store-away", "The store is away.", _shut(Notice.CLOSED_FOR_NOW), visit=come_far)
    yield scene("not-sent", "The store went away while it was typed.", _kept_in_page, visit=newcomer(), typed=typed)


def _open() -> Response:
    return checkout_page.draw(*_form_and_quote())


def _mistaken() -> Response:
    form, quote = _sent()
    return checkout_page.draw(form, quote, status=MEND)


def _no_coupon() -> Response:
    form, quote = _sent()
    form.only_what_the_total_needs(address=False)
    return checkout.redraw(form, Priced(quote, refused=quote.choice.coupon))


def _no_total() -> Response:
    form, quote = _sent()
    return checkout.redraw(form, Priced(quote, unknown=True))


def _answered(claim: Claim) -> Draw:
    return lambda: checkout.answer(claim, *_sent())


def _told(notice: Notice) -> Draw:
    return lambda: checkout_page.draw(*_sent(), status=MEND, notice=notice)


def _flooded() -> Response:
    form, quote = _sent()
    return checkout_page.draw(form, quote, **web.one_too_many(form))


def _shut(notice: Notice) -> Draw:
    return lambda: checkout_page.closed(checkout_page.filled(), notice)


def _kept_in_page() -> Response:
    return checkout_page.as_typed(_sent()[0])


def _form_and_quote() -> tuple[CheckoutForm, Quote]:
    return checkout_page.filled(web.visit().draft), checkout_page.quote_of(web.visit())


def _sent() -> tuple[CheckoutForm, Quote]:
    form = checked(checkout_page.filled())
    return form, checkout_page.as_chosen(web.visit(), form)


def _saving(campaign: Campaign) -> Quote:
    choice = replace(first_quote(campaign).choice, coupon="SAVE10")
    tenth = round(campaign.packages[0].price / 10, 2)
    return Quote(choice, Discount(digest(campaign, choice), tenth, campaign.packages[0].shipping * 0))


def _taxed(campaign: Campaign) -> Quote:
    first = first_quote(campaign)
    untaxed = first.untaxed(campaign)
    return replace(first, tax=Tax(tax_digest(untaxed, home(campaign)), round(untaxed.total / 12, 2)))
