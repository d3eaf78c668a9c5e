"""All scenes, page by page, in the order in which shoppers meet them."""

from funnel.campaign.campaign import Campaign
from funnel.scenes import checkout, errors, lead, presell, thankyou, upsell, waiting
from funnel.scenes.scene import Scene


def scenes(campaign: Campaign) -> tuple[Scene, ...]:
    """Of this funnel's own campaign; a page it has not, and a mood it does not allow, are left out."""
    return tuple(
        scene
        for page in (presell, lead, checkout, waiting, upsell, thankyou, errors)
        for scene in page.scenes(campaign)
    )
