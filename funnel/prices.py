"""Whether the prices that funnel.toml shows are those that the campaign in the CRM charges."""

from collections.abc import Iterator
from decimal import Decimal

from funnel.campaign.campaign import Campaign
from funnel.campaign.tables import Offer
from funnel.crm.calls import CampaignQuery
from funnel.crm.campaigns import Campaign as Theirs
from funnel.crm.campaigns import CampaignProduct
from funnel.crm.client import Client

OFFER, UPSALE = "OFFER", "UPSALE"  # a campaign product's type


class Prices:
    """`deadline` is seconds. It only reads."""

    def __init__(self, *, client: Client, campaign: Campaign, deadline: float) -> None:
        self._client = client
        self._campaign = campaign
        self._deadline = deadline

    def differences(self) -> list[str]:
        """A line each. Raises CrmError when the CRM cannot be asked."""
        asked = CampaignQuery(campaignId=self._campaign.campaignId)
        found = self._client.campaign_query(asked, deadline=self._deadline)
        return compare(self._campaign, found)


def compare(ours: Campaign, found: tuple[Theirs, ...]) -> list[str]:
    """By ids, whatever things are called; what the CRM does not tell is passed over."""
    theirs = next((each for each in found if each.campaignId == ours.campaignId), None)
    if theirs is None:
        return [f"campaignId: the CRM knows no campaign {ours.campaignId}"]
    return [*_currency(ours, theirs), *_products(ours, theirs), *_profiles(ours, theirs)]


def _currency(ours: Campaign, theirs: Theirs) -> Iterator[str]:
    if theirs.currency and theirs.currency != ours.currency:
        yield f"currency: {ours.currency} here, {theirs.currency} in the campaign"


def _products(ours: Campaign, theirs: Theirs) -> Iterator[str]:
    known = {product.campaignProductId: product for product in theirs.products}
    for key, offer in ours.offers.items():
        product = known.get(offer.productId)
        if product is None:
            yield f"offers.{key}: the campaign has no product {offer.productId}"
            continue
        if not ours.send_prices:  # ours go along with each line then, and are what is charged
            yield from _amount(f"offers.{key}.price", offer.price, product.price)
            yield from _amount(f"offers.{key}.shipPrice", offer.shipPrice, product.shippingPrice)
        yield from _type(ours, key, product)
        yield from _variants(ours, key, offer, product)


def _type(ours: Campaign, key: str, product: CampaignProduct) -> Iterator[str]:
    """A box at checkout may add either kind; what is sold in both places may be either, too."""
    wanted = OFFER if key in ours.sold_at_checkout else UPSALE
    either = key in ours.checkout.bumps or (key in ours.sold_at_checkout and key in ours.sold_after)
    sold = key in ours.sold_at_checkout or key in ours.sold_after
    if sold and not either and product.productType and product.productType != wanted:
        yield f"offers.{key}: is sold as {wanted} here, but is of the type {product.productType} in the campaign"


def _variants(ours: Campaign, key: str, offer: Offer, product: CampaignProduct) -> Iterator[str]:
    known = {variant.variantId: variant for variant in product.variants}
    for variant in offer.variants:
        where = f"offers.{key}.variants.{variant.key}"
        if variant.variantId not in known:
            yield f"{where}: product {offer.productId} has no variant {variant.variantId} in the campaign"
        elif not ours.send_prices:
            yield from _amount(f"{where} (offers.{key}.price)", offer.price, known[variant.variantId].price)


def _profiles(ours: Campaign, theirs: Theirs) -> Iterator[str]:
    known = {profile.shipProfileId: profile for profile in theirs.shipProfiles}
    for method in ours.shipping:
        if method.shipProfileId not in known:
            yield f"shipping.{method.key}: the campaign has no shipping profile {method.shipProfileId}"
        else:
            yield from _amount(f"shipping.{method.key}.price", method.price, known[method.shipProfileId].price)


def _amount(where: str, ours: Decimal, theirs: Decimal | None) -> Iterator[str]:
    if theirs is not None and ours != theirs:
        yield f"{where}: {ours} here, {theirs} in the campaign"
