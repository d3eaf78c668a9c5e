"""The receipt: what is added, what is being added, what could not be, and what it all comes to."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from funnel.attempt import ORDER, Attempt, State, Totals
from funnel.basket import Basket, Line
from funnel.receipt import Receipt, receipt
from funnel.visits.attribution import Arrival
from funnel.visits.visit import Visit

VISIT = Visit("jane", Arrival("", "", "", ""), order_id="ORDER1", stored=True)
LAMP = Line(productId=101, name="Lamp", each=Decimal("49.95"), ship_each=Decimal("4.95"))
SHADE = Line(productId=202, name="Shade", quantity=2, each=Decimal("29.00"), ship_each=Decimal("3.50"))
BULBS = Line(productId=201, name="Bulbs", each=Decimal("14.00"))
BRASS = Line(productId=301, name="Brass lamp", each=Decimal("79.00"), ship_each=Decimal("6.00"), replaces=101)


def attempt(
    slot: str, *lines: Line, state: State = State.CHARGED, totals: Totals | None = None, **more: Any
) -> Attempt:
    return Attempt(
        key=slot, visit_id="jane", slot=slot, state=state, basket=Basket(lines=lines, **more), baseline=0,
        order_id="ORDER1", created_at=0.0, lease_until=0.0, totals=totals,
    )  # fmt: skip


def shown(*attempts: Attempt) -> Receipt:
    found = receipt(VISIT, attempts)
    assert found
    return found


def amounts(found: Receipt) -> tuple[str, ...]:
    return tuple(str(amount) for amount in (found.shipping, found.tax, found.discount, found.total))


def test_without_a_paid_order_there_is_none() -> None:
    assert receipt(VISIT, []) is None
    assert receipt(VISIT, [attempt(ORDER, LAMP, state=State.UNKNOWN)]) is None
    assert receipt(replace(VISIT, order_id=None), [attempt(ORDER, LAMP)]) is None


def test_every_line_says_how_it_stands() -> None:
    found = shown(
        attempt(ORDER, LAMP),
        attempt("upsell1", SHADE, state=State.DECLINED),
        attempt("upsell2b", SHADE),
        attempt("upsell3", BULBS, state=State.UNKNOWN),
    )
    assert [(line.name, line.quantity, line.status) for line in found.lines] == [
        ("Lamp", 1, "added"),
        ("Shade", 2, "added"),
        ("Bulbs", 1, "pending"),
    ]
    assert found.missed == ("Shade",)
    assert found.pending
    assert found.charges == 3, "the order, what was added, and what may be"
    assert amounts(found) == ("11.95", "0.00", "0.00", "119.90"), "nothing of what is not certain"


def test_several_can_be_missed() -> None:
    found = shown(
        attempt(ORDER, LAMP),
        attempt("upsell1", SHADE, state=State.NOT_CHARGED),
        attempt("upsell2", BULBS, state=State.DECLINED),
    )
    assert found.missed == ("Shade", "Bulbs")
    assert (found.charges, found.pending, found.total) == (1, False, Decimal("54.90"))


@pytest.mark.parametrize("state", [State.CLAIMED, State.SENT, State.UNKNOWN, State.AWAIT_REDIRECT, State.NEEDS_HUMAN])
def test_what_may_be_charged_still_is_being_added(state: State) -> None:
    found = shown(attempt(ORDER, LAMP), attempt("upsell1", SHADE, state=state))
    assert [line.status for line in found.lines] == ["added", "pending"]
    assert found.missed == ()


def test_an_order_of_several_lines_is_one_charge() -> None:
    assert shown(attempt(ORDER, LAMP, BULBS)).charges == 1


def test_the_crms_totals_count_and_the_newest_are_the_whole_orders() -> None:
    first = Totals("COMPLETE", total="54.90", shipping="4.95", tax="0.00", discount="0.00")
    newest = Totals("COMPLETE", total="123.45", shipping="9.00", tax="2.00", discount="5.00")
    found = shown(attempt(ORDER, LAMP, totals=first), attempt("upsell1", SHADE, totals=newest))
    assert amounts(found) == ("9.00", "2.00", "5.00", "123.45")


def test_where_the_crm_tells_no_totals_our_own_stand() -> None:
    order = attempt(
        ORDER, LAMP, tax=Decimal("3.00"), couponCode="FIVE", discount=Decimal("5.00"), totals=Totals("COMPLETE")
    )
    found = shown(order, attempt("upsell1", SHADE, totals=Totals("COMPLETE", total="117.90")))
    assert amounts(found) == ("11.95", "3.00", "5.00", "117.90")
    assert shown(order).total == Decimal("52.90")


def test_what_was_replaced_is_neither_shown_nor_counted() -> None:
    found = shown(attempt(ORDER, LAMP, BULBS), attempt("upsell1", BRASS))
    assert [line.name for line in found.lines] == ["Bulbs", "Brass lamp"]
    assert amounts(found) == ("6.00", "0.00", "0.00", "99.00")
    assert found.total == sum(line.amount for line in found.lines) + (found.shipping or 0)


@pytest.mark.parametrize("state", [State.UNKNOWN, State.DECLINED, State.NOT_CHARGED])
def test_what_is_to_be_replaced_stands_until_it_is_certain(state: State) -> None:
    found = shown(attempt(ORDER, LAMP), attempt("upsell1", BRASS, state=state))
    assert found.lines[0].name == "Lamp"
    assert found.total == Decimal("54.90")


def test_a_shipping_profile_stays_when_a_line_is_replaced() -> None:
    order = attempt(ORDER, LAMP, shipProfileId=1, profile_price=Decimal("12.95"))
    assert amounts(shown(order, attempt("upsell1", BRASS)))[0] == "18.95"


def test_amounts_that_nobody_knows_are_not_made_up() -> None:
    """An order that was adopted after the store was lost: its lines are gone."""
    lost = replace(attempt(ORDER), basket=None)
    found = shown(lost)
    assert (found.lines, found.shipping, found.tax, found.discount, found.total) == ((), None, None, None, None)
    told = shown(replace(lost, totals=Totals("COMPLETE", total="54.90")))
    assert (told.shipping, told.total) == (None, Decimal("54.90"))


@pytest.mark.parametrize(("status", "held"), [("PENDING", True), ("COMPLETE", False), ("COD_PENDING", False)])
def test_an_order_under_review_is_held(status: str, held: bool) -> None:
    assert shown(attempt(ORDER, LAMP, totals=Totals(status))).held is held
