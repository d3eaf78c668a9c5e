"""The whole funnel, walked over HTTP: what the CRM hears is the recommended flow, call by call."""

from __future__ import annotations

import re
from typing import Any

import pytest
from conftest import Crm, Funnel, eventually
from shopper import ADDRESS, JANE, Shopper

LANDING = "/?affId=000123&c1=Summer%20Sale&utm_source=mail&x=%C3%A9"
CREDENTIALS = {"loginId": "tester", "password": "•••"}
CLICK = "/landers/clicks/import/"


RETURNS = ("redirectsTo", "errorRedirectsTo")  # each attempt has its own; test_away.py follows them


def told(crm: Crm, path: str | None = None) -> list[tuple[str, dict[str, Any]]]:
    """What the CRM heard: (path, parameters without the credentials), which must be there each time."""
    heard = []
    for call in crm.calls(path):
        assert call["method"] == "POST", call
        assert call["in_query"] is False, call
        assert CREDENTIALS.items() <= call["params"].items(), call
        heard.append((call["path"], {k: v for k, v in call["params"].items() if k not in (*CREDENTIALS, *RETURNS)}))
    return heard


def settled(crm: Crm, shopper: Shopper, path: str, *clicks: str) -> None:
    """Look at a page and let the relay tell of it, so that the order of the calls is certain."""
    shopper.get(path)
    assert eventually(lambda: crm.page_types() == list(clicks)), crm.page_types()


def test_the_crm_hears_exactly_the_recommended_flow(crm: Crm, funnel: Funnel, shopper: Shopper) -> None:
    settled(crm, shopper, LANDING, "presellPage")
    settled(crm, shopper, "/lead", "presellPage", "leadPage")
    assert shopper.submit(**JANE).path == "checkout"
    crm.wait_for(CLICK, 3)
    shopper.pay()
    assert shopper.page.path == "upsell/1"
    crm.wait_for(CLICK, 4)
    shopper.submit(choice="yes")
    assert shopper.page.path == "upsell/2"
    crm.wait_for(CLICK, 5)
    shopper.submit(choice="no")
    assert shopper.page.path == "thank-you"
    crm.wait_for("/order/confirm/")

    heard = told(crm)
    session = {"sessionId": crm.calls(CLICK)[1]["params"]["sessionId"]}
    order_id = crm.calls("/order/import/")[0]["params"]["orderId"]
    order = {"orderId": order_id, **session}
    jane = {**JANE, "phoneNumber": "1-555-123-4567"}
    assert heard == [
        (
            CLICK,
            {
                "pageType": "presellPage",
                "campaignId": "1",
                "requestUri": funnel.url + LANDING,
                "userAgent": "Mozilla/5.0 (a shopper's phone)",
                "ipAddress": "127.0.0.1",
            },
        ),
        (CLICK, {"pageType": "leadPage", **session}),
        ("/leads/import/", {"campaignId": "1", "ipAddress": "127.0.0.1", **session, **jane}),
        (CLICK, {"pageType": "checkoutPage", **session}),
        (
            "/order/import/",
            {
                "campaignId": "1",
                **order,
                **jane,
                "ipAddress": "127.0.0.1",
                "product1_id": "101",
                "product1_qty": "1",
                "paySource": "CREDITCARD",
                "cardNumber": "••••4242",
                "cardMonth": "12",
                "cardYear": "2039",
                "cardSecurityCode": "•••",
                "billShipSame": "1",
                "shipFirstName": "Jane",
                "shipLastName": "O’Brien",
                **ADDRESS,
                "address1": "1 Main Street",
                "city": "Springfield",
                "state": "IL",
                "postalCode": "62701",
                "country": "US",
            },
        ),
        (CLICK, {"pageType": "upsellPage1", **session}),
        ("/upsale/import/", {**order, "productId": "202", "productQty": "1"}),
        (CLICK, {"pageType": "upsellPage2", **session}),
        (CLICK, {"pageType": "thankyouPage", **session}),
        ("/order/confirm/", {"orderId": order_id}),
    ]
    assert crm.charges()["total"] == 2


