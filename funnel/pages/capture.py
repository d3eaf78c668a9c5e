"""Progressive capture: contact details are kept while they are typed, before any button is pressed."""

from http import HTTPStatus

from flask import Blueprint, Response, abort

from funnel import guard, outage, web
from funnel.forms.contact import DraftForm
from funnel.forms.form import csrf_failed
from funnel.steps import PATHS

bp = Blueprint("capture", __name__)


@bp.post(PATHS["draft"])
def submit() -> Response:
    """Nobody looks at the answer, so it has no page and waits for nothing."""
    campaign = web.rooms().settings.campaign
    if not campaign.capture.enabled:
        abort(HTTPStatus.NOT_FOUND)
    form = DraftForm(country=campaign.countries[0])
    form.validate()
    if csrf_failed(form):
        return Response(status=HTTPStatus.BAD_REQUEST)
    draft, progress = form.draft(), guard.progress()
    outage.insist()
    if draft and web.is_person() and not (progress.ordered or progress.order_unresolved):
        web.rooms().flow.capture_draft(web.visit(), draft)
    return Response(status=HTTPStatus.NO_CONTENT)
