"""The funnel's own campaign with something switched on or off; None where it has nothing to switch."""

from decimal import Decimal
from typing import Any

from funnel.campaign.campaign import Campaign
from funnel.campaign.tables import Bundle, Offer, OfferPage, Paypal, ShippingMethod, Subscription, Variant

LONG_NAME = "The Halden Lamp Works Adjustable Brass Reading Lamp with Hand-pleated Bernsteinfarbenem Leinenlampenschirm"
METHODS = (
    ShippingMethod(key="standard", shipProfileId=1, name="Standard, 3 to 5 days", price=Decimal("4.95")),
    ShippingMethod(key="express", shipProfileId=2, name="Express, tomorrow before noon", price=Decimal("12.95")),
    ShippingMethod(key="pickup", shipProfileId=3, name="Pick it up yourself", price=Decimal("0.00")),
)


def coupons(campaign: Campaign) -> Campaign:
    return _at_checkout(campaign, coupons=True, tax=False)


def tax(campaign: Campaign) -> Campaign:
    return _at_checkout(campaign, tax=True)


def paypal(campaign: Campaign) -> Campaign:
    known = campaign.paypal or Paypal(paypalBillerId=1)
    return campaign.model_copy(update={"pay_sources": ("card", "paypal"), "paypal": known})


def paypal_alone(campaign: Campaign) -> Campaign:
    return paypal(campaign).model_copy(update={"pay_sources": ("paypal",)})


def bumps(campaign: Campaign) -> Campaign | None:
    """Offers that are not chosen at checkout already, the first one with terms of its own."""
    keys = [key for key in _spare(campaign) if key not in campaign.checkout.offers]
    if not keys:
        return None
    changed = _with_offer(campaign, keys[0], subscription=_terms(campaign.offers[keys[0]]))
    return _at_checkout(changed, bumps=tuple(keys[:2]), tax=False)


def shipping(campaign: Campaign) -> Campaign:
    return campaign.model_copy(update={"shipping": campaign.shipping if len(campaign.shipping) > 1 else METHODS})


def bundles(campaign: Campaign) -> Campaign | None:
    keys = _spare(campaign)[:2]
    if len(keys) < 2:
        return None
    both = Bundle(name="Both together", offers=dict.fromkeys(keys, 1), description="For who wants it all at once.")
    return _at_checkout(campaign.model_copy(update={"bundles": {"both": both}}), bundles=("both",))


def variants(campaign: Campaign) -> Campaign:
    kinds = (Variant(key="brass", variantId=1, name="Brass"), Variant(key="steel", variantId=2, name="Brushed steel"))
    return _with_offer(campaign, campaign.checkout.offers[0], variants=kinds, quantities=(1, 2))


def subscription(campaign: Campaign) -> Campaign:
    key = campaign.checkout.offers[0]
    return _with_offer(campaign, key, subscription=_terms(campaign.offers[key]))


def single(campaign: Campaign) -> Campaign:
    """One package, so that there is nothing to choose."""
    key = campaign.checkout.offers[0]
    changed = _at_checkout(campaign, offers=(key,), bundles=())
    return _with_offer(changed, key, quantities=(1,), variants=())


def one_country(campaign: Campaign) -> Campaign:
    return campaign.model_copy(update={"countries": campaign.countries[:1]})


def single_transaction(campaign: Campaign) -> Campaign:
    return campaign.model_copy(update={"single_transaction": True})


def without_pictures(campaign: Campaign) -> Campaign:
    bare = {key: offer.model_copy(update={"image": None}) for key, offer in campaign.offers.items()}
    return campaign.model_copy(update={"offers": bare})


def long_names(campaign: Campaign) -> Campaign:
    named = {key: offer.model_copy(update={"name": LONG_NAME}) for key, offer in campaign.offers.items()}
    return campaign.model_copy(update={"offers": named, "company": LONG_NAME, "descriptor": "HALDENLAMPWORKSANDSONS"})


def right_to_left(campaign: Campaign) -> Campaign:
    """English words, where nobody has translated them; the page is mirrored all the same."""
    return campaign.model_copy(update={"language": "ar"})


def downsell(campaign: Campaign) -> Campaign | None:
    page = campaign.upsell_page(campaign.upsell_steps[0]) if campaign.upsell_steps else None
    if page is None:
        return None
    other = next((key for key in _spare(campaign) if key not in (page.offer, *campaign.checkout.offers)), None)
    smaller = page.downsell or (OfferPage(offer=other) if other else None)
    return _at_upsell(campaign, downsell=smaller) if smaller else None


def ending(campaign: Campaign) -> Campaign:
    return _at_upsell(campaign, ends_after_minutes=15)


def replacing(campaign: Campaign) -> Campaign:
    return _at_upsell(campaign, replaces=campaign.checkout.offers[0])


def subscribing(campaign: Campaign) -> Campaign:
    """The first upsell is a subscription, three of it at once."""
    page = campaign.offer_page(campaign.upsell_steps[0])
    changed = _with_offer(campaign, page.offer, subscription=_terms(campaign.offers[page.offer]))
    return _at_upsell(changed, quantity=3)


def _spare(campaign: Campaign) -> list[str]:
    """Offers that can be had without choosing among variants."""
    return [key for key, offer in campaign.offers.items() if not offer.variants]


def _terms(offer: Offer) -> Subscription:
    return offer.subscription or Subscription(price=offer.price, every_days=30, first_days=14)


def _with_offer(campaign: Campaign, key: str, **changes: Any) -> Campaign:
    changed = campaign.offers[key].model_copy(update=changes)
    return campaign.model_copy(update={"offers": {**campaign.offers, key: changed}})


def _at_checkout(campaign: Campaign, **changes: Any) -> Campaign:
    return campaign.model_copy(update={"checkout": campaign.checkout.model_copy(update=changes)})


def _at_upsell(campaign: Campaign, **changes: Any) -> Campaign:
    step = campaign.upsell_steps[0]
    page = campaign.upsell_page(step)
    return campaign.model_copy(update={step: page.model_copy(update=changes)}) if page else campaign
