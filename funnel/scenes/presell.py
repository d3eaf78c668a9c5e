"""The presell page in every mood."""

from collections.abc import Iterator
from functools import partial

from funnel.campaign.campaign import Campaign
from funnel.pages import presell
from funnel.scenes import switches
from funnel.scenes.cast import newcomer, visit
from funnel.scenes.scene import Scene
from funnel.steps import PATHS, Notice


def scenes(campaign: Campaign) -> Iterator[Scene]:
    if "presell" not in campaign.steps:
        return
    scene = partial(Scene, "presell", draw=presell.draw, path=PATHS["presell"], campaign=campaign, visit=newcomer())
    earlier = newcomer(notice=Notice.EARLIER_VISIT)
    yield scene("new", "Somebody comes for the first time.")
    yield scene("resume", "Somebody who has begun comes back.", visit=visit())
    yield scene("earlier-visit", "The page they asked for was of an earlier visit.", visit=earlier)
    yield scene("subscription", "What is sold goes on.", campaign=switches.subscription(campaign))
    yield scene("no-pictures", "No offer has a picture.", campaign=switches.without_pictures(campaign))
    yield scene("long-names", "Names are very long.", campaign=switches.long_names(campaign))
    yield scene("right-to-left", "From right to left.", campaign=switches.right_to_left(campaign))
