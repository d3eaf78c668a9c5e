"""Who may see which page: a shopper who comes is let in, or led to where they belong."""

from dataclasses import replace
from http import HTTPStatus
from typing import cast

from flask import abort, g, request

from funnel import gate, outage, steps, web
from funnel.forms.checkout import COUPON_LIMIT
from funnel.forms.tidying import coupon_code
from funnel.offers import slots
from funnel.steps import Detour, Progress
from funnel.visits.attribution import query_without_cards
from funnel.visits.visit import Visit

WITHOUT_BOOKS = ("presell", "lead", "checkout")  # shown in some way while nobody can say what was ordered


def enter(step: str) -> Visit:
    """The visit that a page is shown to; or leads to where the shopper belongs. Owes the page's Import Click."""
    _guard(step)
    _renew(step)
    if web.is_person() and not (step == "thank-you" and g.fresh):
        g.visit = outage.attempted(lambda: web.rooms().flow.track(web.visit(), step), web.visit())
        _keep_coupon()
    if step.startswith("upsell"):  # a yes could not be written down, so the offer is not made
        outage.insist()
    return web.visit()


def admit(step: str, *, charges: bool = False) -> Visit:
    """The visit that a form comes from; or leads to where the shopper belongs. `charges`: its button may charge."""
    if charges and not gate.flooded() and (progress().order_unresolved or progress().upsell_unresolved):
        outage.attempted(lambda: web.rooms().payments.wait_for(web.visit()), None)
        g.pop("progress")
    _guard(step)
    _renew(step)
    g.visit = _kept()
    return web.visit()


def progress() -> Progress:
    if "progress" not in g:
        known = web.visit()
        g.progress = (
            outage.attempted(lambda: web.rooms().whereabouts.of(known), Progress()) if known.stored else Progress()
        )
    return cast(Progress, g.progress)


def whereabouts() -> str:
    """The page where the shopper belongs now, after what this request has changed."""
    g.pop("progress", None)
    known = progress()
    outage.insist()
    return steps.current(known)


def start_again() -> None:
    """A new visit for a new order: the attribution stays, the ids of the old one go."""
    g.visit = web.rooms().flow.keep(web.rooms().visits.begin(web.visit().arrival))


def _keep_coupon() -> None:
    """?coupon=CODE in the address of any page, for the checkout."""
    code = coupon_code(request.args.get("coupon", ""), COUPON_LIMIT)
    if code and web.rooms().settings.campaign.checkout.coupons:
        g.visit = outage.attempted(lambda: web.rooms().flow.keep_coupon(web.visit(), code), web.visit())


def _guard(step: str) -> None:
    campaign = web.rooms().settings.campaign
    if step.startswith("upsell"):
        if step not in slots(campaign):
            abort(HTTPStatus.NOT_FOUND)
    elif step not in campaign.steps:
        _lead_to(Detour(steps.first(campaign.steps)))
    known = progress()
    if step not in WITHOUT_BOOKS:
        outage.insist()
    if detour := steps.detour(campaign.steps, step, known, fresh=g.fresh):
        _lead_to(detour)


def _renew(step: str) -> None:
    """A visit whose time is over may tell how its charge ended, and begins none: who sees a form begins anew."""
    known = progress()
    may_be_paid = known.ordered or known.order_unresolved or outage.away()
    if step in WITHOUT_BOOKS and web.rooms().visits.is_over(web.visit()) and not may_be_paid:
        g.visit = replace(web.rooms().visits.begin(web.visit().arrival), notice=web.visit().notice)
        g.pop("progress")


def _lead_to(detour: Detour) -> None:
    """303 to another page. A query stays in the address, for the scripts of a page may read it there; no card does."""
    if web.is_person():
        g.visit = _kept()
    response = web.go(detour.step, detour.notice)
    if request.method == "GET" and request.query_string:
        response.location += "?" + query_without_cards(request.query_string.decode("ascii", "replace"))
    abort(response)


def _kept() -> Visit:
    """With its row, unless the store is away or too many forms come."""
    if gate.flooded():
        return web.visit()
    return outage.attempted(lambda: web.rooms().flow.keep(web.visit()), web.visit())
