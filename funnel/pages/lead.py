"""Lead: who the shopper is, kept and told to the CRM."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response

from funnel import doorway, gate, guard, outage, steps, web
from funnel.attempt import Reason
from funnel.charges.charge import NotReady
from funnel.forms.contact import LeadForm
from funnel.notices import SENTENCES
from funnel.people import Contact
from funnel.steps import PATHS, Notice
from funnel.visits.visit import Visit

bp = Blueprint("lead", __name__)


@bp.get(PATHS["lead"])
def show() -> Response:
    visit = guard.enter("lead")
    return draw(form_of(visit.person))


@bp.post(PATHS["lead"])
def submit() -> Response:
    visit = guard.admit("lead")
    form = form_of(visit.contact)
    valid = form.validate_on_submit()
    if gate.flooded():
        return draw(form, **web.one_too_many(form))
    if form.takes_likely_domain:
        form.mend_email()
        return draw(form)
    if not valid:
        return draw(form, **web.mistaken(form))
    outage.attempted(lambda: web.rooms().flow.capture_lead(visit, form.contact()), None)
    if outage.away():
        return _told_unkept(visit, form)
    if refused := outage.attempted(lambda: web.rooms().flow.tell_lead(visit), None):
        form.refused(refused)
        return draw(form, **web.mistaken(form))
    return _on()


def _told_unkept(visit: Visit, form: LeadForm) -> Response:
    """The store is away, so the CRM is told at once or the form stays. A paid order's lead is left alone."""
    try:
        if doorway.may_have_ordered(visit):
            raise NotReady(Reason.UNREACHABLE)
        doorway.carry(web.rooms().flow.lead_unkept(visit, form.contact()))
    except NotReady as obstacle:
        form.refused(obstacle.fields)
        if obstacle.reason is Reason.INVALID:
            return draw(form, **web.mistaken(form))
        form.complain(SENTENCES[Notice.NOT_SAVED])
        return draw(form, status=HTTPStatus.SERVICE_UNAVAILABLE)
    return _on()


def _on() -> Response:
    return web.go(steps.after(web.rooms().settings.campaign.steps, "lead"))


def form_of(filled: Contact | None) -> LeadForm:
    return LeadForm(country=web.rooms().settings.campaign.countries[0], obj=filled)


def draw(form: LeadForm, **outcome: Any) -> Response:
    known = web.visit().contact is not None
    return web.page("pages/lead.html", form=form, known=known, **web.position("lead"), **outcome)
