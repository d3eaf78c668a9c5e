"""The sandbox plays PayPal and the bank: pages a shopper is sent to, and comes back from."""

import html
import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sandbox_caller import PATIENCE, Caller, sandbox

SHOP = "https://shop.test"
BACK = {"redirectsTo": f"{SHOP}/3ds/back?s=a%20b~1", "errorRedirectsTo": f"{SHOP}/3ds/failed?s=a%20b~1"}
BANK_CARD, SCRIPT_CARD, UPSALE_BANK_CARD = "4000000000003220", "4000000000003063", "4000000000003246"
PAYPAL = {"paySource": "PAYPAL", "salesUrl": f"{SHOP}/checkout?x=1", "cardNumber": ""}


@pytest.fixture
def crm() -> Iterator[Caller]:
    with sandbox() as caller:
        yield caller


def decide(page: str, decision: str) -> requests.Response:
    return requests.post(page, data={"decision": decision}, timeout=PATIENCE, allow_redirects=False)


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_3ds_by_url_charges_only_when_the_shopper_agrees_and_only_once(crm: Caller) -> None:
    orderId = crm.lead()
    reply = crm.order(orderId, BANK_CARD, **BACK)
    page = reply["message"]["url"]
    assert reply["result"] == "MERC_REDIRECT"
    assert "Confirm your payment" in requests.get(page, timeout=PATIENCE).text
    assert crm.row(orderId)["orderStatus"] == "PARTIAL"
    first, again = decide(page, "agree").text, decide(page, "agree").text
    assert crm.charges(orderId) == {"order": 1}
    for finish in (first, again):
        assert f'action="{BACK["redirectsTo"]}"' in finish
        assert 'name="finalizeTransaction" value="1"' in finish
        data = re.search('name="orderData" value="(.*?)"', finish)
        assert data
        assert json.loads(html.unescape(data[1]))["orderStatus"] == "COMPLETE"


def test_3ds_that_fails_leads_back_with_a_message_and_can_still_succeed(crm: Caller) -> None:
    orderId = crm.lead()
    page = crm.order(orderId, BANK_CARD, **BACK)["message"]["url"]
    answer = decide(page, "refuse")
    assert answer.status_code == 303
    assert answer.headers["Location"] == BACK["errorRedirectsTo"] + "&errorMsg=3DS+authentication+failed"
    assert crm.charges(orderId) == {}
    decide(page, "agree")
    assert crm.charges(orderId) == {"order": 1}


@pytest.mark.parametrize(("choice", "count"), [("error", 1), ("return", 1), ("charge-again", 2)])
def test_a_challenge_left_open_meets_a_paid_order_as_the_switch_says(crm: Caller, choice: str, count: int) -> None:
    crm.desk("switches", complete_order_import=choice)
    orderId = crm.lead()
    page = crm.order(orderId, BANK_CARD, **BACK)["message"]["url"]
    crm.order(orderId)
    decide(page, "agree")
    assert crm.charges(orderId) == {"order": count}


def test_3ds_by_script_opens_the_same_page_in_a_frame(crm: Caller) -> None:
    message = crm.order(crm.lead(), SCRIPT_CARD, **BACK)["message"]
    address = re.search(r'iframe\.src="(.+?)"', message["script"])
    assert address
    assert 'target="_top"' in requests.get(address[1], timeout=PATIENCE).text


def test_3ds_on_an_upsale_is_counted_as_the_upsale(crm: Caller) -> None:
    orderId = crm.bought(UPSALE_BANK_CARD)
    decide(crm.upsale(orderId, **BACK)["message"]["url"], "agree")
    assert crm.charges(orderId) == {"order": 1, "upsale:201": 1}


@pytest.mark.parametrize(
    ("addresses", "message"),
    [
        ({}, "Transaction Declined: 3DS Authentication Required"),
        ({**BACK, "redirectsTo": "javascript:alert(1)"}, {"redirectsTo": "Not a valid input"}),
    ],
)
def test_3ds_needs_two_web_addresses_to_return_to(crm: Caller, addresses: dict[str, str], message: object) -> None:
    assert crm.order(crm.lead(), BANK_CARD, **addresses)["message"] == message


