"""What the client makes of answers nobody recorded, but somebody's code or help page tells of."""

import json
from decimal import Decimal
from typing import Any

import pytest
from crm_calls import CALLS, ORDER, QUERY, ask, client_for
from crm_peers import Peer, answer, says

from funnel.crm.calls import CampaignQuery, ImportClick, TransactionsQuery
from funnel.crm.campaigns import Campaign, CampaignProduct
from funnel.crm.errors import Garbled, Kind, Refused
from funnel.crm.replies import OrderReply, RedirectReply

DEADLINE = 10.0
PLACED = {"orderId": "D6C8C390A7", "orderStatus": "COMPLETE"}


def told(call: Any, message: object, result: str = "SUCCESS") -> Any:
    """What the client returns for this call when the CRM answers with this message."""
    body = json.dumps({"result": result, "message": message}).encode()
    with Peer(says(answer(body))) as crm:
        return ask(client_for(crm.url), call, DEADLINE)


@pytest.mark.parametrize(
    ("status", "charged"),
    [
        ("PARTIAL", False),
        ("partial", False),
        ("DECLINED", False),
        ("COMPLETE", True),
        ("PENDING", True),
        ("COD_PENDING", True),
        ("CANCELLED", True),
        ("REFUNDED", True),
    ],
)
def test_an_order_is_charged_unless_partial_or_declined(status: str, charged: bool) -> None:
    assert told(ORDER, {**PLACED, "orderStatus": status}).charged is charged


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("12.50", Decimal("12.50")),
        (12.5, Decimal("12.5")),
        (12, Decimal(12)),
        ("-1.00", Decimal("-1.00")),
        (None, None),
        ("", None),
        ("NaN", None),
        ("Infinity", None),
        ("1e9", None),
        (True, None),
        ({}, None),
        ("1,234.50", None),
    ],
)
def test_money_is_exact_and_an_illegible_total_does_not_disown_a_paid_order(sent: Any, read: Any) -> None:
    order = told(ORDER, {**PLACED, "totalAmount": sent})
    assert (order.totalAmount, order.charged) == (read, True)


@pytest.mark.parametrize(("sent", "read"), [("3", 3), (3, 3), ("3.00", 3), (3.0, 3), ("", 1), (None, 1), ("0", 0)])
def test_quantities_are_read_from_text_and_numbers(sent: Any, read: int) -> None:
    order = told(ORDER, {**PLACED, "items": [{"productId": "15271", "qty": sent}]})
    assert [item.qty for item in order.items] == [read]


def test_the_stub_of_a_preauthorised_order_is_no_item() -> None:
    (order,) = told(QUERY, {"data": [{**PLACED, "items": {"": {"productId": None}}}]})
    assert order.items == ()


def test_a_legacy_paypal_order_is_partial_and_tells_where_to_go() -> None:
    url = "https://www.paypal.com/cgi-bin/webscr?cmd=_express-checkout&token=EC-1"
    order = told(ORDER, {**PLACED, "orderStatus": "PARTIAL", "paypalUrl": url})
    assert isinstance(order, OrderReply)
    assert (order.charged, order.paypalUrl) == (False, url)


def test_paypals_sdk_parameters_are_kept_whole() -> None:
    token = "t" * 2000
    order = told(ORDER, {**PLACED, "orderStatus": "PARTIAL", "paypalSdkParams": {"id": token}})
    assert order.paypalSdkParams == {"id": token}


@pytest.mark.parametrize("call", ["ImportOrder", "ImportUpsale", "ConfirmPaypal"])
def test_each_charge_may_be_answered_by_a_redirect(call: str) -> None:
    reply = told(CALLS[call], {"script": "go()"}, result="MERC_REDIRECT")
    assert reply == RedirectReply(url=None, script="go()")


def test_a_later_click_keeps_its_session_when_the_crm_repeats_none() -> None:
    reply = told(ImportClick(pageType="leadPage", sessionId="a" * 32), "ok")
    assert (reply.sessionId, reply.pixel) == ("a" * 32, None)


@pytest.mark.parametrize(("sent", "read"), [("<iframe></iframe>", "<iframe></iframe>"), (False, None)])
def test_a_fraud_pixel_is_markup_or_nothing(sent: Any, read: str | None) -> None:
    assert told(CALLS["ImportClick"], {"sessionId": "a" * 32, "pixel": sent}).pixel == read


@pytest.mark.parametrize("shape", ["map", "list"])
def test_campaigns_are_read_from_a_map_and_from_a_list(shape: str) -> None:
    product = {"campaignProductId": 15271, "productId": 14015, "productName": "(14015) Lamp", "price": "0.30"}
    row = {"campaignId": 459, "campaignName": "Lamps", "currency": "USD", "products": [product]}
    data = {"459": row} if shape == "map" else [row]
    expected = CampaignProduct(15271, 14015, "(14015) Lamp", None, Decimal("0.30"), None)
    assert told(CampaignQuery(campaignId=459), {"data": data}) == (Campaign(459, "Lamps", "USD", (expected,)),)


def test_transactions_are_read_without_what_they_tell_of_the_card() -> None:
    row = {
        "transactionId": 43419,
        "orderId": "D6C8C390A7",
        "txnType": "SALE",
        "responseType": "SUCCESS",
        "totalAmount": "0.30",
        "billingCycleNumber": 1,
        "cardBin": "453957",
        "cardLast4": "1486",
        "items": [{"productId": 15271, "qty": 2}],
    }
    (transaction,) = told(TransactionsQuery(orderId="D6C8C390A7"), {"data": [row]})
    assert (transaction.transactionId, transaction.totalAmount) == ("43419", Decimal("0.30"))
    assert [(item.productId, item.qty) for item in transaction.items] == [("15271", 2)]
    assert "453957" not in repr(transaction)
    assert "1486" not in repr(transaction)


