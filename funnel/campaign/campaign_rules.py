"""What must fit together in funnel.toml; each mistake is a line of "key: what is wrong"."""

from collections.abc import Iterator
from decimal import Decimal

from babel.numbers import get_currency_precision

from funnel.campaign import upsell_rules
from funnel.campaign.campaign import Campaign
from funnel.campaign.values import STEPS


def mistakes(campaign: Campaign) -> list[str]:
    return [
        *_in_steps(campaign),
        *_unknown(campaign),
        *_repeated(campaign),
        *_without_a_choice(campaign),
        *_too_fine(campaign),
        *_unpayable(campaign),
        *_untold(campaign),
        *upsell_rules.mistakes(campaign),
    ]


def _in_steps(campaign: Campaign) -> Iterator[str]:
    steps = campaign.steps
    if sorted(set(steps), key=STEPS.index) != list(steps):
        yield f"steps: found {list(steps)}; allowed: each page once, in this order: {', '.join(STEPS)}"
    yield from (f'steps: "{needed}" is missing' for needed in ("checkout", "thank-you") if needed not in steps)
    for step in steps:
        if step.startswith("upsell") and getattr(campaign, step) is None:
            yield f"{step}: the page is in steps, but there is no [{step}] table with its offer"


def _unknown(campaign: Campaign) -> Iterator[str]:
    named = [("checkout.offers", key) for key in campaign.checkout.offers]
    named += [("checkout.bumps", key) for key in campaign.checkout.bumps]
    named += [(f"bundles.{name}.offers", key) for name, bundle in campaign.bundles.items() for key in bundle.offers]
    for step in STEPS:
        if page := getattr(campaign, step, None) if step.startswith("upsell") else None:
            for where, offered in ((step, page), (f"{step}.downsell", page.downsell)):
                named += [(f"{where}.offer", offered.offer)] if offered else []
                named += [(f"{where}.replaces", offered.replaces)] if offered and offered.replaces else []
            named += [(f"{step}.only_if.bought", key) for key in page.only_if.bought]
    yield from _not_among("offers", named, list(campaign.offers))
    yield from _not_among(
        "bundles", [("checkout.bundles", key) for key in campaign.checkout.bundles], list(campaign.bundles)
    )


def _not_among(table: str, named: list[tuple[str, str]], allowed: list[str]) -> Iterator[str]:
    for where, key in named:
        if key not in allowed:
            yield f'{where}: found "{key}"; allowed: {", ".join(allowed) or f"there is no [{table}.…] table"}'


def _repeated(campaign: Campaign) -> Iterator[str]:
    lists: list[tuple[str, tuple[object, ...]]] = [
        ("countries", campaign.countries),
        ("pay_sources", campaign.pay_sources),
        ("checkout.offers", campaign.checkout.offers),
        ("checkout.bundles", campaign.checkout.bundles),
        ("checkout.bumps", campaign.checkout.bumps),
        ("checkout.offers and checkout.bumps", (*campaign.checkout.offers, *campaign.checkout.bumps)),
        ("shipping: keys", tuple(method.key for method in campaign.shipping)),
        ("shipping: shipProfileIds", tuple(method.shipProfileId for method in campaign.shipping)),
        ("offers: productIds", tuple(offer.productId for offer in campaign.offers.values())),
        *((f"offers.{key}.quantities", offer.quantities) for key, offer in campaign.offers.items()),
        *(
            (f"offers.{key}.variants: variantIds", tuple(variant.variantId for variant in offer.variants))
            for key, offer in campaign.offers.items()
        ),
        *(
            (f"offers.{key}.variants: keys", tuple(variant.key for variant in offer.variants))
            for key, offer in campaign.offers.items()
        ),
    ]
    for where, values in lists:
        if len(set(values)) < len(values):
            yield f"{where}: found {list(values)}; allowed: each one once"


def _without_a_choice(campaign: Campaign) -> Iterator[str]:
    """Variants are chosen among the checkout's offers; elsewhere nobody could say which one is meant."""
    named = [("checkout.bumps", key) for key in campaign.checkout.bumps]
    named += [(f"bundles.{name}.offers", key) for name, bundle in campaign.bundles.items() for key in bundle.offers]
    named += [(page, key) for page, key in _after_checkout(campaign)]
    for where, key in named:
        if key in campaign.offers and campaign.offers[key].variants:
            yield f'{where}: found "{key}", which has variants; allowed: offers without variants'


def _after_checkout(campaign: Campaign) -> Iterator[tuple[str, str]]:
    for step in campaign.upsell_steps:
        if page := campaign.upsell_page(step):
            yield f"{step}.offer", page.offer
            yield from [(f"{step}.downsell.offer", page.downsell.offer)] if page.downsell else []


def _too_fine(campaign: Campaign) -> Iterator[str]:
    """Amounts with more decimals than the currency has: shoppers would see them rounded."""
    decimals = get_currency_precision(campaign.currency)
    amounts: list[tuple[str, Decimal]] = [
        (f"shipping.{method.key}.price", method.price) for method in campaign.shipping
    ]
    for key, offer in campaign.offers.items():
        amounts += [(f"offers.{key}.price", offer.price), (f"offers.{key}.shipPrice", offer.shipPrice)]
        amounts += [(f"offers.{key}.subscription.price", offer.subscription.price)] if offer.subscription else []
    for where, amount in amounts:
        if amount != round(amount, decimals):
            yield f"{where}: found {amount}; allowed: {decimals} decimals, as {campaign.currency} has"


def _unpayable(campaign: Campaign) -> Iterator[str]:
    if "paypal" in campaign.pay_sources and campaign.paypal is None:
        yield 'pay_sources: found "paypal", but there is no [paypal] table with its paypalBillerId'


def _untold(campaign: Campaign) -> Iterator[str]:
    """What is typed is not kept behind anybody's back."""
    if campaign.capture.enabled and campaign.capture.consent is None:
        yield "capture.consent: is missing; allowed: the sentence that tells shoppers that what they type is kept"
