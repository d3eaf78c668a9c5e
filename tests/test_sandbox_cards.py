"""Each of the sandbox's test cards is a valid number and does what its sentence says."""

from collections.abc import Iterator

import pytest
import requests
from sandbox_caller import Caller, order_params, sandbox

from funnel.sandbox.cards import TEST_CARDS, SandboxCard, is_card_number
from funnel.sandbox.switches import Switches

APPROVING = [
    "0000000000000000",
    "4111111111111111",
    "4242424242424242",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
]
UNLISTED = "4012888888881881"
LOST = "no answer"


@pytest.fixture
def crm() -> Iterator[Caller]:
    with sandbox(switches=Switches(slow_seconds=0.1)) as caller:
        yield caller


@pytest.mark.parametrize("card", TEST_CARDS, ids=lambda card: card.number)
def test_the_number_is_valid_and_explained(card: SandboxCard) -> None:
    assert is_card_number(card.number)
    assert card.sentence


def test_no_number_stands_in_the_table_twice() -> None:
    assert len({card.number for card in TEST_CARDS}) == len(TEST_CARDS)


@pytest.mark.parametrize("text", ["", "4242424242424241", "424242424242", "٤" * 16, "4" * 20, "4242a42424242424"])
def test_other_texts_are_no_card_numbers(text: str) -> None:
    assert not is_card_number(text)


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        *zip(APPROVING, ["TESTCARD", "VISA", "VISA", "MASTERCARD", "MASTERCARD", "AMEX"], strict=True),
        (UNLISTED, "VISA"),
    ],
)
def test_an_ordinary_card_approves(crm: Caller, number: str, brand: str) -> None:
    order = crm.order(crm.lead(), number)["message"]
    assert (order["orderStatus"], order["cardType"]) == ("COMPLETE", brand)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("4000000000000002", "Card Declined"),
        ("4000000000009995", "Insufficient Funds"),
        ("4000000000000127", "Incorrect Cvc"),
        ("4000000000000069", "Prepaid Credit Cards Are Not Accepted"),
    ],
)
def test_a_declining_card_is_refused_with_its_text(crm: Caller, number: str, text: str) -> None:
    orderId = crm.lead()
    assert crm.order(orderId, number)["message"] == f"Transaction Declined: {text}"
    assert crm.charges(orderId) == {}


def test_a_held_order_is_pending_and_counts_as_charged(crm: Caller) -> None:
    order = crm.order(crm.lead(), "4000000000004954")["message"]
    assert (order["orderStatus"], order["reviewStatus"], order["amountPaid"]) == ("PENDING", "PENDING", None)
    item = order["items"][0]
    assert (item["purchaseStatus"], item["txnType"], item["nextBillDate"]) == ("PENDING", "AUTHORIZE", "")
    assert crm.charges(order["orderId"]) == {"order": 1}


def test_any_card_is_held_when_the_call_asks_for_it(crm: Caller) -> None:
    assert crm.order(crm.lead(), forceQA=1)["message"]["reviewStatus"] == "PENDING"


@pytest.mark.parametrize(
    ("number", "answer", "charged"),
    [
        ("4000000000000259", '"SUCCESS"', True),
        ("4000000000006009", LOST, True),
        ("4000000000006017", LOST, False),
        ("4000000000006025", "<h1>Something went wrong", True),
        ("4000000000006033", "an error text nobody has met", False),
        ("4000000000006041", LOST, True),
        ("4000000000006082", '{"result":"SUCCESS"', True),
        ("4000000000006090", "<h1>Something went wrong", False),
    ],
)
def test_a_troubled_card_loses_the_answer_or_the_charge(crm: Caller, number: str, answer: str, charged: bool) -> None:
    orderId = crm.lead()
    assert answer in text_or_loss(crm, "/order/import/", order_params(orderId, number))
    assert crm.charges(orderId) == ({"order": 1} if charged else {})
    assert crm.row(orderId)["orderStatus"] == ("COMPLETE" if charged else "PARTIAL")


@pytest.mark.parametrize(
    ("number", "answer", "charged"),
    [
        ("4000000000000341", "Transaction Declined: Card Declined", False),
        ("4000000000000259", '"SUCCESS"', True),
        ("4000000000006058", LOST, True),
        ("4000000000006066", LOST, False),
    ],
)
def test_some_cards_wait_for_the_upsale(crm: Caller, number: str, answer: str, charged: bool) -> None:
    orderId = crm.bought(number)
    assert answer in text_or_loss(crm, "/upsale/import/", {"orderId": orderId, "productId": 201})
    assert crm.charges(orderId) == {"order": 1, **({"upsale:201": 1} if charged else {})}


def text_or_loss(crm: Caller, path: str, params: dict[str, object]) -> str:
    try:
        return crm.post(path, **params).text
    except requests.ConnectionError:
        return LOST
