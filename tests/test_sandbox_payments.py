"""The sandbox takes every way to pay, reviews orders that are held, and refuses by limits of its own."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from sandbox_caller import DECLINES, PATIENCE, Caller, sandbox

CHECK = {
    "paySource": "CHECK",
    "achAccountType": "CHECKING",
    "achRoutingNumber": "021000021",
    "achAccountNumber": "5550001111",
}
DEBIT = {"paySource": "DIRECTDEBIT", "iban": "DE89370400440532013000", "accountHolder": "Maya Brandt"}
APPLE = {"paySource": "APPLEPAY", "applePayToken": "apple-token-1"}
GOOGLE = {"paySource": "GOOGLEPAY", "googlePayToken": "google-token-1"}
AMAZON = {"paySource": "AMAZON", "amazonOrderId": "P01-1111111-1111111"}
NO_CARD = dict.fromkeys(("cardNumber", "cardMonth", "cardYear", "cardSecurityCode"), "")
BACK = {"redirectsTo": "https://shop.test/back", "errorRedirectsTo": "https://shop.test/failed"}


@pytest.fixture
def crm() -> Iterator[Caller]:
    with sandbox() as caller:
        yield caller


def pay(crm: Caller, orderId: str, **payment: object) -> Any:
    return crm.order(orderId, **{**NO_CARD, **payment})["message"]


@pytest.mark.parametrize("payment", [CHECK, DEBIT, APPLE, GOOGLE, AMAZON, {"paySource": "PREPAID"}])
def test_every_way_to_pay_pays_the_order_and_its_upsales(crm: Caller, payment: dict[str, object]) -> None:
    order = pay(crm, crm.lead(), **payment)
    assert (order["orderStatus"], order["paySource"], order["cardLast4"]) == ("COMPLETE", payment["paySource"], None)
    assert crm.row(order["orderId"])["paySource"] == payment["paySource"]
    assert crm.upsale(order["orderId"])["result"] == "SUCCESS"
    assert crm.charges(order["orderId"]) == {"order": 1, "upsale:201": 1}


def test_cash_on_delivery_is_not_paid_yet(crm: Caller) -> None:
    order = pay(crm, crm.lead(), paySource="COD")
    assert (order["orderStatus"], order["amountPaid"], order["totalAmount"]) == ("COD_PENDING", None, "54.90")
    assert crm.upsale(order["orderId"])["message"]["orderStatus"] == "COD_PENDING"


def test_an_account_on_file_is_what_the_customer_paid_with_before(crm: Caller) -> None:
    lead = crm.call("/order/query/", orderId=crm.bought("378282246310005"))["message"]["data"][0]
    onFile = {"paySource": "ACCTONFILE", "customerId": lead["customerId"]}
    assert pay(crm, crm.lead(), **onFile)["cardType"] == "AMEX"
    assert pay(crm, crm.lead(), **{**onFile, "customerId": 1}) == "Customer not found"


@pytest.mark.parametrize(
    ("payment", "message"),
    [
        ({**CHECK, "achAccountNumber": ""}, {"achAccountNumber": "is a required field"}),
        ({**CHECK, "achRoutingNumber": "123"}, {"achRoutingNumber": "Not a valid input"}),
        (
            {**CHECK, "achAccountType": "GOLD"},
            {"achAccountType": "Not a valid input. Must be in: 'CHECKING', 'SAVINGS'"},
        ),
        ({"paySource": "DIRECTDEBIT"}, {"iban": "is a required field"}),
        ({"paySource": "APPLEPAY"}, {"applePayToken": "is a required field"}),
        ({"paySource": "GOOGLEPAY"}, {"googlePayToken": "is a required field"}),
        ({"paySource": "AMAZON"}, {"amazonOrderId": "is a required field"}),
        ({"paySource": "ACCTONFILE"}, {"customerId": "is a required field"}),
        ({**CHECK, "achAccountNumber": "5550000002"}, "Transaction Declined: Card Declined"),
        ({**DEBIT, "iban": "DE8937040044053201 0002"}, "Transaction Declined: Card Declined"),
        ({**APPLE, "applePayToken": "t-0069"}, "Transaction Declined: Prepaid Credit Cards Are Not Accepted"),
    ],
)
def test_what_is_wrong_with_a_payment_is_told(crm: Caller, payment: dict[str, object], message: object) -> None:
    assert pay(crm, crm.lead(), **payment) == message
    assert crm.desk("charges")["total"] == 0


def test_a_payment_source_out_of_the_list_is_told_the_list(crm: Caller) -> None:
    message = pay(crm, crm.lead(), paySource="GOLD")
    assert message["paySource"].startswith("Not a valid input. Must be in: 'CREDITCARD', 'CHECK'")


def test_a_wallet_s_token_pays_once(crm: Caller) -> None:
    crm.desk("switches", partial_reuse=False)
    assert pay(crm, crm.lead(), **APPLE)["orderStatus"] == "COMPLETE"
    assert pay(crm, crm.lead(), **APPLE) == "Transaction Declined: Payment Token Already Used"


def test_an_account_that_loses_the_answer_is_charged_all_the_same(crm: Caller) -> None:
    orderId = crm.lead()
    with pytest.raises(requests.ConnectionError):
        pay(crm, orderId, **{**DEBIT, "iban": "DE893704004405326009"})
    assert crm.charges(orderId) == {"order": 1}


@pytest.mark.parametrize("payment", [CHECK, DEBIT, {**APPLE, "applePayToken": "a-secret"}, GOOGLE])
def test_accounts_and_tokens_are_masked_in_the_log_and_on_the_page(crm: Caller, payment: dict[str, object]) -> None:
    order = pay(crm, crm.lead(), **payment)
    secret = str(payment.get("achAccountNumber") or payment.get("iban") or list(payment.values())[-1])
    page = requests.get(crm.url, timeout=PATIENCE).text
    for text in (json.dumps(crm.desk("calls")), page, json.dumps(order), json.dumps(crm.row(order["orderId"]))):
        assert secret not in text


def test_an_order_tells_its_account_masked(crm: Caller) -> None:
    order = pay(crm, crm.lead(), **CHECK, achNameOnCheck="Maya Brandt")
    told = {name: value for name, value in order.items() if name.startswith("ach")}
    assert told == {
        "achAccountHolderType": None,
        "achAccountType": "CHECKING",
        "achRoutingNumber": "021000021",
        "achNameOnAccount": "Maya Brandt",
        "achAccountNumber": "•••1111",
    }
    order = pay(crm, crm.lead(disableCustomerDedup=1), **DEBIT)
    assert (order["ibanLast4"], order["accountHolder"]) == ("3000", "Maya Brandt")


def test_an_upsale_may_bring_a_payment_of_its_own(crm: Caller) -> None:
    orderId = crm.bought("4000000000000341")
    assert crm.upsale(orderId)["message"] == "Transaction Declined: Card Declined"
    assert crm.upsale(orderId, **GOOGLE)["result"] == "SUCCESS"


HELD = "4000000000004954"


@pytest.mark.parametrize(
    ("card", "more", "status"),
    [
        (HELD, {}, "PENDING"),
        (HELD, {"skipQA": 1}, "COMPLETE"),
        ("4242424242424242", {"forceQA": 1}, "PENDING"),
        ("4242424242424242", {"forceQA": 0}, "COMPLETE"),
    ],
)
def test_review_is_forced_and_skipped_by_the_call(crm: Caller, card: str, more: dict[str, object], status: str) -> None:
    assert crm.order(crm.lead(), card, **more)["message"]["orderStatus"] == status


def test_review_is_forced_beyond_the_bank_too(crm: Caller) -> None:
    orderId = crm.lead()
    page = crm.order(orderId, "4000000000003220", forceQA=1, **BACK)["message"]["url"]
    requests.post(page, data={"decision": "agree"}, timeout=PATIENCE)
    assert crm.row(orderId)["orderStatus"] == "PENDING"


def test_a_held_order_that_is_approved_is_complete_and_captured(crm: Caller) -> None:
    orderId = crm.order(crm.lead(), HELD, couponCode="FIVE")["message"]["orderId"]
    reply = crm.call("/order/qa/", orderId=orderId, action="APPROVE")
    assert reply == {"result": "SUCCESS", "message": "Order QA Approved"}
    row = crm.row(orderId)
    assert (row["orderStatus"], row["reviewStatus"], row["totalAmount"]) == ("COMPLETE", "APPROVED", "49.90")
    assert row["items"]["101"]["txnType"] == "CAPTURE"
    assert crm.call("/order/qa/", orderId=orderId, action="APPROVE")["result"] == "ERROR"


def test_a_held_order_that_is_declined_is_declined(crm: Caller) -> None:
    orderId = crm.order(crm.lead(), HELD)["message"]["orderId"]
    assert crm.call("/order/qa/", orderId=orderId, action="DECLINE")["result"] == "SUCCESS"
    assert crm.row(orderId)["orderStatus"] == "DECLINED"


@pytest.mark.parametrize("action", ["APPROVED", "approve"])
def test_a_review_has_two_verbs(crm: Caller, action: str) -> None:
    message = crm.call("/order/qa/", orderId=crm.bought(), action=action)["message"]
    assert message == {"action": "Not a valid input. Must be in: 'APPROVE', 'DECLINE'"}


@pytest.mark.parametrize(
    ("card", "words"), [("4000000000005019", "already been purchased"), ("4000000000005027", "decline limit")]
)
def test_two_cards_are_refused_by_the_crm_itself_and_not_as_a_decline(crm: Caller, card: str, words: str) -> None:
    orderId = crm.lead()
    reply = crm.order(orderId, card)
    assert reply["result"] == "ERROR"
    assert words in reply["message"]
    assert not reply["message"].startswith("Transaction Declined")
    assert crm.row(orderId)["orderStatus"] == "PARTIAL"
    assert crm.desk("charges")["declines"] == 0


def test_reorder_days_keep_a_customer_from_buying_the_same_again(crm: Caller) -> None:
    crm.desk("switches", reorder_days=30)
    crm.bought()
    again = crm.order(crm.lead())["message"]
    assert "already been purchased within the reorder days" in again
    assert crm.order(crm.lead(), product1_id=102)["result"] == "SUCCESS"
    assert crm.order(crm.lead(emailAddress="other@example.com"))["result"] == "SUCCESS"
    crm.clock.ahead = 31 * 86_400
    assert crm.order(crm.lead())["result"] == "SUCCESS"


def test_after_so_many_declines_a_customer_is_refused(crm: Caller) -> None:
    crm.desk("switches", decline_limit=2)
    orderId = crm.lead()
    for _ in range(2):
        assert crm.order(orderId, DECLINES)["message"].startswith("Transaction Declined")
    assert "decline limit reached" in crm.order(orderId)["message"]
    assert crm.charges(orderId) == {}


def test_a_crm_without_the_fraud_plugin_gives_no_pixel(crm: Caller) -> None:
    click = {"pageType": "checkoutPage", "campaignId": 7, "requestUri": "https://shop.test/", "fraudPixel": 1}
    crm.desk("switches", fraud_plugin=False)
    assert crm.call("/landers/clicks/import/", **click)["message"]["pixel"] is False


@pytest.mark.parametrize(
    ("choice", "upsale_total", "amount"), [("full", "14.00", "68.90"), ("difference", "4.00", "58.90")]
)
def test_a_replaced_product_leaves_the_order_and_what_is_charged_is_by_the_switch(
    crm: Caller, choice: str, upsale_total: str, amount: str
) -> None:
    crm.desk("switches", replace_charges=choice)
    orderId = crm.bought(product2_id=102, product2_qty=1, product1_shipPrice="0", product1_price="44.90")
    order = crm.upsale(orderId, replaceProductId=102)["message"]
    assert [item["productId"] for item in order["items"]] == ["101", "201"]
    assert (order["totalAmount"], order["amountPaid"]) == ("58.90", amount)
    assert crm.row(orderId)["totalAmount"] == "58.90"
    newest = crm.call("/transactions/query/", orderId=orderId)["message"]["data"][0]
    assert newest["totalAmount"] == upsale_total
    assert crm.desk("charges")["amounts"] == {orderId: amount}


def test_only_what_is_in_the_order_can_be_replaced(crm: Caller) -> None:
    orderId = crm.bought()
    assert crm.upsale(orderId, replaceProductId=102)["message"] == {"replaceProductId": "Not a valid input"}
    assert crm.charges(orderId) == {"order": 1}


def test_a_discount_never_outlives_what_it_was_taken_off(crm: Caller) -> None:
    orderId = crm.bought(product1_id=102, couponCode="FIVE")
    order = crm.upsale(orderId, replaceProductId=102, productPrice="2.00")["message"]
    assert (order["subTotal"], order["totalDiscount"], order["totalAmount"]) == ("2.00", "2.00", "0.00")


def test_an_upsale_of_several_lines_counts_each(crm: Caller) -> None:
    orderId = crm.bought()
    lines = {"productId": "", "product1_id": 201, "product2_id": 102, "product2_qty": 2}
    order = crm.upsale(orderId, **lines, productSalesTax="1.10")["message"]
    assert (order["totalAmount"], order["taxTotal"]) == ("90.00", "1.10")
    assert crm.charges(orderId) == {"order": 1, "upsale:201": 1, "upsale:102": 1}
