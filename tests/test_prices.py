"""flask funnel prices: what funnel.toml shows against what the campaign in the CRM charges."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import Result
from conftest import Crm, OpenFunnel
from flask import Flask

from app import create_app
from config import load_settings
from funnel.campaign.campaign import Campaign
from funnel.crm.campaigns import Campaign as Theirs
from funnel.crm.campaigns import CampaignProduct, ShipProfile, Variant
from funnel.prices import compare

CHOICES = Path(__file__).parent / "choices.toml"
DEAR = Decimal("99.00")


@pytest.fixture
def campaign_file() -> Path:
    return CHOICES


@pytest.fixture
def ours(tmp_path: Path) -> Campaign:
    return load_settings({"FUNNEL_FILE": str(CHOICES)}, root=tmp_path).campaign


def theirs(ours: Campaign) -> Theirs:
    """The campaign that fits, under names of its own."""
    products = tuple(
        CampaignProduct(
            campaignProductId=offer.productId,
            productId=9000 + offer.productId,
            productName=f"({offer.productId}) by another name",
            productType="OFFER" if key in ours.sold_at_checkout else "UPSALE",
            price=offer.price,
            shippingPrice=offer.shipPrice,
            variants=tuple(Variant(each.variantId, "V") for each in offer.variants),
        )
        for key, offer in ours.offers.items()
    )
    profiles = tuple(ShipProfile(method.shipProfileId, "P", method.price) for method in ours.shipping)
    return Theirs(ours.campaignId, "Lamps", ours.currency, products, shipProfiles=profiles)


def changed(theirs: Theirs, product_id: int, **values: object) -> Theirs:
    products = [
        dataclasses.replace(each, **values) if each.campaignProductId == product_id else each
        for each in theirs.products
    ]
    return dataclasses.replace(theirs, products=tuple(products))


def without(theirs: Theirs, product_id: int) -> Theirs:
    kept = tuple(each for each in theirs.products if each.campaignProductId != product_id)
    return dataclasses.replace(theirs, products=kept)


def test_a_campaign_that_fits_has_no_differences(ours: Campaign) -> None:
    assert compare(ours, (theirs(ours),)) == []


def test_each_difference_is_told_by_its_key_with_both_values(ours: Campaign) -> None:
    fits = theirs(ours)
    dearer = (dataclasses.replace(fits.shipProfiles[0], price=DEAR), fits.shipProfiles[1])
    for other, told in [
        (changed(fits, 101, price=DEAR), "offers.lamp.price: 49.95 here, 99.00 in the campaign"),
        (changed(fits, 202, shippingPrice=DEAR), "offers.shade.shipPrice: 3.50 here, 99.00 in the campaign"),
        (without(fits, 201), "offers.bulbs: the campaign has no product 201"),
        (
            changed(fits, 101, productType="UPSALE"),
            "offers.lamp: is sold as OFFER here, but is of the type UPSALE in the campaign",
        ),
        (
            changed(fits, 101, variants=(Variant(11, "V"),)),
            "offers.lamp.variants.steel: product 101 has no variant 12 in the campaign",
        ),
        (
            changed(fits, 101, variants=(Variant(11, "V", DEAR), Variant(12, "V"))),
            "offers.lamp.variants.brass (offers.lamp.price): 49.95 here, 99.00 in the campaign",
        ),
        (dataclasses.replace(fits, currency="EUR"), "currency: USD here, EUR in the campaign"),
        (
            dataclasses.replace(fits, shipProfiles=fits.shipProfiles[:1]),
            "shipping.express: the campaign has no shipping profile 8",
        ),
        (dataclasses.replace(fits, shipProfiles=dearer), "shipping.standard.price: 4.95 here, 99.00 in the campaign"),
        (dataclasses.replace(fits, campaignId=2), "campaignId: the CRM knows no campaign 1"),
    ]:
        assert compare(ours, (other,)) == [told]


def test_the_same_amount_written_otherwise_and_what_is_not_told_are_no_differences(ours: Campaign) -> None:
    fits = theirs(ours)
    assert compare(ours, (changed(fits, 201, price=Decimal("14"), shippingPrice=None, productType=None),)) == []


def test_prices_that_we_send_need_not_be_the_campaigns(ours: Campaign) -> None:
    sending = ours.model_copy(update={"send_prices": True})
    assert compare(sending, (changed(theirs(ours), 101, price=DEAR),)) == []


@pytest.fixture
def run(open_funnel: OpenFunnel, tmp_path: Path) -> object:
    def prices(old: str = "", new: str = "") -> Result:
        edited = tmp_path / "edited.toml"
        edited.write_text(CHOICES.read_text().replace(old, new) if old else CHOICES.read_text())
        settings = open_funnel(relay=False, FUNNEL_FILE=str(edited)).settings
        app: Flask = create_app(settings)
        return app.test_cli_runner().invoke(args=["funnel", "prices"])

    return prices


def test_the_command_says_that_all_is_well(run) -> None:  # type: ignore[no-untyped-def]
    result = run()
    assert (result.exit_code, result.output) == (0, "4 offers and 2 ways to ship compared, no differences.\n")


def test_the_command_tells_differences_and_exits_1(run) -> None:  # type: ignore[no-untyped-def]
    result = run('price = "14.00"', 'price = "15.00"')
    assert result.exit_code == 1
    assert "offers.bulbs.price: 15.00 here, 14.00 in the campaign" in result.output
    assert "1 difference." in result.output


def test_a_crm_that_cannot_be_asked_is_told_and_exits_2(crm: Crm, run) -> None:  # type: ignore[no-untyped-def]
    crm.fault("/campaign/query/", "500")
    result = run()
    assert result.exit_code == 2
    assert f"{crm.url} could not be asked, so nothing was compared" in result.stderr