@pytest.mark.parametrize(
    ("text", "kind", "permanent", "may_have_charged"),
    [
        ("Transaction Declined: Incorrect Cvc", Kind.DECLINED, True, False),
        ("Transaction Declined: Prepaid Credit Cards Are Not Accepted", Kind.PREPAID, True, False),
        ("Sorry, prepaid cards not accepted", Kind.PREPAID, True, False),
        ("No products exist in the order", Kind.INVALID, True, False),
        ("Cannot user test card with live customer.", Kind.INVALID, True, False),
        ("Error: Could not authenticate credentials for user", Kind.AUTH, False, False),
        ("IP must be whitelisted", Kind.AUTH, False, False),
        ("No purchases matching those parameters could be found", Kind.NOT_FOUND, True, False),
        ("Duplicate transaction", Kind.UNKNOWN, False, True),
        ("Security error: Security header is not valid", Kind.UNKNOWN, False, True),
        ("", Kind.UNKNOWN, False, True),
        (None, Kind.UNKNOWN, False, True),
        ([], Kind.UNKNOWN, False, True),
        ({}, Kind.UNKNOWN, False, True),
        ({"orderId": "D6C8C390A7", "orderStatus": "COMPLETE"}, Kind.UNKNOWN, False, True),
        ({"shipCity": "is a required field", "items": []}, Kind.UNKNOWN, False, True),
        ({"shipCity": "is a required field"}, Kind.INVALID, True, False),
    ],
)
def test_a_refusal_is_known_by_its_text(text: object, kind: Kind, permanent: bool, may_have_charged: bool) -> None:
    with pytest.raises(Refused) as caught:
        told(ORDER, text, result="ERROR")
    error = caught.value
    assert (error.kind, error.permanent, error.may_have_charged) == (kind, permanent, may_have_charged)
    assert error.answered


def test_a_query_that_is_refused_for_another_reason_is_not_an_empty_answer() -> None:
    with pytest.raises(Refused):
        told(QUERY, "IP must be whitelisted", result="ERROR")


@pytest.mark.parametrize(
    ("call", "message", "result"),
    [
        (ORDER, None, "SUCCESS"),
        (ORDER, [], "SUCCESS"),
        (ORDER, "Card is preauthorized", "SUCCESS"),
        (ORDER, {"orderStatus": "COMPLETE"}, "SUCCESS"),
        (ORDER, {"orderId": "", "orderStatus": "COMPLETE"}, "SUCCESS"),
        (ORDER, {"orderId": True, "orderStatus": "COMPLETE"}, "SUCCESS"),
        (ORDER, {"orderId": "D6<script>", "orderStatus": "COMPLETE"}, "SUCCESS"),
        (ORDER, {"orderId": "D6C8C390A7"}, "SUCCESS"),
        (ORDER, {**PLACED, "items": "all of them"}, "SUCCESS"),
        (ORDER, {**PLACED, "items": ["lamp"]}, "SUCCESS"),
        (ORDER, {**PLACED, "items": [{"productId": 1, "qty": "some"}]}, "SUCCESS"),
        (ORDER, {**PLACED, "items": [{"productId": 1, "qty": 1.5}]}, "SUCCESS"),
        (ORDER, {**PLACED, "paypalUrl": "javascript:alert(1)"}, "SUCCESS"),
        (ORDER, {}, "MERC_REDIRECT"),
        (ORDER, "https://bank.example/", "MERC_REDIRECT"),
        (ORDER, {"url": "javascript:alert(1)"}, "MERC_REDIRECT"),
        (ORDER, {"url": "https://bank.example/", "script": "go()"}, "MERC_REDIRECT"),
        (CALLS["ImportLead"], {"orderStatus": "PARTIAL"}, "SUCCESS"),
        (CALLS["ImportLead"], {"url": "https://bank.example/"}, "MERC_REDIRECT"),
        (CALLS["ImportClick"], {}, "SUCCESS"),
        (CALLS["ImportClick"], {"sessionId": {}}, "SUCCESS"),
        (CALLS["ConfirmOrder"], None, "MERC_REDIRECT"),
        (QUERY, {"data": []}, "MERC_REDIRECT"),
        (QUERY, {"totalResults": 0}, "SUCCESS"),
        (QUERY, {"data": "none"}, "SUCCESS"),
        (QUERY, {"data": [1]}, "SUCCESS"),
        (CALLS["TransactionsQuery"], {"data": [{"orderId": "D6C8C390A7"}]}, "SUCCESS"),
        (CALLS["CampaignQuery"], {"data": {"459": {"campaignName": "Lamps"}}}, "SUCCESS"),
        (CALLS["CampaignQuery"], {"data": [{"campaignId": 459, "products": [{}]}]}, "SUCCESS"),
    ],
)
def test_a_success_without_the_facts_is_illegible(call: Any, message: object, result: str) -> None:
    with pytest.raises(Garbled) as caught:
        told(call, message, result)
    assert (caught.value.answered, caught.value.may_have_charged) == (True, True)


def test_texts_can_be_stored_anywhere() -> None:
    order = told(ORDER, {**PLACED, "items": [{"productId": 1, "name": "Lamp\0 \ud800" + "x" * 9999}]})
    assert order.items[0].name == "Lamp ?" + "x" * 494


def test_a_byte_order_mark_does_no_harm() -> None:
    body = json.dumps({"result": "SUCCESS", "message": PLACED}).encode("utf-8-sig")
    with Peer(says(answer(body))) as crm:
        assert ask(client_for(crm.url), ORDER, DEADLINE)
