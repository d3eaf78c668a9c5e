"""What must fit together in the upsells' tables of funnel.toml; each mistake is a line of "key: what is wrong"."""

from collections.abc import Iterator

from funnel.campaign.campaign import Campaign
from funnel.campaign.tables import OfferPage, UpsellPage

SECONDS_PER_MINUTE = 60

Where = tuple[str, OfferPage]  # "upsell1" or "upsell1.downsell", and its table


def mistakes(campaign: Campaign) -> Iterator[str]:
    pages = [(step, page) for step in campaign.upsell_steps if (page := campaign.upsell_page(step))]
    for at, (step, page) in enumerate(pages):
        yield from _pointless(step, page)
        yield from _conditions(campaign, step, page, before=[earlier for earlier, _ in pages[:at]])
        earlier = [offered for each in pages[:at] for offered in _tables(*each)]
        for where, offered in _tables(step, page):
            yield from _replacement(campaign, where, offered)
            yield from _replaced_already(campaign, where, offered, earlier)
            yield from _undecided(campaign, where, offered)


def outlasting(campaign: Campaign, upsell_window: float) -> Iterator[str]:
    """Offers that would stand longer than the seconds in which upsells are offered at all."""
    for step in campaign.upsell_steps:
        page = campaign.upsell_page(step)
        minutes = page.ends_after_minutes if page else None
        if minutes and minutes * SECONDS_PER_MINUTE > upsell_window:
            most = int(upsell_window // SECONDS_PER_MINUTE)
            yield f"{step}.ends_after_minutes: found {minutes}; allowed: at most {most}, as FUNNEL_UPSELL_WINDOW says"


def _tables(step: str, page: UpsellPage) -> list[Where]:
    return [(step, page), *([(f"{step}.downsell", page.downsell)] if page.downsell else [])]


def _pointless(step: str, page: UpsellPage) -> Iterator[str]:
    down = page.downsell
    if down and (down.offer, down.quantity) == (page.offer, page.quantity):
        yield f'{step}.downsell: found "{down.offer}", as in {step}; allowed: another offer, or another quantity'


def _conditions(campaign: Campaign, step: str, page: UpsellPage, before: list[str]) -> Iterator[str]:
    """A condition can only ask about what comes before, and about what can happen."""
    only_if = page.only_if
    known = {
        "accepted": (only_if.accepted, before, "an upsell that comes before it"),
        "declined": (
            only_if.declined,
            [earlier for earlier in before if earlier not in only_if.accepted],
            "an upsell that comes before it and is not in accepted",
        ),
        "countries": (only_if.countries, campaign.countries, "what countries names"),
        "pay_sources": (only_if.pay_sources, campaign.pay_sources, "what pay_sources names"),
    }
    for word, (named, allowed, rule) in known.items():
        for each in named:
            if each not in allowed:
                choices = ", ".join(allowed) or "there is none"
                yield f'{step}.only_if.{word}: found "{each}"; allowed: {rule} ({choices})'


def _replacement(campaign: Campaign, where: str, offered: OfferPage) -> Iterator[str]:
    """The CRM replaces what the order holds; where that is the same product, nobody could tell the charge from it."""
    if offered.replaces is None:
        return
    sold = _sold_at_checkout(campaign)
    if offered.replaces not in sold:
        yield f'{where}.replaces: found "{offered.replaces}"; allowed: what is sold at checkout ({", ".join(sold)})'
    elif _product(campaign, offered.replaces) == _product(campaign, offered.offer):
        yield f'{where}.replaces: found "{offered.replaces}", the product itself; allowed: another one'


def _replaced_already(campaign: Campaign, where: str, offered: OfferPage, earlier: list[Where]) -> Iterator[str]:
    """Whether a product that was replaced stays in Order Query is not published, so its count would prove nothing."""
    for other, page in earlier:
        if page.replaces and _product(campaign, page.replaces) == _product(campaign, offered.offer):
            yield f'{where}.offer: found "{offered.offer}", which {other} replaces; allowed: another product'


def _undecided(campaign: Campaign, where: str, offered: OfferPage) -> Iterator[str]:
    offer = campaign.offers.get(offered.offer)
    if offer and offer.variants:
        yield f'{where}.offer: found "{offered.offer}", which has variants; allowed: an offer without, for one is added'


def _sold_at_checkout(campaign: Campaign) -> list[str]:
    checkout = campaign.checkout
    parts = [key for name in checkout.bundles if name in campaign.bundles for key in campaign.bundles[name].offers]
    return list(dict.fromkeys([*checkout.offers, *checkout.bumps, *parts]))


def _product(campaign: Campaign, key: str) -> int | None:
    """None for a key that there is not, of which campaign_rules tells."""
    return campaign.offers[key].productId if key in campaign.offers else None