def test_the_cookie_holds_ids_and_nothing_of_the_shopper(funnel: Funnel, crm: Crm, shopper: Shopper) -> None:
    shopper.get("/")
    crm.wait_for(CLICK)
    shopper.buy()
    (cookie,) = shopper.browser.cookies
    serializer = _session_serializer(funnel)
    remembered = serializer.loads(cookie.value)
    session_id = crm.calls(CLICK)[1]["params"]["sessionId"]
    assert remembered.keys() == {"visit", "sessionId", "orderId", "csrf_token", "_permanent"}
    assert remembered["sessionId"] == session_id
    assert remembered["orderId"] == crm.calls("/order/import/")[0]["params"]["orderId"]
    assert len(cookie.value) < 500
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "Lax"


def _session_serializer(funnel: Funnel) -> Any:
    from app import create_app  # a second application with the same key reads the first one's cookies

    app = create_app(funnel.settings)
    return app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]


def test_a_lead_sent_again_carries_the_order_id_it_got(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    shopper.leave_lead(firstName="Janet")
    first, second = told(crm, "/leads/import/")
    assert "orderId" not in first[1]
    assert [call["result"] for call in crm.calls("/leads/import/")] == ["SUCCESS", "SUCCESS"]
    assert re.fullmatch("[0-9A-F]{10}", second[1]["orderId"])
    assert second[1]["firstName"] == "Janet"


@pytest.mark.parametrize("quantity", [1, 2, 3])
def test_the_price_shown_is_the_price_charged(crm: Crm, shopper: Shopper, quantity: int) -> None:
    shopper.leave_lead()
    page = shopper.get("/checkout")
    total = {1: "$54.90", 2: "$109.80", 3: "$164.70"}[quantity]
    assert total in page.text
    shopper.pay(offer=f"lamp-{quantity}")
    shopper.submit(choice="no")
    receipt = shopper.submit(choice="no")
    assert total in receipt.text
    assert told(crm, "/order/import/")[0][1]["product1_qty"] == str(quantity)


def test_a_declined_upsell_charges_nothing(crm: Crm, shopper: Shopper) -> None:
    shopper.buy()
    shopper.submit(choice="no")
    shopper.submit(choice="no")
    assert shopper.page.path == "thank-you"
    assert crm.calls("/upsale/import/") == []
    assert crm.charges()["total"] == 1


def test_the_receipt_shows_all_that_was_bought(shopper: Shopper) -> None:
    shopper.buy()
    shopper.submit(choice="yes")
    receipt = shopper.submit(choice="yes")
    for words in ("Halden desk lamp", "Linen shade", "Two spare warm bulbs", "$101.40", "j***@example.com"):
        assert words in receipt.text
    assert "jane@example.com" not in receipt.html


def test_a_page_is_reported_once_however_often_it_is_looked_at(crm: Crm, shopper: Shopper) -> None:
    for path in ("/", "/", "/lead", "/", "/lead"):
        shopper.get(path)
    shopper.get("/checkout")
    crm.wait_for(CLICK, 3)
    assert crm.page_types() == ["presellPage", "leadPage", "checkoutPage"]


def test_every_view_is_reported_where_the_campaign_asks_for_it(
    crm: Crm, open_funnel: Any, campaign_file: Any, tmp_path: Any
) -> None:
    every_view = tmp_path / "every-view.toml"
    every_view.write_text(campaign_file.read_text().replace('clicks = "once"', 'clicks = "every-view"'))
    with Shopper(open_funnel(FUNNEL_FILE=str(every_view)).url) as shopper:
        for path in ("/", "/", "/lead"):
            shopper.get(path)
        crm.wait_for(CLICK, 3)
    assert crm.page_types() == ["presellPage", "presellPage", "leadPage"]
