"""Why a card was not charged, in kind words: prepaid cards, the CRM's own limits, brands; and expiry dates as typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Crm, OpenFunnel, eventually
from shopper import Page, Shopper
from test_choices import ORDER

HERE = Path(__file__).parent
PREPAID, BOUGHT_BEFORE, LIMIT = "4000 0000 0000 0069", "4000 0000 0000 5019", "4000 0000 0000 5027"


@pytest.fixture
def campaign_file() -> Path:
    return HERE / "choices.toml"


@pytest.fixture
def redirecting(tmp_path: Path, campaign_file: Path) -> Path:
    file = tmp_path / "redirecting.toml"
    there = 'coupons = true\nprepaid_redirect = "https://other.example/prepaid?a=1"'
    file.write_text(campaign_file.read_text().replace("coupons = true", there))
    return file


def test_a_prepaid_card_is_refused_kindly_and_another_one_taken(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    page = shopper.pay(cardNumber=PREPAID)
    assert (page.status, page.path) == (422, "checkout")
    assert "This shop cannot take prepaid cards. You have not been charged. Use a debit or credit card." in page.text
    assert shopper.pay().path == "upsell/1"


def test_a_prepaid_card_leads_to_the_merchants_page_by_one_of_ours(open_funnel: OpenFunnel, redirecting: Path) -> None:
    """No form may end on another site, so the answer to the form is a 303 to our own page, which leads on."""
    with Shopper(open_funnel(FUNNEL_FILE=str(redirecting)).url) as shopper:
        shopper.leave_lead()
        page = shopper.pay(cardNumber=PREPAID)
        assert (page.status, page.path) == (200, "checkout/prepaid")
        assert page.headers["Refresh"] == "5; url=https://other.example/prepaid?a=1"
        assert "You have not been charged" in page.text
        assert page.attributes("a", href="https://other.example/prepaid?a=1")
        shopper.get("/checkout")
        assert shopper.pay().path == "upsell/1"
        assert shopper.get("/checkout/prepaid").path == "upsell/1", "who has paid is not told of prepaid cards"


def test_the_page_for_prepaid_cards_is_nobody_elses(open_funnel: OpenFunnel, redirecting: Path, funnel: object) -> None:
    with Shopper(open_funnel(FUNNEL_FILE=str(redirecting)).url) as shopper:
        shopper.leave_lead()
        assert shopper.get("/checkout/prepaid").path == "checkout"


@pytest.mark.parametrize(
    ("card", "words"),
    [
        (BOUGHT_BEFORE, "It looks as if you have ordered this before, so the payment was not taken."),
        (LIMIT, "We could not take this payment. You have not been charged. Please wait 15 minutes or contact us."),
    ],
)
def test_the_crms_own_limits_are_told_once_it_is_certain_that_nothing_was_charged(
    crm: Crm, open_funnel: OpenFunnel, card: str, words: str
) -> None:
    """Their texts are guessed, so they may have charged: Order Query has the last word."""
    with Shopper(open_funnel(FUNNEL_READ_LAG="1").url) as shopper:
        shopper.leave_lead()
        page = shopper.pay(cardNumber=card)
        assert page.path == "checkout/confirming"
        assert "not been charged" not in page.text
        page = eventually(lambda: _unless_confirming(shopper.get("/checkout/confirming")), within=30)
        assert page, shopper.page.text
        assert page.path == "checkout"
        assert words in page.text
        assert crm.calls("/order/query/")
        assert shopper.pay().path == "upsell/1"


def _unless_confirming(page: Page) -> Page | None:
    return None if page.path == "checkout/confirming" else page


def test_only_the_brands_of_funnel_toml_are_taken(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    page = shopper.pay(cardNumber="3782 822463 10005", cardSecurityCode="1234")
    assert page.status == 422
    assert "We do not accept American Express. Use Visa or Mastercard." in page.text
    assert crm.calls(ORDER) == []


@pytest.mark.parametrize("typed", ["4/39", "0439", "04/2039", "04-39", "04 / 39"])
def test_an_expiry_date_is_understood_as_people_type_it(crm: Crm, shopper: Shopper, typed: str) -> None:
    shopper.leave_lead()
    assert shopper.pay(cardExpiryDate=typed).path == "upsell/1"
    params = crm.calls(ORDER)[0]["params"]
    assert (params["cardMonth"], params["cardYear"]) == ("04", "2039")
