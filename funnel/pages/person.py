"""Under suspicion a shopper shows that they are a person, on a page without a card; then the card is asked for."""

from http import HTTPStatus

from flask import Blueprint, Response, request

from funnel import guard, headers, outage, web
from funnel.attempt import ORDER, Attempt
from funnel.forms.form import PlainForm
from funnel.limits.challenge import Challenge, Seen
from funnel.limits.tries import Mood
from funnel.notices import SENTENCES
from funnel.steps import PATHS, PERSON, Notice
from funnel.visits.visit import Visit

bp = Blueprint("person", __name__)

VOUCHED_FOR = 900.0  # seconds that the proof lasts; each card that is tried needs one of its own
UNSEEN = {Seen.UNPROVEN: Notice.PERSON_UNPROVEN, Seen.UNKNOWN: Notice.PERSON_UNKNOWN}


def wanted(visit: Visit) -> bool:
    """Whether a card may be asked for only after that."""
    return web.rooms().challenge is not None and web.mood() is Mood.SUSPECT and not _vouched(visit)


@bp.get(PATHS[PERSON])
def show() -> Response:
    visit, challenge = guard.enter("checkout"), web.rooms().challenge
    if challenge is None or not wanted(visit):
        return web.go("checkout")
    return draw(challenge, PlainForm(formdata=None))


@bp.post(PATHS[PERSON])
def submit() -> Response:
    visit, challenge = guard.admit("checkout"), web.rooms().challenge
    if challenge is None or not wanted(visit):
        return web.go("checkout")
    form = PlainForm()
    if not form.validate_on_submit():
        return draw(challenge, form, **web.mistaken(form))
    seen = challenge.look_at(request.form.get(challenge.provider.field, ""), request.remote_addr or "")
    if seen is Seen.PERSON:
        web.rooms().visits.vouch(visit.id)
        return web.go("checkout")
    form.complain(SENTENCES[UNSEEN[seen]])
    unknown = seen is Seen.UNKNOWN
    return draw(challenge, form, status=HTTPStatus.SERVICE_UNAVAILABLE if unknown else HTTPStatus.UNPROCESSABLE_ENTITY)


def _vouched(visit: Visit) -> bool:
    """By a proof that is younger than the last card tried in this visit."""
    if visit.vouched_at is None or visit.vouched_at + VOUCHED_FOR < web.rooms().store.clock():
        return False
    tried: list[Attempt] = []
    tried = outage.attempted(lambda: web.rooms().attempts.of_visit(visit.id), tried)
    return not any(attempt.slot == ORDER and attempt.created_at >= visit.vouched_at for attempt in tried)


def draw(challenge: Challenge, form: PlainForm, **outcome: object) -> Response:
    headers.let_in(challenge.provider.sources)
    return web.page(
        "pages/person.html",
        form=form,
        action=PATHS[PERSON],
        provider=challenge.provider,
        site_key=challenge.site_key,
        **web.position("checkout"),
        **outcome,  # type: ignore[arg-type]
    )
