"""Which offers stand open after an order: by what was decided, bought, where it goes and how it was paid; pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from funnel.campaign.campaign import DOWNSELL, Campaign
from funnel.campaign.tables import OnlyIf, PaySource

MINUTE = 60.0  # seconds


@dataclass(frozen=True)
class Bought:
    """The facts of a paid order.

    `accepted` (charged), `refused` (by the shopper) and `declined` (wanted, and not charged) are slots. `products` are
    the ids of what the order holds now, so without what was replaced. `age` is seconds since the order.
    """

    accepted: Collection[str]
    refused: Collection[str]
    declined: Collection[str]
    products: Collection[int]
    country: str | None
    pay_source: PaySource
    age: float

    @property
    def decided(self) -> frozenset[str]:
        return frozenset((*self.accepted, *self.refused, *self.declined))


def slots(campaign: Campaign) -> Iterator[str]:
    """Every upsell, each followed by its downsell."""
    for step in campaign.upsell_steps:
        yield step
        page = campaign.upsell_page(step)
        if page and page.downsell:
            yield step + DOWNSELL


def next_offer(campaign: Campaign, facts: Bought) -> str | None:
    """The slot of the first offer that is undecided and stands; None when all are through."""
    return next((slot for slot in slots(campaign) if slot not in facts.decided and stands(campaign, slot, facts)), None)


def reopenable(campaign: Campaign, facts: Bought) -> frozenset[str]:
    """What the shopper said no to and may still say yes to."""
    return frozenset(slot for slot in slots(campaign) if slot in facts.refused and stands(campaign, slot, facts))


def stands(campaign: Campaign, slot: str, facts: Bought) -> bool:
    """Whether an offer could be accepted now, if it is undecided or only the shopper said no."""
    if facts.pay_source == "paypal" and campaign.paypal is None:  # what paid the order cannot be charged any more
        return False
    step = slot.removesuffix(DOWNSELL)
    page = campaign.upsell_page(step)
    if page is None or not _fits(campaign, page.only_if, facts):
        return False
    if page.ends_after_minutes and facts.age >= page.ends_after_minutes * MINUTE:
        return False
    if {step, step + DOWNSELL} & {*facts.accepted, *facts.declined}:  # an upsell or its downsell is tried once
        return False
    if slot.endswith(DOWNSELL) and step not in facts.refused:
        return False
    replaces = campaign.upsell(slot).line.replaces
    return replaces is None or replaces in facts.products


def unconditional(campaign: Campaign, step: str) -> bool:
    """Whether everybody who pays in time meets this upsell."""
    page = campaign.upsell_page(step)
    return page is not None and page.only_if == OnlyIf() and not (page.replaces or page.ends_after_minutes)


def _fits(campaign: Campaign, only_if: OnlyIf, facts: Bought) -> bool:
    wanted = {campaign.offers[key].productId for key in only_if.bought}
    return (
        set(only_if.accepted) <= set(facts.accepted)
        and set(only_if.declined) <= facts.decided - set(facts.accepted)
        and (not wanted or bool(wanted & set(facts.products)))
        and (not only_if.countries or facts.country in only_if.countries)
        and (not only_if.pay_sources or facts.pay_source in only_if.pay_sources)
    )
