"""What goes wrong, as pages."""

from collections.abc import Iterator
from functools import partial
from http import HTTPStatus

from funnel import failures
from funnel.campaign.campaign import Campaign
from funnel.scenes.cast import newcomer
from funnel.scenes.scene import Scene
from funnel.steps import PATHS

PAGES = {
    "damaged": (HTTPStatus.BAD_REQUEST, "What came could not be read."),
    "foreign": (HTTPStatus.FORBIDDEN, "A form of another site."),
    "not-found": (HTTPStatus.NOT_FOUND, "There is no such page."),
    "no-form": (HTTPStatus.METHOD_NOT_ALLOWED, "A page that takes no forms."),
    "too-large": (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "More than a form can hold."),
    "too-many": (HTTPStatus.TOO_MANY_REQUESTS, "Too many tries."),
    "ours": (HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side."),
    "away": (HTTPStatus.SERVICE_UNAVAILABLE, "Something is not there just now."),
}


def scenes(campaign: Campaign) -> Iterator[Scene]:
    scene = partial(Scene, "error", path=PATHS["presell"], campaign=campaign, visit=newcomer())
    for mood, (status, words) in PAGES.items():
        yield scene(mood, words, partial(failures.draw, status))
    yield scene("store-away", "The store does not answer.", failures.draw_store_away)
