"""The sandbox that stands in for the CRM: how it is started, and what it is told that funnel.toml sells."""

import json
from pathlib import Path

from funnel.campaign.campaign import Campaign
from funnel.campaign.tables import Offer
from funnel.settings import Settings


def sandbox_command(settings: Settings, folder: Path) -> tuple[str, ...]:
    """The sandbox knows what funnel.toml sells; it reads that from a file in `folder`."""
    file = folder / "catalogue.json"
    file.write_text(json.dumps(catalogue(settings.campaign)), encoding="utf-8")
    login_id, password = settings.crm_login
    options = {
        "--port": str(settings.sandbox_port),
        "--login-id": login_id,
        "--password": password,
        "--catalogue": str(file),
        "--funnel-url": f"http://127.0.0.1:{settings.port}",
    }
    return ("funnel.sandbox", *(part for option in options.items() for part in option))


def catalogue(campaign: Campaign) -> dict[str, object]:
    """What funnel.toml sells, as the sandbox reads it; its own coupons and taxes stay."""
    return {
        "products": [_product(campaign, key, offer) for key, offer in campaign.offers.items()],
        "shipProfiles": [
            {"shipProfileId": method.shipProfileId, "name": method.name, "price": str(method.price)}
            for method in campaign.shipping
        ],
    }


def _product(campaign: Campaign, key: str, offer: Offer) -> dict[str, object]:
    return {
        "campaignId": campaign.campaignId,
        "productId": offer.productId,
        "name": offer.name,
        "price": str(offer.price),
        "shipPrice": str(offer.shipPrice),
        "productType": "OFFER" if key in campaign.sold_at_checkout else "UPSALE",
        "currency": campaign.currency,
        "variants": [{"variantId": variant.variantId, "name": variant.name} for variant in offer.variants],
    }