def test_legacy_paypal_is_charged_by_confirm_paypal_and_not_before(crm: Caller) -> None:
    orderId = crm.lead()
    reply = crm.order(orderId, **PAYPAL)
    assert reply["message"]["orderStatus"] == "PARTIAL"
    back = decide(reply["message"]["paypalUrl"], "agree").headers["Location"]
    returned = query_of(back)
    assert (back.split("?")[0], returned["x"], returned["paypalAccept"]) == (f"{SHOP}/checkout", "1", "1")
    assert crm.charges(orderId) == {}
    confirm = {
        "token": returned["token"],
        "payerId": returned["PayerID"],
        "campaignId": 7,
        "orderId": orderId,
    }
    order = crm.call("/transactions/confirmPaypal", **confirm, product1_id=101)["message"]
    assert (order["orderStatus"], order["paySource"], order["cardLast4"]) == ("COMPLETE", "PAYPAL", None)
    assert crm.call("/transactions/confirmPaypal/", **confirm, product1_id=101)["result"] == "ERROR"
    assert crm.charges(orderId) == {"order": 1}


def test_paypal_cancelled_comes_back_with_the_token_alone_and_cannot_be_confirmed(crm: Caller) -> None:
    orderId = crm.lead()
    back = decide(crm.order(orderId, **PAYPAL)["message"]["paypalUrl"], "refuse").headers["Location"]
    returned = query_of(back)
    assert set(returned) == {"x", "token"}
    for way in ({"token": returned["token"], "payerId": "ABC"}, {"baToken": returned["token"]}):
        reply = crm.call("/transactions/confirmPaypal/", **way, campaignId=7, product1_id=101)
        assert reply["result"] == "ERROR"
        assert reply["message"].endswith("Please redirect your customer to PayPal.")
    assert crm.charges(orderId) == {}


@pytest.mark.parametrize(
    ("lacking", "message"),
    [
        ({"product1_id": ""}, "No products exist in the order"),
        ({"campaignId": ""}, "No products exist in the order"),
        ({"payerId": ""}, {"payerId": "is a required field"}),
        ({"orderId": "FFFFFFFFFF"}, "Order not found"),
    ],
)
def test_confirm_paypal_wants_lines_campaign_and_payer(crm: Caller, lacking: dict[str, str], message: object) -> None:
    orderId = crm.lead()
    returned = query_of(decide(crm.order(orderId, **PAYPAL)["message"]["paypalUrl"], "agree").headers["Location"])
    whole = {"token": returned["token"], "payerId": returned["PayerID"], "campaignId": 7, "product1_id": 101}
    assert crm.call("/transactions/confirmPaypal/", **{**whole, **lacking})["message"] == message
    assert crm.charges(orderId) == {}


def test_a_paypal_upsale_goes_to_paypal_first_and_is_charged_by_the_same_call(crm: Caller) -> None:
    orderId = crm.bought()
    reply = crm.upsale(orderId, **PAYPAL)
    returned = query_of(decide(reply["message"]["paypalUrl"], "agree").headers["Location"])
    assert crm.charges(orderId) == {"order": 1}
    crm.upsale(orderId, **PAYPAL, token=returned["token"], payerId=returned["PayerID"])
    assert crm.charges(orderId) == {"order": 1, "upsale:201": 1}


def test_the_new_paypal_workflow_redirects_and_needs_no_confirming(crm: Caller) -> None:
    crm.desk("switches", paypal_workflow="new")
    orderId = crm.lead()
    reply = crm.order(orderId, **PAYPAL, **BACK)
    assert reply["result"] == "MERC_REDIRECT"
    assert "errorMsg=" in decide(reply["message"]["url"], "refuse").headers["Location"]
    decide(reply["message"]["url"], "agree")
    assert crm.charges(orderId) == {"order": 1}


def test_an_error_message_may_be_put_behind_a_query_that_is_there_already(crm: Caller) -> None:
    crm.desk("switches", error_msg="appended")
    page = crm.order(crm.lead(), BANK_CARD, **BACK)["message"]["url"]
    assert decide(page, "refuse").headers["Location"] == (
        BACK["errorRedirectsTo"] + "?errorMsg=3DS+authentication+failed"
    )


TERMS = {"couponCode": "SAVE10,SHIPFREE", "shipProfileId": 2, "salesTax": "1.00"}  # 49.95 - 5.00 + 1.00


