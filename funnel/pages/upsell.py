"""Upsells 1 to 4 and their downsells: one offer, two equal buttons; after payment every road leads forward."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, abort

from funnel import gate, guard, outage, web
from funnel.attempt import Attempt, Claim, PaySource, State, last_in, paid_order
from funnel.campaign.campaign import DOWNSELL, Campaign
from funnel.charges.pay_token import StaleToken
from funnel.forms.form import UpsellForm
from funnel.offers import MINUTE, unconditional
from funnel.receipt import is_held
from funnel.steps import AWAY, PATHS, Notice
from funnel.visits.visit import Visit

bp = Blueprint("upsell", __name__)

DECISIONS = {State.CHARGED: "accepted", State.DECLINED: "declined", State.NOT_CHARGED: "declined"}


@bp.get("/upsell/<int:number>", defaults={"downsell": ""})
@bp.get("/upsell/<int:number>/<downsell>")
def show(number: int, downsell: str) -> Response:
    slot = _slot(number, downsell)
    visit = guard.enter(slot)
    return draw(slot, visit, UpsellForm(formdata=None))


@bp.post("/upsell/<int:number>", defaults={"downsell": ""})
@bp.post("/upsell/<int:number>/<downsell>")
def submit(number: int, downsell: str) -> Response:
    slot = _slot(number, downsell)
    visit, form = guard.admit(slot, charges=True), UpsellForm()
    if gate.flooded():
        return draw(slot, visit, form, **web.one_too_many(form))
    if form.reopens and slot in guard.progress().reopenable and form.validate_on_submit():
        web.rooms().flow.reopen_upsell(visit, slot)
    if form.reopens or slot in guard.progress().decided:
        return web.go(guard.whereabouts())
    if not form.validate_on_submit():
        return draw(slot, visit, form, **web.mistaken(form, stale=Notice.STALE_OFFER))
    if not form.accepted:
        web.rooms().flow.refuse_upsell(visit, slot)
        return web.go(guard.whereabouts())
    package = web.rooms().settings.campaign.upsell(slot)
    try:
        key = web.rooms().tokens.read(form.attempt.data, visit.id, slot, [package.basket])
    except StaleToken:
        return draw(slot, visit, form, status=422, notice=Notice.STALE_OFFER)
    claim = outage.attempted(
        lambda: web.rooms().payments.accept_upsell(visit, slot, key, web.returns(slot, key)), Claim()
    )
    if claim.attempt is None:
        outage.attempted(lambda: web.rooms().payments.pass_over_upsell(visit, slot, key), None)
    elif claim.attempt.away:
        return web.go(AWAY)
    return web.go(guard.whereabouts(), f"{web.outcome(claim.attempt)}:{slot}")


def _slot(number: int, downsell: str) -> str:
    slot = f"upsell{number}{downsell}"
    if downsell not in ("", DOWNSELL) or slot not in PATHS:
        abort(404)
    return slot


def draw(slot: str, visit: Visit, form: UpsellForm, **outcome: Any) -> Response:
    campaign, step = web.rooms().settings.campaign, slot.removesuffix(DOWNSELL)
    package, page = campaign.upsell(slot), campaign.offer_page(slot)
    attempts = web.rooms().attempts.of_visit(visit.id)
    paid = paid_order(attempts)
    form.attempt.data = web.rooms().tokens.issue(visit.id, slot, [package.basket])
    return web.page(
        [f"pages/upsell-{page.offer}.html", "pages/upsell.html"],  # an offer may have a page of its own, by its key
        form=form,
        action=PATHS[slot],
        package=package,
        replaced=campaign.offers[page.replaces].name if page.replaces else None,
        downsell=slot.endswith(DOWNSELL),
        place=_place(campaign, step),
        order_number=visit.order_id,
        held=paid is not None and is_held(paid),
        paypal=paid is not None and paid.pay_source is PaySource.PAYPAL,
        ends_in=_seconds_left(campaign, step, paid),
        decision=_decision(slot, attempts),
        reopenable=slot in guard.progress().reopenable,
        next_url=PATHS[guard.whereabouts()],
        **outcome,
    )


def _place(campaign: Campaign, step: str) -> tuple[int, int] | None:
    """ "Offer 1 of 2", which can be told only where everybody meets the same offers."""
    if not all(unconditional(campaign, each) for each in campaign.upsell_steps):
        return None
    return campaign.upsell_steps.index(step) + 1, len(campaign.upsell_steps)


def _seconds_left(campaign: Campaign, step: str, paid: Attempt | None) -> float | None:
    """Until the offer ends; None for an offer that does not."""
    page = campaign.upsell_page(step)
    if paid is None or page is None or page.ends_after_minutes is None:
        return None
    left = page.ends_after_minutes * MINUTE - (web.rooms().store.clock() - paid.created_at)
    return max(left, 0.0)


def _decision(slot: str, attempts: Sequence[Attempt]) -> str | None:
    if attempt := last_in(attempts, slot):
        return DECISIONS.get(attempt.state, "pending")
    return "refused" if slot in guard.progress().decided else None
