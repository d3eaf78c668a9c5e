"""A CRM that is slow or away: shoppers go on, and what is owed arrives later, in order and linked."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Crm, Funnel, OpenFunnel, eventually
from shopper import ADDRESS, CARD, JANE, Shopper

CLICK = "/landers/clicks/import/"
LEAD = "/leads/import/"


def test_a_page_is_shown_while_the_crm_hangs(crm: Crm, shopper: Shopper) -> None:
    crm.fault(CLICK, "hang", times=0, seconds=30)
    for path in ("/", "/lead", "/checkout"):
        assert shopper.get(path).status == 200
    crm.heal()


@pytest.mark.parametrize("fault", ["hang", "500", "html", "drop", "refuse"])
def test_a_lead_that_the_crm_did_not_take_arrives_later_in_its_session(crm: Crm, shopper: Shopper, fault: str) -> None:
    shopper.get("/lead")
    crm.wait_for(CLICK)
    crm.fault(LEAD, fault, seconds=4)
    assert shopper.submit(**JANE).path == "checkout"
    calls = eventually(lambda: [call for call in crm.calls(LEAD) if call["result"] == "SUCCESS"], within=20)
    assert calls
    assert calls[-1]["params"]["emailAddress"] == "jane@example.com"
    assert calls[-1]["params"]["sessionId"]


def test_a_lead_waits_for_its_first_click_and_carries_its_session(crm: Crm, open_funnel: OpenFunnel) -> None:
    """No relay: the form makes the owed click itself, then the lead."""
    with Shopper(open_funnel(relay=False).url) as shopper:
        shopper.get("/")
        shopper.get("/lead")
        assert crm.calls() == []
        shopper.submit(**JANE)
    click, lead = crm.calls()
    assert (click["path"], click["params"]["pageType"]) == (CLICK, "presellPage")
    assert (lead["path"], bool(lead["params"]["sessionId"])) == (LEAD, True)


def test_a_lead_told_before_its_session_was_known_is_told_again_with_it(crm: Crm, open_funnel: OpenFunnel) -> None:
    with Shopper(open_funnel().url) as shopper:
        crm.fault(CLICK, "500", times=2)
        shopper.leave_lead()
        calls = eventually(lambda: [c for c in crm.calls(LEAD) if c["params"].get("sessionId")], within=20)
        assert calls
        assert crm.calls(LEAD)[-1]["params"]["orderId"] or len(crm.calls(LEAD)) == 1


def test_clicks_arrive_in_order_once_the_crm_is_back(crm: Crm, shopper: Shopper) -> None:
    crm.fault("*", "500", times=0)
    for path in ("/", "/lead", "/checkout"):
        shopper.get(path)
    assert eventually(lambda: crm.calls(CLICK))
    crm.heal()
    taken = eventually(
        lambda: (
            found if len(found := [c["params"] for c in crm.calls(CLICK) if c["result"] == "SUCCESS"]) == 3 else None
        ),
        within=30,
    )
    assert taken
    assert [params["pageType"] for params in taken] == ["presellPage", "leadPage", "checkoutPage"]
    assert len({params.get("sessionId") for params in taken[1:]}) == 1


@pytest.mark.parametrize(("hops", "scheme", "address"), [("0", "http", "127.0.0.1"), ("1", "https", "203.0.113.9")])
def test_only_as_many_proxies_are_believed_as_the_operator_says(
    crm: Crm, open_funnel: OpenFunnel, hops: str, scheme: str, address: str
) -> None:
    forwarded = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil"}
    funnel = open_funnel(PROXY_HOPS=hops)
    with Shopper(funnel.url, **forwarded) as shopper:
        shopper.get("/?c1=x")
    (click,) = crm.wait_for(CLICK)
    assert click["params"]["requestUri"] == funnel.url.replace("http", scheme, 1) + "/?c1=x"
    assert click["params"]["ipAddress"] == address


def test_prices_are_sent_per_unit_where_the_campaign_says_so(
    crm: Crm, open_funnel: OpenFunnel, campaign_file: Path, tmp_path: Path
) -> None:
    sends = tmp_path / "sends.toml"
    sends.write_text(campaign_file.read_text().replace("send_prices = false", "send_prices = true"))
    with Shopper(open_funnel(FUNNEL_FILE=str(sends)).url) as shopper:
        shopper.leave_lead()
        shopper.submit(**{**ADDRESS, **CARD, "offer": "lamp-3"})
        shopper.submit(choice="yes")
        shopper.submit(choice="no")
        assert "$197.20" in shopper.page.text
    sent = crm.calls("/order/import/")[0]["params"]
    assert (sent["product1_qty"], sent["product1_price"], sent["product1_shipPrice"]) == ("3", "49.95", "4.95")
    upsell = crm.calls("/upsale/import/")[0]["params"]
    assert (upsell["productQty"], upsell["productPrice"], upsell["productShipPrice"]) == ("1", "29.00", "3.50")


def test_the_sandbox_plays_the_other_reading_of_a_price_too(
    crm: Crm, open_funnel: OpenFunnel, campaign_file: Path, tmp_path: Path
) -> None:
    """Read per line, three lamps at the price of one: the receipt tells what the CRM really took."""
    crm.switch(price_rule="line")
    sends = tmp_path / "sends.toml"
    sends.write_text(campaign_file.read_text().replace("send_prices = false", "send_prices = true"))
    with Shopper(open_funnel(FUNNEL_FILE=str(sends)).url) as shopper:
        shopper.leave_lead()
        shopper.submit(**{**ADDRESS, **CARD, "offer": "lamp-3"})
        shopper.submit(choice="no")
        shopper.submit(choice="no")
        assert "$54.90" in shopper.page.text


def test_the_whole_walk_on_postgresql(crm: Crm, open_funnel: OpenFunnel, postgres_database: str) -> None:
    with Shopper(open_funnel(DATABASE_URL=postgres_database.replace("+psycopg", "")).url) as shopper:
        shopper.get("/?affId=7")
        shopper.buy()
        shopper.submit(choice="yes")
        shopper.submit(choice="no")
        assert "Thank you, Jane" in shopper.page.text
    crm.wait_for("/order/confirm/")
    assert crm.charges()["total"] == 2


def test_confirm_order_is_sent_and_a_mail_spoken_of_only_if_asked_for(
    crm: Crm, open_funnel: OpenFunnel, campaign_file: Path, tmp_path: Path
) -> None:
    quiet = tmp_path / "quiet.toml"
    quiet.write_text(campaign_file.read_text().replace("confirm_order = true", "confirm_order = false"))
    with Shopper(open_funnel(FUNNEL_FILE=str(quiet)).url) as shopper:
        shopper.buy()
        shopper.submit(choice="no")
        shopper.submit(choice="no")
        receipt = shopper.get("/thank-you").text
        crm.wait_for(CLICK, 5)
        shopper.browser.cookies.clear()
        elsewhere = shopper.get("/thank-you").text
    assert crm.calls("/order/confirm/") == []
    assert "Your receipt" in receipt
    assert "We have your order." in elsewhere
    for text in (receipt, elsewhere):
        assert "email" not in text
        assert "Confirmation" not in text


def test_a_receipt_does_not_say_that_a_mail_is_sent_which_is_still_owed(crm: Crm, open_funnel: OpenFunnel) -> None:
    with Shopper(open_funnel(relay=False).url) as shopper:
        shopper.buy()
        shopper.submit(choice="no")
        receipt = shopper.submit(choice="no").text
        shopper.browser.cookies.clear()
        elsewhere = shopper.get("/thank-you").text
    assert crm.calls("/order/confirm/") == []
    assert "Confirmation By email to j***@example.com." in receipt
    assert "The confirmation we email you holds" in elsewhere


def test_the_receipt_looked_at_again_confirms_nothing_again(crm: Crm, funnel: Funnel, shopper: Shopper) -> None:
    shopper.buy()
    shopper.submit(choice="no")
    shopper.submit(choice="no")
    for _ in range(3):
        shopper.get("/thank-you")
    crm.wait_for("/order/confirm/")
    with funnel.rooms.store.read() as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM outbox WHERE kind = 'confirm'").scalar()
    assert rows == 1
