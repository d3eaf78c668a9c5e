"""Sales tax: the address first, then the full total, then the card; what is shown is sent and charged."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Crm, Funnel, OpenFunnel
from shopper import ADDRESS, JANE, Shopper
from test_choices import ORDER, charged, sent, total

TAX = "/order/salestax/"
CALIFORNIA = {"shipState": "US-CA", "shipPostalCode": "94105", "shipCity": "San Francisco"}
TAXED = "$58.52 USD"  # 49.95 and 7.25 % of it, 4.95 for shipping, which is not taxed


@pytest.fixture
def campaign_file(tmp_path: Path) -> Path:
    taxed = tmp_path / "taxed.toml"
    choices = (Path(__file__).parent / "choices.toml").read_text()
    taxed.write_text(choices.replace("coupons = true", "coupons = true\ntax = true"))
    return taxed


@pytest.fixture
def funnel(open_funnel: OpenFunnel) -> Funnel:
    return open_funnel(FUNNEL_ANSWER_DEADLINE="10")


@pytest.fixture
def at_checkout(shopper: Shopper) -> Shopper:
    shopper.leave_lead()
    return shopper


def test_the_address_comes_first_and_no_card_field_before_the_total(crm: Crm, at_checkout: Shopper) -> None:
    page = at_checkout.page
    assert "cardNumber" not in page.html
    assert "Total before tax $54.90 USD" in page.text
    page = at_checkout.reckon(**CALIFORNIA)
    assert page.status == 200
    assert "Tax $3.62" in page.text
    assert total(page) == TAXED
    assert page.html.rindex("Total today") < page.html.index('name="cardNumber"')
    (asked,) = crm.calls(TAX)
    where = {"shipState": "CA", "shipPostalCode": "94105", "shipCountry": "US"}
    assert where.items() <= asked["params"].items()


def test_the_tax_is_sent_and_charged_as_shown(crm: Crm, at_checkout: Shopper) -> None:
    crm.switch(tax_when_unsent="table")
    at_checkout.reckon(**CALIFORNIA)
    assert at_checkout.pay(**CALIFORNIA).path == "upsell/1"
    assert sent(crm)["salesTax"] == "3.62"
    assert charged(crm) == ["58.52"]
    assert len(crm.calls(TAX)) == 1, "what is known is not asked again"
    assert "Tax $3.62" in at_checkout.submit(choice="no").text


@pytest.mark.parametrize(
    ("elsewhere", "shown"),
    [
        ({"shipState": "US-NY", "shipPostalCode": "10001", "shipCity": "New York"}, "$56.90 USD"),
        ({"shipState": "US-IL"}, "$54.90 USD"),
    ],
)
def test_another_address_afterwards_is_shown_with_its_total_and_not_charged(
    crm: Crm, at_checkout: Shopper, elsewhere: dict[str, str], shown: str
) -> None:
    at_checkout.reckon(**CALIFORNIA)
    page = at_checkout.pay(**elsewhere)
    assert page.status == 422
    assert "Your total has changed, and you have not been charged yet" in page.text
    assert total(page) == shown
    assert crm.calls(ORDER) == []
    at_checkout.pay(**elsewhere)
    assert charged(crm) == [shown.split()[0].strip("$")]


def test_a_coupon_lowers_the_tax_and_both_are_charged_as_shown(crm: Crm, at_checkout: Shopper) -> None:
    page = at_checkout.reckon(**CALIFORNIA, couponCode="SAVE10", bump="care")
    assert total(page) == "$61.85 USD"
    assert at_checkout.pay(**CALIFORNIA).path == "upsell/1"
    assert charged(crm) == ["61.85"]


@pytest.mark.parametrize("service", ["error", "500", "html", "drop"])
def test_without_a_tax_nothing_is_charged(crm: Crm, at_checkout: Shopper, service: str) -> None:
    if service == "error":
        crm.switch(tax_service="error")
    else:
        crm.fault(TAX, service)
    page = at_checkout.reckon(**CALIFORNIA)
    assert page.status == 503
    assert "We could not work out your total just now. You have not been charged." in page.text
    assert "cardNumber" not in page.html
    assert page.attributes("input", name="shipCity")["value"] == "San Francisco"
    crm.heal()
    crm.switch(tax_service="on")
    assert total(at_checkout.reckon(**CALIFORNIA)) == TAXED


def test_a_card_that_is_sent_before_the_total_was_shown_is_not_charged(crm: Crm, at_checkout: Shopper) -> None:
    page = at_checkout.pay(**CALIFORNIA)
    assert page.status == 422
    assert total(page) == TAXED
    assert crm.calls(ORDER) == []


def test_an_address_that_is_wrong_is_told_and_asks_nobody(crm: Crm, at_checkout: Shopper) -> None:
    page = at_checkout.reckon(shipPostalCode="1")
    assert page.status == 422
    assert "Enter your ZIP code" in page.text
    assert "card" not in page.text.split("Checkout", 1)[1].lower(), "nothing is said of fields that are not there"
    assert crm.calls(TAX) == []
    assert page.attributes("input", name="shipPostalCode")["value"] == "1"


def test_a_reload_keeps_address_choice_and_total(crm: Crm, at_checkout: Shopper) -> None:
    at_checkout.reckon(**CALIFORNIA, offer="set")
    before = total(at_checkout.page)
    page = at_checkout.get("/checkout")
    assert total(page) == before
    assert page.form.values["shipState"] == "US-CA"
    assert 'name="cardNumber"' in page.html
    assert len(crm.calls(TAX)) == 1


def test_who_comes_without_a_lead_is_asked_with_the_address(crm: Crm, shopper: Shopper) -> None:
    shopper.get("/checkout")
    assert shopper.reckon(**CALIFORNIA).status == 422
    assert "Enter your first name" in shopper.page.text
    assert total(shopper.reckon(**{**ADDRESS, **JANE, **CALIFORNIA})) == TAXED
    assert shopper.pay(**CALIFORNIA).path == "upsell/1"
    assert charged(crm) == ["58.52"]


def test_a_service_that_says_none_is_shown_and_sent_as_none(crm: Crm, at_checkout: Shopper) -> None:
    crm.switch(tax_service="zero", tax_when_unsent="table")
    page = at_checkout.reckon(**CALIFORNIA)
    assert "Tax $0.00" in page.text
    at_checkout.pay(**CALIFORNIA)
    assert charged(crm) == ["54.90"]
