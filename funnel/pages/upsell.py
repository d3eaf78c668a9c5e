"""Upsells 1 to 4: one offer, two equal buttons; after payment every road leads forward."""

from typing import Any

from flask import Blueprint, Response

from funnel import outage, web
from funnel.attempt import Attempt, Claim, State
from funnel.forms import UpsellForm
from funnel.pay_token import StaleToken
from funnel.steps import PATHS, Notice
from funnel.visit import Visit

bp = Blueprint("upsell", __name__)

DECISIONS = {State.CHARGED: "accepted", State.DECLINED: "declined", State.NOT_CHARGED: "declined"}


@bp.get("/upsell/<int:number>")
def show(number: int) -> Response:
    visit = web.enter(f"upsell{number}")
    return _page(number, visit, UpsellForm(formdata=None))


@bp.post("/upsell/<int:number>")
def submit(number: int) -> Response:
    step = f"upsell{number}"
    visit, form = web.admit(step, slot=step), UpsellForm()
    if step in web.progress().decided:
        return web.go(web.whereabouts())
    if not form.validate_on_submit():
        return _page(number, visit, form, **web.mistaken(form, stale=Notice.STALE_OFFER))
    if not form.accepted:
        web.rooms().flow.refuse_upsell(visit, step)
        return web.go(web.whereabouts())
    try:
        key = web.rooms().tokens.read(form.attempt.data, visit.id, step, [web.rooms().settings.campaign.upsell(step)])
    except StaleToken:
        return _page(number, visit, form, status=422, notice=Notice.STALE_OFFER)
    claim = outage.attempted(lambda: web.rooms().flow.accept_upsell(visit, step, key), Claim())
    if claim.attempt is None:
        outage.attempted(lambda: web.rooms().flow.pass_over_upsell(visit, step, key), None)
    return web.go(web.whereabouts(), f"{_notice(claim.attempt)}:{step}")


def _notice(attempt: Attempt | None) -> Notice:
    if attempt is None or not attempt.state.live:
        return Notice.NOT_ADDED
    return Notice.ADDED if attempt.state is State.CHARGED else Notice.STILL_ADDING


def _page(number: int, visit: Visit, form: UpsellForm, **outcome: Any) -> Response:
    step, campaign = f"upsell{number}", web.rooms().settings.campaign
    package = campaign.upsell(step)
    form.attempt.data = web.rooms().tokens.issue(visit.id, step, [package])
    return web.page(
        "pages/upsell.html",
        form=form,
        action=PATHS[step],
        package=package,
        number=campaign.upsell_steps.index(step) + 1,
        of=len(campaign.upsell_steps),
        order_number=visit.order_id,
        decision=_decision(visit, step),
        next_url=PATHS[web.whereabouts()],
        **outcome,
    )


def _decision(visit: Visit, step: str) -> str | None:
    attempts = web.rooms().attempts.of_visit(visit.id)
    attempt = next((attempt for attempt in reversed(attempts) if attempt.slot == step), None)
    if attempt:
        return DECISIONS.get(attempt.state, "pending")
    return "refused" if step in web.progress().decided else None
