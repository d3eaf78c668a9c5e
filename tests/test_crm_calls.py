"""What a call looks like on the wire, and what it never shows."""

import logging
import pickle
from contextlib import suppress
from copy import deepcopy
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest
from crm_calls import CALLS, CARD_NUMBER, ORDER, SECURITY_CODE, ask, client_for
from crm_peers import Peer, answer, says

from funnel.crm.calls import (
    Call,
    CampaignQuery,
    ConfirmPaypal,
    ImportLead,
    ImportOrder,
    ImportUpsale,
    Line,
    TransactionsQuery,
)
from funnel.crm.errors import CrmError, Garbled, NoAnswer, NotSent, Refused
from funnel.crm.form import parameters
from funnel.crm.pricing import OrderCoupon, SalesTax

DEADLINE = 10.0


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            ImportLead(campaignId=459, firstName="Zoë", billShipSame=True, disableCustomerDedup=False),
            {"campaignId": "459", "firstName": "Zoë", "billShipSame": "1", "disableCustomerDedup": "0"},
        ),
        (
            ImportOrder(
                campaignId=459,
                paySource="PAYPAL",
                salesTax=Decimal("1.5"),
                lines=(
                    Line(productId=1, qty=3, price=Decimal(10), shipPrice=Decimal("0")),
                    Line(productId=2, variantId=9),
                ),
            ),
            {
                "campaignId": "459",
                "paySource": "PAYPAL",
                "salesTax": "1.50",
                "product1_id": "1",
                "product1_qty": "3",
                "product1_price": "10.00",
                "product1_shipPrice": "0.00",
                "product2_id": "2",
                "product2_qty": "1",
                "variant2_id": "9",
            },
        ),
        (
            ORDER,
            {
                "campaignId": "459",
                "orderId": "D6C8C390A7",
                "emailAddress": "pat@example.com",
                "product1_id": "15271",
                "product1_qty": "1",
                "paySource": "CREDITCARD",
                "cardNumber": CARD_NUMBER,
                "cardMonth": "04",
                "cardYear": "2031",
                "cardSecurityCode": SECURITY_CODE,
            },
        ),
        (
            ImportUpsale(orderId="D6", productId=7, productQty=2, productPrice=Decimal("9.9")),
            {"orderId": "D6", "productId": "7", "productQty": "2", "productPrice": "9.90"},
        ),
        (
            ImportUpsale(
                orderId="D6",
                lines=(Line(productId=7), Line(productId=8, qty=2)),
                replaceProductId=1,
                forceQA=True,
                skipQA=False,
            ),
            {
                "orderId": "D6",
                "product1_id": "7",
                "product1_qty": "1",
                "product2_id": "8",
                "product2_qty": "2",
                "replaceProductId": "1",
                "forceQA": "1",
                "skipQA": "0",
            },
        ),
        (
            OrderCoupon(campaignId=459, couponCode="SAVE10", lines=(Line(productId=1, qty=2),)),
            {"campaignId": "459", "couponCode": "SAVE10", "product1_id": "1", "product1_qty": "2"},
        ),
        (
            SalesTax(campaignId=459, lines=(Line(productId=1),), shipState="CA", shipCountry="US", couponCode="FIVE"),
            {
                "campaignId": "459",
                "product1_id": "1",
                "product1_qty": "1",
                "shipState": "CA",
                "shipCountry": "US",
                "couponCode": "FIVE",
            },
        ),
        (
            ConfirmPaypal(campaignId=459, baToken="BA-1", lines=(Line(productId=1),)),
            {"campaignId": "459", "baToken": "BA-1", "product1_id": "1", "product1_qty": "1"},
        ),
        (
            TransactionsQuery(startDate=date(2026, 9, 5), endDate=date(2026, 9, 16), page=2),
            {"startDate": "09/05/2026", "endDate": "09/16/2026", "page": "2"},
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Call) else "",
)
def test_a_call_becomes_the_crms_own_parameters(call: Call, expected: dict[str, str]) -> None:
    assert parameters(call) == expected


