"""The lead page in every mood."""

from collections.abc import Iterator
from functools import partial
from http import HTTPStatus

from flask import Response

from funnel import web
from funnel.campaign.campaign import Campaign
from funnel.forms.contact import LeadForm
from funnel.notices import SENTENCES
from funnel.pages import lead
from funnel.people import Contact
from funnel.scenes import switches
from funnel.scenes.cast import HOSTILE, JANE, LONG, newcomer, visit
from funnel.scenes.filled import MEND, as_typed, checked
from funnel.scenes.scene import Scene
from funnel.steps import PATHS, Notice

HALF = {"firstName": "Jane", "lastName": "", "emailAddress": "jane@example", "phoneNumber": "12"}


def scenes(campaign: Campaign) -> Iterator[Scene]:
    if "lead" not in campaign.steps:
        return
    scene = partial(Scene, "lead", path=PATHS["lead"], campaign=campaign, visit=newcomer())
    yield scene("empty", "Nothing is known yet.", _open)
    begun = visit(None, draft=Contact("Jane", "", ""))
    yield scene("draft", "Some of it was typed on an earlier visit.", _open, visit=begun)
    yield scene("known", "The lead comes back to change something.", _open, visit=visit())
    yield scene("empty-sent", "Sent without a word.", _mistaken, typed=dict.fromkeys(HALF, ""))
    yield scene("mistakes", "A name is missing, email and phone are half.", _mistaken, typed=HALF)
    yield scene("refused", "The CRM did not take the email.", _refused, typed=as_typed(JANE))
    yield scene("not-saved", "Store and CRM are both away.", _not_saved, typed=as_typed(JANE))
    yield scene("stale", "The form was open for too long.", _stale, typed=as_typed(JANE))
    yield scene("cookies-blocked", "The browser sends no cookie.", _blocked, typed=as_typed(JANE))
    yield scene("too-many", "One form of too many from one address.", _flooded, typed=HALF)
    yield scene("long-names", "Names and email are very long.", _open, visit=visit(LONG))
    yield scene("strange-names", "Names that look like code.", _open, visit=visit(HOSTILE))
    mirrored = switches.right_to_left(campaign)
    yield scene("right-to-left", "Mistakes, from right to left.", _mistaken, typed=HALF, campaign=mirrored)


def _form() -> LeadForm:
    return lead.form_of(web.visit().person)


def _open() -> Response:
    return lead.draw(_form())


def _mistaken() -> Response:
    return lead.draw(checked(_form()), status=MEND)


def _refused() -> Response:
    form = checked(_form())
    form.refused(["emailAddress"])
    return lead.draw(form, status=MEND)


def _not_saved() -> Response:
    form = checked(_form())
    form.complain(SENTENCES[Notice.NOT_SAVED])
    return lead.draw(form, status=HTTPStatus.SERVICE_UNAVAILABLE)


def _stale() -> Response:
    return lead.draw(checked(_form()), status=HTTPStatus.BAD_REQUEST, notice=Notice.STALE_FORM)


def _blocked() -> Response:
    return lead.draw(checked(_form()), status=HTTPStatus.BAD_REQUEST, notice=Notice.COOKIES_BLOCKED)


def _flooded() -> Response:
    form = checked(_form())
    return lead.draw(form, **web.one_too_many(form))
