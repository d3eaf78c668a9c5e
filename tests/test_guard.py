"""Deep links, Back, old tabs, left-out pages: every road leads to the right page, with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Crm, Funnel, OpenFunnel, eventually
from shopper import ADDRESS, CARD, JANE, Shopper

CLICK = "/landers/clicks/import/"


@pytest.mark.parametrize("path", ["/lead", "/checkout"])
def test_a_visit_may_begin_on_a_later_page(crm: Crm, funnel: Funnel, shopper: Shopper, path: str) -> None:
    page = shopper.get(f"{path}?affId=7")
    assert (page.status, page.path) == (200, path.strip("/"))
    (click,) = crm.wait_for(CLICK)
    assert click["params"]["requestUri"] == f"{funnel.url}{path}?affId=7"
    assert click["params"]["pageType"] == {"/lead": "leadPage", "/checkout": "checkoutPage"}[path]


@pytest.mark.parametrize("path", ["/upsell/1", "/upsell/2"])
def test_an_offer_of_an_earlier_visit_leads_to_the_start(crm: Crm, funnel: Funnel, shopper: Shopper, path: str) -> None:
    page = shopper.get(f"{path}?affId=7")
    assert page.path == ""
    assert page.url.endswith("/?affId=7")
    assert "earlier visit" in page.text
    assert "Nothing was charged" in page.text
    (click,) = crm.wait_for(CLICK)
    assert click["params"]["requestUri"] == f"{funnel.url}{path}?affId=7"
    assert click["params"]["pageType"] == "presellPage"
    assert "earlier visit" not in shopper.get("/").text, "a sentence is told once"


def test_a_bookmarked_receipt_of_an_ended_visit_is_a_plain_page(crm: Crm, shopper: Shopper) -> None:
    page = shopper.get("/thank-you")
    assert (page.status, page.path) == (200, "thank-you")
    assert crm.calls() == []


@pytest.mark.parametrize("path", ["/upsell/1", "/upsell/2", "/thank-you"])
def test_without_an_order_the_later_pages_lead_to_checkout(shopper: Shopper, path: str) -> None:
    shopper.leave_lead()
    page = shopper.get(path)
    assert page.path == "checkout"
    assert "There is no order yet" in page.text


@pytest.mark.parametrize("path", ["/upsell/3", "/upsell/9", "/upsell/0", "/upsell/x", "/upsell/1/", "/nothing"])
def test_an_unknown_page_is_not_found_in_plain_words(shopper: Shopper, path: str) -> None:
    page = shopper.get(path)
    assert page.status == 404
    assert "cannot find" in page.text


def test_a_checkout_without_a_lead_asks_who_it_is_and_still_has_an_order_id_first(crm: Crm, shopper: Shopper) -> None:
    shopper.get("/checkout")
    assert shopper.pay(**JANE).path == "upsell/1"
    lead, order = (call for call in crm.calls() if call["path"] != CLICK and "confirm" not in call["path"])
    assert (lead["path"], order["path"]) == ("/leads/import/", "/order/import/")
    assert "orderId" not in lead["params"]
    assert order["params"]["orderId"]
    assert order["params"]["sessionId"] == lead["params"]["sessionId"]


@pytest.mark.parametrize("path", ["/lead", "/checkout"])
def test_after_the_order_the_earlier_forms_lead_on(shopper: Shopper, path: str) -> None:
    shopper.buy()
    page = shopper.get(path)
    assert page.path == "upsell/1"
    assert "already placed" in page.text


def test_the_presell_stays_open_and_offers_the_way_back(shopper: Shopper) -> None:
    shopper.buy()
    page = shopper.get("/")
    assert page.path == ""
    assert page.attributes("a", href="/upsell/1")


def test_an_offer_further_on_leads_to_the_first_undecided_one(shopper: Shopper) -> None:
    shopper.buy()
    assert shopper.get("/upsell/2").path == "upsell/1"


@pytest.mark.parametrize(("choice", "words"), [("yes", "already added"), ("no", "said no thanks")])
def test_a_decided_offer_shows_its_decision(crm: Crm, shopper: Shopper, choice: str, words: str) -> None:
    shopper.buy()
    old_form = shopper.page.form
    shopper.submit(choice=choice)
    page = shopper.get("/upsell/1")
    assert page.path == "upsell/1"
    assert words in page.text
    charges = crm.charges()["total"]
    assert shopper.submit(old_form, choice="yes").path == "upsell/2"
    assert crm.charges()["total"] == charges, "the form of an old tab charges nothing"


def test_a_paid_order_is_not_paid_again(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    shopper.get("/checkout")
    form = shopper.page.form
    shopper.pay()
    page = shopper.submit(form, **ADDRESS, **CARD)
    assert page.path == "upsell/1"
    assert crm.charges()["total"] == 1


def test_after_the_receipt_no_offer_is_open(shopper: Shopper) -> None:
    shopper.buy()
    assert shopper.get("/thank-you").path == "upsell/1", "the receipt comes after the offers"
    old = shopper.page.form
    shopper.submit(choice="no")
    assert shopper.submit(choice="no").path == "thank-you"
    assert shopper.submit(old, choice="yes").path == "thank-you"


def test_order_again_keeps_the_attribution_and_none_of_the_ids(crm: Crm, funnel: Funnel, shopper: Shopper) -> None:
    shopper.get("/?affId=7")
    shopper.buy()
    shopper.submit(choice="no")
    shopper.submit(choice="no")
    crm.wait_for("/order/confirm/")
    page = shopper.submit()
    assert page.path == "lead"
    shopper.submit(**JANE)
    assert shopper.pay().path == "upsell/1"
    assert crm.charges()["total"] == 2
    orders = {call["params"]["orderId"] for call in crm.calls("/order/import/")}
    assert len(orders) == 2
    begun = [call["params"] for call in crm.calls(CLICK) if "campaignId" in call["params"]]
    assert [params["requestUri"] for params in begun] == [f"{funnel.url}/?affId=7"] * 2


def test_pages_that_a_campaign_leaves_out_are_stepped_over(
    crm: Crm, open_funnel: OpenFunnel, campaign_file: Path, tmp_path: Path
) -> None:
    short = tmp_path / "short.toml"
    text = campaign_file.read_text()
    steps = 'steps = ["presell", "lead", "checkout", "upsell1", "upsell2", "thank-you"]'
    assert steps in text
    short.write_text(text.replace(steps, 'steps = ["checkout", "upsell2", "thank-you"]'))
    funnel = open_funnel(FUNNEL_FILE=str(short))
    with Shopper(funnel.url) as shopper:
        assert shopper.get("/?affId=7").url == f"{funnel.url}/checkout?affId=7"
        assert shopper.get("/lead").path == "checkout"
        assert shopper.get("/upsell/1").status == 404
        shopper.get("/checkout")
        assert shopper.pay(**JANE).path == "upsell/2"
        assert shopper.submit(choice="no").path == "thank-you"
    assert eventually(lambda: crm.page_types() == ["checkoutPage", "upsellPage2", "thankyouPage"]), crm.page_types()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"User-Agent": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"},
    ],
)
def test_prefetches_and_previews_are_shown_the_page_and_not_counted(
    crm: Crm, shopper: Shopper, headers: dict[str, str]
) -> None:
    assert shopper.get("/", **headers).status == 200
    assert "visit" not in str(shopper.browser.cookies)
    shopper.get("/lead")
    crm.wait_for(CLICK)
    assert crm.page_types() == ["leadPage"]


def test_head_is_answered_and_not_counted(crm: Crm, shopper: Shopper) -> None:
    assert shopper.browser.head(shopper.url + "/", timeout=10).status_code == 200
    shopper.get("/lead")
    crm.wait_for(CLICK)
    assert crm.page_types() == ["leadPage"]


def test_a_page_that_a_browser_fetched_ahead_takes_its_form(crm: Crm, shopper: Shopper) -> None:
    """The browser shows what it prefetched, so the shopper's first request is the form itself."""
    shopper.get("/lead", **{"Sec-Purpose": "prefetch"})
    assert shopper.submit(**JANE).path == "checkout"
    leads = crm.calls("/leads/import/")
    assert {lead["params"]["emailAddress"] for lead in leads} == {JANE["emailAddress"]}, (
        "once more with its session, perhaps"
    )
