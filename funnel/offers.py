"""Which offers stand open after an order: by what was decided, bought, where it goes and how it was paid; pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from funnel.campaign import DOWNSELL, Campaign
from funnel.campaign_tables import OnlyIf

MINUTE = 60.0  # seconds


@dataclass(frozen=True)
class Bought:
    """The facts of a paid order. `accepted` and `refused` are slots; `bought` product ids; `age` seconds."""

    accepted: Collection[str]
    refused: Collection[str]
    declined: Collection[str]
    bought: Collection[int]
    country: str | None
    pay_source: str
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
    undecided = (slot for slot in slots(campaign) if slot not in facts.decided)
    return next((slot for slot in undecided if stands(campaign, slot, facts)), None)


def stands(campaign: Campaign, slot: str, facts: Bought) -> bool:
    step = slot.removesuffix(DOWNSELL)
    page = campaign.upsell_page(step)
    if page is None or not _fits(campaign, page.only_if, facts):
        return False
    if page.ends_after_minutes and facts.age >= page.ends_after_minutes * MINUTE:
        return False
    return not slot.endswith(DOWNSELL) or step in facts.refused


def _fits(campaign: Campaign, only_if: OnlyIf, facts: Bought) -> bool:
    bought = {campaign.offers[key].productId for key in only_if.bought}
    return (
        set(only_if.accepted) <= set(facts.accepted)
        and not set(only_if.declined) & set(facts.accepted)
        and set(only_if.declined) <= facts.decided
        and (not bought or bool(bought & set(facts.bought)))
        and (not only_if.countries or facts.country in only_if.countries)
        and (not only_if.pay_sources or facts.pay_source in only_if.pay_sources)
    )