@pytest.mark.parametrize("again", [{}, TERMS])
def test_legacy_paypal_charges_coupon_shipping_and_tax_sent_again_or_not(crm: Caller, again: dict[str, object]) -> None:
    orderId = crm.lead()
    page = crm.order(orderId, **PAYPAL, **TERMS)["message"]["paypalUrl"]
    assert "45.95 USD" in requests.get(page, timeout=PATIENCE).text
    returned = query_of(decide(page, "agree").headers["Location"])
    way = {"token": returned["token"], "payerId": returned["PayerID"], "campaignId": 7, "product1_id": 101}
    order = crm.call("/transactions/confirmPaypal/", **way, **again)["message"]
    assert (order["totalAmount"], order["totalDiscount"], order["shipTotal"]) == ("45.95", "17.95", "12.95")
    assert crm.desk("charges")["amounts"] == {orderId: "45.95"}


def test_what_confirm_paypal_says_of_the_coupon_stands(crm: Caller) -> None:
    page = crm.order(crm.lead(), **PAYPAL, **TERMS)["message"]["paypalUrl"]
    returned = query_of(decide(page, "agree").headers["Location"])
    way = {"token": returned["token"], "payerId": returned["PayerID"], "campaignId": 7, "product1_id": 101}
    assert crm.call("/transactions/confirmPaypal/", **way, couponCode="")["message"]["totalDiscount"] == "0.00"


def test_paypal_s_buttons_get_parameters_instead_of_an_address(crm: Caller) -> None:
    orderId = crm.lead()
    message = crm.order(orderId, **PAYPAL, paypalSdk=1)["message"]
    assert (message["orderId"], message["paypalUrl"], set(message["paypalSdkParams"])) == (orderId, None, {"id"})


@pytest.mark.parametrize("card", [BANK_CARD, None])
def test_the_bank_and_the_new_paypal_charge_what_the_coupon_has_left(crm: Caller, card: str | None) -> None:
    crm.desk("switches", paypal_workflow="new")
    orderId = crm.lead()
    payment = {"card": card} if card else PAYPAL
    page = crm.order(orderId, **{**payment, **BACK, **TERMS})["message"]["url"]
    assert "45.95 USD" in requests.get(page, timeout=PATIENCE).text
    decide(page, "agree")
    assert crm.row(orderId)["totalAmount"] == "45.95"
    assert crm.desk("charges")["amounts"] == {orderId: "45.95"}


@pytest.mark.parametrize("workflow", ["legacy", "new"])
def test_a_paypal_upsale_can_replace_a_product(crm: Caller, workflow: str) -> None:
    crm.desk("switches", paypal_workflow=workflow)
    orderId = crm.bought(product2_id=102)
    params = {**PAYPAL, **BACK, "replaceProductId": 102}
    message = crm.upsale(orderId, **params)["message"]
    back = decide(message["paypalUrl" if workflow == "legacy" else "url"], "agree")
    if workflow == "legacy":
        returned = query_of(back.headers["Location"])
        crm.upsale(orderId, **params, token=returned["token"], payerId=returned["PayerID"])
    assert set(crm.row(orderId)["items"]) == {"101", "201"}
    assert crm.charges(orderId) == {"order": 1, "upsale:201": 1}


@pytest.mark.parametrize("workflow", ["legacy", "new"])
def test_a_paypal_upsale_that_is_cancelled_leaves_the_order_as_it_was(crm: Caller, workflow: str) -> None:
    crm.desk("switches", paypal_workflow=workflow)
    orderId = crm.bought()
    message = crm.upsale(orderId, **PAYPAL, **BACK)["message"]
    returned = query_of(decide(message["paypalUrl" if workflow == "legacy" else "url"], "refuse").headers["Location"])
    assert ("token" in returned, "PayerID" in returned, "errorMsg" in returned) == (
        workflow == "legacy",
        False,
        workflow == "new",
    )
    assert crm.charges(orderId) == {"order": 1}


@pytest.mark.parametrize("house", ["bank", "paypal", "elsewhere"])
def test_a_page_nobody_was_sent_to_is_not_there(crm: Caller, house: str) -> None:
    assert requests.get(f"{crm.url}/_sandbox/{house}/0123", timeout=PATIENCE).status_code == 404
