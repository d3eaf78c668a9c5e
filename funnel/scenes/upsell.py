"""Upsells and downsells in every mood."""

from collections.abc import Iterator

from flask import Response

from funnel import web
from funnel.attempt import Attempt, Reason, State
from funnel.campaign.campaign import DOWNSELL, Campaign
from funnel.forms.form import UpsellForm
from funnel.offers import slots
from funnel.pages import upsell
from funnel.scenes import ledger, switches
from funnel.scenes.cast import customer
from funnel.scenes.filled import MEND, checked
from funnel.scenes.scene import Draw, Scene
from funnel.steps import PATHS, Notice


def scenes(campaign: Campaign) -> Iterator[Scene]:
    for slot in slots(campaign):
        yield _scene(campaign, slot, f"{slot}-offer", "The offer as it is made.")
    if campaign.upsell_steps:
        first = campaign.upsell_steps[0]
        yield from _decided(campaign, first)
        yield from _switched(campaign, first)
        yield from _told(campaign, first)
    if (changed := switches.downsell(campaign)) and changed != campaign:
        slot = changed.upsell_steps[0] + DOWNSELL
        yield _scene(changed, slot, "downsell", "After a No thanks.", refused=frozenset([changed.upsell_steps[0]]))


def _scene(campaign: Campaign, slot: str, mood: str, words: str, *more: Attempt, **facts: object) -> Scene:
    page = "downsell" if slot.endswith(DOWNSELL) else "upsell"
    facts = {"visit": customer(campaign), "draw": _offer(slot), "attempts": (ledger.order(campaign), *more), **facts}
    return Scene(page, mood, words, path=PATHS[slot], campaign=campaign, **facts)  # type: ignore[arg-type]


def _decided(campaign: Campaign, slot: str) -> Iterator[Scene]:
    for mood, words, state in (
        ("added", "It was added already.", State.CHARGED),
        ("adding", "It is still being added.", State.UNKNOWN),
        ("could-not-add", "The bank said no.", State.DECLINED),
    ):
        reason = Reason.DECLINED if state is State.DECLINED else None
        yield _scene(campaign, slot, mood, words, ledger.upsell(campaign, slot, state, reason=reason))
    no = frozenset([slot])
    yield _scene(campaign, slot, "said-no", "The shopper said no thanks, and may change their mind.", refused=no)
    ended = switches.ending(campaign)
    too_late = (ledger.order(ended, ago=20 * 60),)
    yield _scene(ended, slot, "said-no-ended", "The offer has ended meanwhile.", refused=no, attempts=too_late)


def _switched(campaign: Campaign, slot: str) -> Iterator[Scene]:
    held = (ledger.order(campaign, totals=ledger.HELD),)
    yield _scene(campaign, slot, "held", "The order is being looked over.", attempts=held)
    ending = switches.ending(campaign)
    for mood, words, minutes in (
        ("ends-soon", "The offer ends in some minutes.", 9.5),
        ("ends-now", "Less than a minute is left.", 14.5),
    ):
        yield _scene(ending, slot, mood, words, attempts=(ledger.order(ending, ago=minutes * 60),))
    with_paypal = switches.paypal(campaign)
    by_paypal = (ledger.by_paypal(with_paypal),)
    yield _scene(with_paypal, slot, "paypal", "Paid with PayPal, as the order.", attempts=by_paypal)
    for mood, words, changed in (
        ("replaces", "It takes the place of what was bought.", switches.replacing(campaign)),
        ("subscription", "Three at once, which go on.", switches.subscribing(campaign)),
        ("one-payment", "It is added to the same payment.", switches.single_transaction(campaign)),
        ("no-picture", "The offer has no picture.", switches.without_pictures(campaign)),
        ("long-names", "Names are very long.", switches.long_names(campaign)),
        ("right-to-left", "From right to left.", switches.right_to_left(campaign)),
    ):
        yield _scene(changed, slot, mood, words)


def _told(campaign: Campaign, slot: str) -> Iterator[Scene]:
    later = campaign.upsell_steps[-1]
    for mood, words, notice in (
        ("already-ordered", "Back at checkout after paying.", str(Notice.ALREADY_ORDERED)),
        ("earlier-added", "The offer before was added.", f"{Notice.ADDED}:{slot}"),
        ("earlier-not-added", "The offer before could not be added.", f"{Notice.NOT_ADDED}:{slot}"),
    ):
        yield _scene(campaign, later, mood, words, visit=customer(campaign, notice=notice))
    yield _scene(campaign, slot, "no-answer", "Sent without an answer.", draw=_unanswered(slot), typed={"choice": "x"})
    yield _scene(campaign, slot, "stale", "The form was open for too long.", draw=_stale(slot))


def _offer(slot: str) -> Draw:
    return lambda: upsell.draw(slot, web.visit(), UpsellForm(formdata=None))


def _unanswered(slot: str) -> Draw:
    return lambda: upsell.draw(slot, web.visit(), checked(UpsellForm()), status=MEND)


def _stale(slot: str) -> Draw:
    def draw() -> Response:
        return upsell.draw(slot, web.visit(), UpsellForm(formdata=None), status=MEND, notice=Notice.STALE_OFFER)

    return draw
