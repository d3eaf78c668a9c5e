"""What can be picked at checkout: quantities, variants, bundles, bumps, ways to ship; shown, sent and charged alike."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from conftest import Crm, Funnel, OpenFunnel
from shopper import CARD, Page, Shopper

ORDER = "/order/import/"
CHOSEN = re.compile(r"product\d+_|variant\d+_|shipProfileId|couponCode|salesTax")


@pytest.fixture
def campaign_file() -> Path:
    return Path(__file__).parent / "choices.toml"


@pytest.fixture
def funnel(open_funnel: OpenFunnel) -> Funnel:
    return open_funnel(FUNNEL_ANSWER_DEADLINE="10")  # a test machine may be slow; test_coupons.py has a CRM that is


@pytest.fixture
def at_checkout(shopper: Shopper) -> Shopper:
    shopper.leave_lead()
    return shopper


def sent(crm: Crm) -> dict[str, Any]:
    """What the last Import Order said of the basket."""
    return {name: value for name, value in crm.calls(ORDER)[-1]["params"].items() if CHOSEN.match(name)}


def charged(crm: Crm) -> list[str]:
    return list(crm.charges()["amounts"].values())


def total(page: Page) -> str:
    found = re.search(r"Total today (\S+) (\w{3})", page.text)
    assert found, page.text
    return f"{found[1]} {found[2]}"


@pytest.mark.parametrize(
    ("offer", "lines", "shown"),
    [
        (
            "lamp-1-brass",
            {"product1_id": "101", "product1_qty": "1", "variant1_id": "11", "shipProfileId": "7"},
            "$54.90 USD",
        ),
        (
            "lamp-2-steel",
            {"product1_id": "101", "product1_qty": "2", "variant1_id": "12", "shipProfileId": "7"},
            "$104.85 USD",
        ),
        (
            "set",
            {
                "product1_id": "202",
                "product1_qty": "1",
                "product2_id": "201",
                "product2_qty": "2",
                "shipProfileId": "7",
            },
            "$61.95 USD",
        ),
    ],
)
def test_what_is_picked_is_shown_sent_and_charged(
    crm: Crm, at_checkout: Shopper, offer: str, lines: dict[str, str], shown: str
) -> None:
    at_checkout.reckon(offer=offer)
    assert at_checkout.pay().path == "upsell/1"
    assert sent(crm) == lines
    receipt = at_checkout.submit(choice="no")
    assert shown.split()[0] in receipt.text
    assert charged(crm) == [shown.split()[0].strip("$")]


def test_every_package_has_its_price_and_currency_beside_it(at_checkout: Shopper) -> None:
    page = at_checkout.page
    for words in ("1 × Desk lamp, Brass $49.95", "2 × Desk lamp, Steel $99.90", "Shade with four bulbs $57.00"):
        assert words in page.text
    assert "Total today $54.90 USD" in page.text


def test_the_full_total_stands_before_any_card_field(at_checkout: Shopper) -> None:
    html = at_checkout.page.html
    assert 0 < html.index('name="offer"') < html.index('name="bump"') < html.index('name="couponCode"')
    assert html.rindex('name="couponCode"') < html.rindex("Total today") < html.index('name="cardNumber"')
    assert html.index("Order summary") < html.index('name="shipAddress1"'), "and at the top, for a phone"


def test_a_bump_is_never_ticked_before_and_becomes_a_second_line(crm: Crm, at_checkout: Shopper) -> None:
    assert "checked" not in at_checkout.page.attributes("input", name="bump")
    page = at_checkout.reckon(bump="care")
    assert "checked" in page.attributes("input", name="bump")
    assert total(page) == "$63.90 USD"
    assert at_checkout.pay().path == "upsell/1"
    assert (sent(crm)["product2_id"], sent(crm)["product2_qty"]) == ("203", "1")
    assert charged(crm) == ["63.90"]


def test_a_bump_that_is_unticked_again_is_not_bought(crm: Crm, at_checkout: Shopper) -> None:
    at_checkout.reckon(bump="care")
    page = at_checkout.reckon(bump=None)
    assert total(page) == "$54.90 USD"
    at_checkout.pay()
    assert "product2_id" not in sent(crm)


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({"bump": "care"}, "$63.90 USD"),
        ({"shipping": "express"}, "$62.90 USD"),
        ({"couponCode": "save10"}, "$49.90 USD"),
    ],
)
def test_a_choice_that_was_not_shown_is_shown_and_not_charged(
    crm: Crm, at_checkout: Shopper, changed: dict[str, str], shown: str
) -> None:
    page = at_checkout.pay(**changed)
    assert (page.status, page.path) == (422, "checkout")
    assert "Your total has changed, and you have not been charged yet" in page.text
    assert total(page) == shown
    assert crm.calls(ORDER) == []
    assert page.attributes("input", name="shipAddress1")["value"] == "1 Main Street", "the form is kept"
    assert not page.attributes("input", name="cardNumber").get("value"), "the card is not"
    assert at_checkout.pay().path == "upsell/1"
    assert charged(crm) == [shown.split()[0].strip("$")]


def test_a_shipping_method_takes_the_place_of_the_products_own_shipping(crm: Crm, at_checkout: Shopper) -> None:
    page = at_checkout.reckon(shipping="express")
    assert "Shipping $12.95" in page.text
    at_checkout.pay()
    assert sent(crm)["shipProfileId"] == "8"
    assert charged(crm) == ["62.90"]


def test_terms_stand_beside_the_total_and_above_the_button(at_checkout: Shopper) -> None:
    terms = "Then $5.00 every 30 days, the first time after 14 days, until you cancel."
    assert at_checkout.page.text.count(terms) == 1, "beside the box alone, as long as it is not ticked"
    page = at_checkout.reckon(bump="care")
    summary, button = page.html.index("<h2>Summary</h2>"), page.html.rindex('value="pay"')
    assert terms in page.html[summary : page.html.index("<legend>Payment")]
    assert terms in page.html[page.html.index('name="billShipSame"') : button]


def test_a_reload_keeps_what_was_picked(at_checkout: Shopper) -> None:
    at_checkout.reckon(offer="lamp-2-steel", bump="care", shipping="express", couponCode="FIVE")
    page = at_checkout.get("/checkout")
    picked = {name: page.form.values[name] for name in ("offer", "bump", "shipping", "couponCode")}
    assert picked == {"offer": "lamp-2-steel", "bump": "care", "shipping": "express", "couponCode": "FIVE"}
    assert total(page) == "$116.85 USD"


def test_a_mistake_elsewhere_keeps_the_choice_and_shows_its_total(crm: Crm, at_checkout: Shopper) -> None:
    page = at_checkout.pay(bump="care", cardSecurityCode="")
    assert page.status == 422
    assert "Enter the security code" in page.text
    assert total(page) == "$63.90 USD"
    assert at_checkout.pay().path == "upsell/1"
    assert charged(crm) == ["63.90"]


def test_two_tabs_with_different_choices_each_charge_what_they_show(crm: Crm, at_checkout: Shopper) -> None:
    one = at_checkout.reckon(bump="care", couponCode="SAVE10").form
    other = at_checkout.reckon(offer="set", bump=None, couponCode="").form
    assert other.values["offer"] == "set"
    assert at_checkout.submit(one, **CARD).path == "upsell/1"
    assert charged(crm) == ["58.00"]


@pytest.mark.parametrize("forged", [{"offer": "lamp-99"}, {"offer": ""}])
def test_a_package_that_is_not_sold_is_never_charged(crm: Crm, at_checkout: Shopper, forged: dict[str, str]) -> None:
    page = at_checkout.pay(**forged)
    assert page.status == 422
    assert "Select how many you would like" in page.text
    assert crm.calls(ORDER) == []


@pytest.mark.parametrize("forged", [{"bump": "lamp"}, {"bump": ("x", "y")}, {"shipping": "free"}])
def test_keys_nobody_offered_change_nothing(crm: Crm, at_checkout: Shopper, forged: dict[str, Any]) -> None:
    at_checkout.pay(**forged)
    assert charged(crm) == ["54.90"]


def test_the_total_of_a_whole_form_is_drawn_before_anything_else_is_right(at_checkout: Shopper) -> None:
    page = at_checkout.submit(
        do="reckon", bump="care", shipPostalCode="1", shipCountry="XX", country="XX", billShipSame=None
    )
    assert page.status == 200
    assert total(page) == "$63.90 USD"
    assert "There is a problem" not in page.text
    assert "aria-invalid" not in page.text


def test_prices_that_are_ours_to_send_are_sent_per_unit_with_the_profile(
    crm: Crm, open_funnel: OpenFunnel, campaign_file: Path, tmp_path: Path
) -> None:
    ours = tmp_path / "ours.toml"
    ours.write_text(campaign_file.read_text().replace('currency = "USD"', 'currency = "USD"\nsend_prices = true'))
    with Shopper(open_funnel(FUNNEL_FILE=str(ours)).url) as shopper:
        shopper.leave_lead()
        shopper.reckon(offer="lamp-2-steel")
        shopper.pay()
    assert (sent(crm)["product1_price"], sent(crm)["product1_shipPrice"]) == ("49.95", "3.00")
    assert charged(crm) == ["104.85"]


def test_order_again_begins_with_nothing_picked(crm: Crm, funnel: Funnel, at_checkout: Shopper) -> None:
    at_checkout.reckon(offer="lamp-2-steel", bump="care", couponCode="SAVE10")
    at_checkout.pay()
    at_checkout.submit(choice="no")
    assert at_checkout.submit().path == "lead"
    page = at_checkout.leave_lead()
    assert "checked" not in page.attributes("input", name="bump")
    assert total(page) == "$54.90 USD"
    assert at_checkout.pay().path == "upsell/1"
    assert sorted(charged(crm)) == ["102.96", "54.90"]
