"""Every answer recorded from the vendor's test gateway, replayed through the client over real HTTP."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from crm_calls import CALLS, ask, client_for
from crm_peers import Peer, answer, says

from funnel.crm.errors import CrmError
from funnel.crm.replies import OrderItem, OrderReply

RECORDED = Path(__file__).parent / "recorded"
INDEX = json.loads((RECORDED / "index.json").read_text())
DEADLINE = 10.0


def replay(file: str, call: str) -> Any:
    """What the client makes of this answer: a reply, the only one of a tuple, or the error."""
    with Peer(says(answer((RECORDED / file).read_bytes()))) as crm:
        try:
            reply = ask(client_for(crm.url), CALLS[call], DEADLINE)
        except CrmError as error:
            return error
    return reply[0] if isinstance(reply, tuple) and len(reply) == 1 else reply


@pytest.mark.parametrize("row", INDEX, ids=lambda row: f"{row['file']}-{row['call']}")
def test_a_recorded_answer_becomes_what_the_index_says(row: dict[str, Any]) -> None:
    found = replay(row["file"], row["call"])
    assert ("nothing" if found == () else type(found).__name__) == row["becomes"]
    assert {name: str(getattr(found, name)) for name in row["facts"]} == row["facts"]


def test_every_recorded_answer_is_replayed() -> None:
    files = {path.name for path in RECORDED.iterdir()} - {"index.json"}
    assert files == {row["file"] for row in INDEX}


def test_an_imported_orders_items_are_read_from_a_list_of_strings() -> None:
    order: OrderReply = replay("B1-order.json", "ImportOrder")
    assert order.items == (
        OrderItem(
            productId="15271",
            name="(14015) <product>",
            qty=1,
            price=Decimal("0.30"),
            shipping=Decimal("0.00"),
            purchaseId="BA50DC775D",
            txnType="SALE",
            productType=None,
        ),
    )


def test_a_queried_orders_items_are_read_from_a_map_of_numbers() -> None:
    order: OrderReply = replay("B2-query.json", "OrderQuery")
    assert order.items == (
        OrderItem(
            productId="15271",
            name="(14015) <product>",
            qty=1,
            price=Decimal("0.3"),
            shipping=Decimal(0),
            purchaseId="1471F527F9",
            txnType="CAPTURE",
            productType="OFFER",
        ),
    )


@pytest.mark.parametrize(("file", "call"), [("B1-order.json", "ImportOrder"), ("B2-query.json", "OrderQuery")])
def test_nothing_derived_from_the_card_is_kept(file: str, call: str) -> None:
    kept = repr(replay(file, call))
    traces = ("TESTCARD", "000000", "12/30", "2030-12-31", "card", "Card")
    assert [trace for trace in traces if trace in kept] == []
