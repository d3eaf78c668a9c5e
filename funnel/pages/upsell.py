"""Upsells 1 to 4 and their downsells: one offer, two equal buttons; after payment every road leads forward."""

from typing import Any

from flask import Blueprint, Response, abort

from funnel import outage, web
from funnel.attempt import Attempt, Claim, PaySource, State
from funnel.campaign import DOWNSELL
from funnel.forms import UpsellForm
from funnel.pay_token import StaleToken
from funnel.receipt import is_held
from funnel.steps import AWAY, PATHS, Notice
from funnel.visit import Visit

bp = Blueprint("upsell", __name__)

DECISIONS = {State.CHARGED: "accepted", State.DECLINED: "declined", State.NOT_CHARGED: "declined"}


@bp.get("/upsell/<int:number>", defaults={"downsell": ""})
@bp.get("/upsell/<int:number>/<downsell>")
def show(number: int, downsell: str) -> Response:
    slot = _slot(number, downsell)
    visit = web.enter(slot)
    return _page(slot, visit, UpsellForm(formdata=None))


@bp.post("/upsell/<int:number>", defaults={"downsell": ""})
@bp.post("/upsell/<int:number>/<downsell>")
def submit(number: int, downsell: str) -> Response:
    slot = _slot(number, downsell)
    visit, form = web.admit(slot, slot=slot), UpsellForm()
    if slot in web.progress().decided:
        return web.go(web.whereabouts())
    if not form.validate_on_submit():
        return _page(slot, visit, form, **web.mistaken(form, stale=Notice.STALE_OFFER))
    if not form.accepted:
        web.rooms().flow.refuse_upsell(visit, slot)
        return web.go(web.whereabouts())
    package = web.rooms().settings.campaign.upsell(slot)
    try:
        key = web.rooms().tokens.read(form.attempt.data, visit.id, slot, [package.basket])
    except StaleToken:
        return _page(slot, visit, form, status=422, notice=Notice.STALE_OFFER)
    claim = outage.attempted(
        lambda: web.rooms().payments.accept_upsell(visit, slot, key, web.returns(slot, key)), Claim()
    )
    if claim.attempt is None:
        outage.attempted(lambda: web.rooms().payments.pass_over_upsell(visit, slot, key), None)
    elif claim.attempt.away:
        return web.go(AWAY)
    return web.go(web.whereabouts(), f"{web.outcome(claim.attempt)}:{slot}")


def _slot(number: int, downsell: str) -> str:
    slot = f"upsell{number}{downsell}"
    if downsell not in ("", DOWNSELL) or slot not in PATHS:
        abort(404)
    return slot


def _page(slot: str, visit: Visit, form: UpsellForm, **outcome: Any) -> Response:
    campaign, step = web.rooms().settings.campaign, slot.removesuffix(DOWNSELL)
    package, page = campaign.upsell(slot), campaign.upsell_page(step)
    form.attempt.data = web.rooms().tokens.issue(visit.id, slot, [package.basket])
    minutes, order = page.ends_after_minutes if page else None, _paid_order(visit)
    return web.page(
        "pages/upsell.html",
        form=form,
        action=PATHS[slot],
        package=package,
        basket=package.basket,
        downsell=slot.endswith(DOWNSELL),
        number=campaign.upsell_steps.index(step) + 1,
        of=len(campaign.upsell_steps),
        order_number=visit.order_id,
        held=is_held(order),
        paypal=bool(order and order.pay_source is PaySource.PAYPAL),
        ends_in=minutes,
        decision=_decision(visit, slot),
        next_url=PATHS[web.whereabouts()],
        **outcome,
    )


def _paid_order(visit: Visit) -> Attempt | None:
    attempts = web.rooms().attempts.of_visit(visit.id)
    return next((attempt for attempt in attempts if attempt.bears_upsells), None)


def _decision(visit: Visit, slot: str) -> str | None:
    attempts = web.rooms().attempts.of_visit(visit.id)
    attempt = next((attempt for attempt in reversed(attempts) if attempt.slot == slot), None)
    if attempt:
        return DECISIONS.get(attempt.state, "pending")
    return "refused" if slot in web.progress().decided else None
