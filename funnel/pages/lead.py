"""Lead: who the shopper is, kept and told to the CRM."""

from typing import Any

from flask import Blueprint, Response

from funnel import steps, web
from funnel.forms import LeadForm
from funnel.people import Contact
from funnel.steps import PATHS

bp = Blueprint("lead", __name__)


@bp.get(PATHS["lead"])
def show() -> Response:
    visit = web.enter("lead")
    return _page(_form(visit.person))


@bp.post(PATHS["lead"])
def submit() -> Response:
    visit = web.admit("lead")
    form = _form(visit.contact)
    if not form.validate_on_submit():
        return _page(form, **web.mistaken(form))
    if refused := web.rooms().flow.capture_lead(visit, form.contact()):
        form.refused(refused)
        return _page(form, **web.mistaken(form))
    return web.go(steps.after(web.rooms().settings.campaign.steps, "lead"))


def _form(filled: Contact | None) -> LeadForm:
    return LeadForm(country=web.rooms().settings.campaign.countries[0], obj=filled)


def _page(form: LeadForm, **outcome: Any) -> Response:
    known = web.visit().contact is not None
    return web.page("pages/lead.html", form=form, known=known, **web.position("lead"), **outcome)
