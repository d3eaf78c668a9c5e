"""Every way to pay goes out under the CRM's own names, and shows nothing that could be used to take money."""

import json
import logging
import pickle
from copy import deepcopy
from decimal import Decimal
from typing import get_args
from urllib.parse import parse_qsl

import pytest
from crm_calls import client_for
from crm_peers import Peer, answer, says

from funnel.cards import Card, Secret
from funnel.crm.browser import BrowserData, Screen
from funnel.crm.calls import ImportOrder, ImportUpsale, Line
from funnel.crm.form import parameters
from funnel.crm.payments import (
    AccountOnFile,
    AmazonPay,
    ApplePay,
    CashOnDelivery,
    Check,
    DirectDebit,
    GooglePay,
    Payment,
    Paypal,
    Prepaid,
)

DEADLINE = 10.0
PLACED = b'{"result":"SUCCESS","message":{"orderId":"D6","orderStatus":"COMPLETE"}}'
WAYS: list[tuple[Payment, dict[str, str]]] = [
    (
        Card(Secret("4539578763621486"), 4, 2031, Secret("731")),
        {
            "paySource": "CREDITCARD",
            "cardNumber": "4539578763621486",
            "cardMonth": "04",
            "cardYear": "2031",
            "cardSecurityCode": "731",
        },
    ),
    (
        Check(achAccountType="CHECKING", achRoutingNumber=Secret("021000021"), achAccountNumber=Secret("9876543210")),
        {
            "paySource": "CHECK",
            "achAccountType": "CHECKING",
            "achRoutingNumber": "021000021",
            "achAccountNumber": "9876543210",
        },
    ),
    (
        DirectDebit(iban=Secret("DE89370400440532013000"), accountHolder="Pat Example"),
        {"paySource": "DIRECTDEBIT", "iban": "DE89370400440532013000", "accountHolder": "Pat Example"},
    ),
    (ApplePay(applePayToken=Secret("apple-token")), {"paySource": "APPLEPAY", "applePayToken": "apple-token"}),
    (GooglePay(googlePayToken=Secret("google-token")), {"paySource": "GOOGLEPAY", "googlePayToken": "google-token"}),
    (Prepaid(), {"paySource": "PREPAID"}),
    (CashOnDelivery(), {"paySource": "COD"}),
    (
        AccountOnFile(customerId=19241, paySourceId=5),
        {"paySource": "ACCTONFILE", "customerId": "19241", "paySourceId": "5"},
    ),
    (
        AmazonPay(amazonOrderId="P01-1", amazonBillerId=3),
        {"paySource": "AMAZON", "amazonOrderId": "P01-1", "amazonBillerId": "3"},
    ),
    (
        Paypal(paypalBillerId=7, paypalSdk=True, prepaidType="PAYPAL_VENMO"),
        {"paySource": "PAYPAL", "paypalBillerId": "7", "paypalSdk": "1", "prepaidType": "PAYPAL_VENMO"},
    ),
]
SECRETS = (
    "4539578763621486",
    "731",
    "021000021",
    "9876543210",
    "DE89370400440532013000",
    "apple-token",
    "google-token",
)
HOLDING_SECRETS = [
    payment for payment, _ in WAYS if isinstance(payment, Card | Check | DirectDebit | ApplePay | GooglePay)
]


def test_every_way_to_pay_is_here() -> None:
    assert {type(payment) for payment, _ in WAYS} == set(get_args(Payment))


@pytest.mark.parametrize(("payment", "expected"), WAYS, ids=lambda value: type(value).__name__)
def test_a_payment_brings_its_own_pay_source_to_orders_and_to_upsales(
    payment: Payment, expected: dict[str, str]
) -> None:
    order = ImportOrder(campaignId=459, lines=(Line(productId=1),), paySource="CREDITCARD", payment=payment)
    lines = {"product1_id": "1", "product1_qty": "1"}
    assert parameters(order) == {"campaignId": "459", **lines, **expected}
    assert parameters(ImportUpsale(orderId="D6", productId=2, payment=payment)) == {
        "orderId": "D6",
        "productId": "2",
        **expected,
    }


@pytest.mark.parametrize("payment", HOLDING_SECRETS, ids=lambda payment: type(payment).__name__)
def test_no_payment_shows_or_lends_its_secrets(payment: Payment, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    call = ImportOrder(campaignId=459, payment=payment)
    with Peer(says(answer(PLACED))) as crm:
        client_for(crm.url).import_order(call, deadline=DEADLINE)
    shown = f"{payment} {payment!r} {call} {call!r} {caplog.text}"
    assert [secret for secret in SECRETS if secret in shown] == []
    for spread in (pickle.dumps, deepcopy):
        with pytest.raises(TypeError):
            spread(payment)
    ((head, body),) = crm.requests
    assert [secret for secret in SECRETS if secret in head] == []
    assert dict(parse_qsl(body)).items() >= dict(parameters(call)).items()


def test_what_the_bank_wants_to_know_of_the_browser_goes_as_json_in_one_parameter() -> None:
    browser = BrowserData(
        acceptHeader="text/html",
        userAgent='Safari "17"',
        timezone=-120,
        screen=Screen(height=844, width=390),
        javaScriptEnabled=True,
        javaEnabled=False,
    )
    sent = parameters(ImportOrder(campaignId=459, browserData=browser))["browserData"]
    assert json.loads(sent) == {
        "acceptHeader": "text/html",
        "userAgent": 'Safari "17"',
        "timezone": -120,
        "screen": {"height": 844, "width": 390},
        "javaScriptEnabled": True,
        "javaEnabled": False,
    }


@pytest.mark.parametrize(
    ("amount", "sent"),
    [("1000", "1000.00"), ("1E+3", "1000.00"), ("9.9", "9.90"), ("4.955", "4.955"), ("3.430", "3.43")],
)
def test_no_amount_is_rounded_on_its_way(amount: str, sent: str) -> None:
    order = ImportOrder(campaignId=459, salesTax=Decimal(amount), insureShipment=True)
    assert parameters(order) == {"campaignId": "459", "salesTax": sent, "insureShipment": "1"}
