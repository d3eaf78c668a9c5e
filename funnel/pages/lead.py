"""Lead: who the shopper is, kept and told to the CRM."""

from typing import Any

from flask import Blueprint, Response

from funnel import steps, web
from funnel.forms import LeadForm
from funnel.steps import PATHS

bp = Blueprint("lead", __name__)


@bp.get(PATHS["lead"])
def show() -> Response:
    web.enter("lead")
    return _page(_form())


@bp.post(PATHS["lead"])
def submit() -> Response:
    visit = web.admit("lead")
    form = _form()
    if not form.validate_on_submit():
        return _page(form, **web.mistaken(form))
    if refused := web.rooms().flow.capture_lead(visit, form.contact()):
        form.refused(refused)
        return _page(form, **web.mistaken(form))
    return web.go(steps.after(web.rooms().settings.campaign.steps, "lead"))


def _form() -> LeadForm:
    return LeadForm(country=web.rooms().settings.campaign.countries[0], obj=web.visit().contact)


def _page(form: LeadForm, **outcome: Any) -> Response:
    known = web.visit().contact is not None
    return web.page("pages/lead.html", form=form, known=known, **web.position("lead"), **outcome)
