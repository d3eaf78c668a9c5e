"""The thank-you page in every mood."""

import time
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from funnel.attempt import State, Totals
from funnel.campaign.campaign import Campaign
from funnel.pages import thankyou
from funnel.scenes import ledger, switches
from funnel.scenes.cast import HOSTILE, LONG, customer, newcomer
from funnel.scenes.scene import Scene
from funnel.steps import PATHS, Notice


def scenes(campaign: Campaign) -> Iterator[Scene]:
    order = ledger.order(campaign)
    scene = partial(
        Scene,
        "thank-you",
        draw=thankyou.draw,
        path=PATHS["thank-you"],
        campaign=campaign,
        visit=customer(campaign),
        attempts=(order,),
    )
    yield scene("order", "The order alone.")
    yield from _with_upsells(campaign, scene)
    reckoned = ledger.order(campaign, totals=_reckoned(campaign))
    yield scene("totals", "With tax and a discount, as the CRM says.", attempts=(reckoned,))
    yield scene("held", "The order is being looked over.", attempts=(ledger.order(campaign, totals=ledger.HELD),))
    joined = switches.single_transaction(campaign)
    held = (ledger.order(joined, totals=ledger.HELD),)
    yield scene("one-payment", "One payment for everything, made later.", campaign=joined, attempts=held)
    yield scene("ordered-before", "Back at checkout.", visit=customer(campaign, notice=Notice.ALREADY_ORDERED))
    yield scene("nobody", "Another browser, or a visit that has ended.", visit=newcomer(), attempts=())
    yield scene("strange-names", "A name that looks like code.", visit=customer(campaign, HOSTILE))
    for mood, words, switched in (
        ("subscription", "What was bought goes on.", switches.subscription(campaign)),
        ("long-names", "Every name is very long.", switches.long_names(campaign)),
        ("right-to-left", "From right to left.", switches.right_to_left(campaign)),
    ):
        guest = customer(switched, LONG) if mood == "long-names" else customer(switched)
        yield scene(mood, words, campaign=switched, visit=guest, attempts=(ledger.order(switched),))


def _reckoned(campaign: Campaign) -> Totals:
    """The first package with a tax of 4.50 and 3.00 taken off."""
    package = campaign.packages[0]
    total = package.total + Decimal("4.50") - Decimal("3.00")
    return Totals("COMPLETE", total=str(total), shipping=str(package.shipping), tax="4.50", discount="3.00")


def _with_upsells(campaign: Campaign, scene: partial[Scene]) -> Iterator[Scene]:
    if not campaign.upsell_steps:
        return
    slot, order = campaign.upsell_steps[0], ledger.order(campaign)
    for mood, words, state in (
        ("upsell", "With an upsell.", State.CHARGED),
        ("adding", "An upsell is still being added.", State.UNKNOWN),
        ("missed", "An upsell could not be added.", State.DECLINED),
    ):
        just_now = customer(campaign, finished_at=time.time())
        yield scene(mood, words, visit=just_now, attempts=(order, ledger.upsell(campaign, slot, state)))
    both = tuple(ledger.upsell(campaign, each) for each in campaign.upsell_steps)
    yield scene("everything", "With every upsell.", attempts=(order, *both))