@pytest.mark.parametrize("name", CALLS)
def test_parameters_travel_in_the_body_and_nowhere_else(name: str) -> None:
    call = CALLS[name]
    with Peer(says(answer(b'{"result":"ERROR","message":"could be found"}'))) as crm, suppress(Refused):
        ask(client_for(crm.url), call, DEADLINE)
    ((head, body),) = crm.requests
    assert head.splitlines()[0] == f"POST {call.path} HTTP/1.1"
    assert "Content-Type: application/x-www-form-urlencoded" in head.splitlines()
    assert dict(parse_qsl(body)) == {"loginId": "apiuser", "password": "apisecret", **parameters(call)}
    assert [value for value in ("apiuser", "apisecret", CARD_NUMBER) if value in head] == []


def test_what_browsers_send_is_encoded_once_and_never_chokes() -> None:
    odd = "100% & more=1+1? ünï \ud800"
    with Peer(says(answer(b'{"result":"SUCCESS","message":{"orderId":"D6"}}'))) as crm:
        client_for(crm.url).import_lead(ImportLead(campaignId=1, firstName=odd), deadline=DEADLINE)
    ((_, body),) = crm.requests
    assert dict(parse_qsl(body))["firstName"] == odd.replace("\ud800", "?")


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{!r:>9}".format, lambda call: f"{call.payment}"])
def test_a_call_shows_no_card(show: object) -> None:
    shown = show(ORDER)  # type: ignore[operator]
    assert [secret for secret in (CARD_NUMBER, SECURITY_CODE, "2031") if secret in shown] == []


def test_a_call_with_a_card_cannot_be_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(ORDER)


def failures() -> list[CrmError]:
    """One error of each branch, out of a charge, the CRM echoing the card where it can."""
    echo = f'{{"result":"ERROR","message":"Odd card {CARD_NUMBER}"}}'.encode()
    echoed_field = f'{{"result":"ERROR","message":{{"cardNumber":"is no card: {CARD_NUMBER}"}}}}'.encode()
    page = f"<h1>Error</h1>{CARD_NUMBER}".encode()
    scripts = [says(answer(echo)), says(answer(echoed_field)), says(answer(page)), says()]
    caught = []
    for script in scripts:
        with Peer(script) as crm:
            caught.append(_failure(crm.url))
    return [*caught, _failure(crm.url)]


def _failure(url: str) -> CrmError:
    with pytest.raises(CrmError) as caught:
        client_for(url).import_order(ORDER, deadline=DEADLINE)
    return caught.value


def test_no_error_shows_or_carries_the_card() -> None:
    errors = failures()
    assert [type(error) for error in errors] == [Refused, Refused, Garbled, NoAnswer, NotSent]
    for error in errors:
        shown = f"{error} {error!r} {vars(error)} {error.args}".encode() + pickle.dumps(error)
        secrets = (CARD_NUMBER, "pat@example.com", "apisecret")
        assert [secret for secret in secrets if secret.encode() in shown] == []
        # An error of the libraries would hold the whole request.
        assert (error.__context__, error.__cause__) == (None, None)
        assert len(str(error)) < 100


def test_an_error_survives_copying_with_what_it_knows() -> None:
    for error in failures():
        again = deepcopy(error)
        assert (str(again), vars(again)) == (str(error), vars(error))


def test_a_call_is_one_log_line_without_parameters(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "funnel.crm")
    with Peer(says(answer(b'{"result":"ERROR","message":"Transaction Declined: Card Declined"}'))) as crm:
        _failure(crm.url)
    lines = [record for record in caplog.records if record.name == "funnel.crm"]
    assert [(line.levelname, line.exc_info) for line in lines] == [("INFO", None)]
    told = vars(lines[0])
    assert (told["call"], told["outcome"], type(told["ms"])) == ("ImportOrder", "Refused-DECLINED", int)
    assert lines[0].getMessage() == "crm call"
    assert [secret for secret in (CARD_NUMBER, SECURITY_CODE, "pat@") if secret in caplog.text] == []


def test_a_call_that_only_reads_ends_in_success(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "funnel.crm")
    with Peer(says(answer(b'{"result":"SUCCESS","message":{"data":[]}}'))) as crm:
        client_for(crm.url).campaign_query(CampaignQuery(campaignId=1), deadline=DEADLINE)
    assert [vars(record)["outcome"] for record in caplog.records if record.name == "funnel.crm"] == ["Success"]
