"""The verdict on a reply, a failure and Order Query: positive evidence at once, negative after the quiet time."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from test_charging import LAMP, PAID

from funnel.attempt import ORDER, Attempt, Reason, State
from funnel.basket import Basket, Line
from funnel.charges.judge import Judge, totals
from funnel.crm.errors import CrmError, Garbled, Kind, NoAnswer, NotSent, Refused
from funnel.crm.replies import OrderItem, OrderReply, RedirectReply

JUDGE = Judge(quiet_time=900, read_lag=30, redirect_time=3600, give_up=86400)
SENT_AT = 1000.0
SETTLE_AT = 1900.0
ATTEMPT = Attempt(
    key="k", visit_id="jane", slot=ORDER, state=State.UNKNOWN, basket=LAMP, baseline=0, order_id="ORDER1",
    created_at=SENT_AT, lease_until=SENT_AT, sent_at=SENT_AT, settle_at=SETTLE_AT,
)  # fmt: skip
UPSELL = replace(ATTEMPT, slot="upsell1", baseline=1)


def lamps(quantity: int) -> OrderReply:
    item = OrderItem("101", "Lamp", quantity, None, None, None, None, None)
    return replace(PAID, items=(item,))


@pytest.mark.parametrize(
    ("reply", "state", "settle_after"),
    [
        (PAID, State.CHARGED, None),
        (replace(PAID, orderStatus="PENDING"), State.CHARGED, None),
        (replace(PAID, orderId="ANOTHER"), State.UNKNOWN, 30),
        (replace(PAID, orderStatus="PARTIAL"), State.UNKNOWN, 30),
        (replace(PAID, orderStatus="DECLINED"), State.UNKNOWN, 30),
        (replace(PAID, paypalUrl="https://paypal.example"), State.AWAIT_REDIRECT, 3600),
        (replace(PAID, orderStatus="PENDING", gatewayUrl="https://bank.example"), State.AWAIT_REDIRECT, 3600),
        (RedirectReply("https://bank.example", None), State.AWAIT_REDIRECT, 3600),
    ],
)
def test_a_reply_counts_only_for_our_own_paid_order(
    reply: OrderReply | RedirectReply, state: State, settle_after: float | None
) -> None:
    verdict = JUDGE.on_reply(ATTEMPT, reply, now=SENT_AT)
    assert verdict.state is state
    assert verdict.settle_at == (None if settle_after is None else SENT_AT + settle_after)


@pytest.mark.parametrize(
    ("error", "state", "settle_after"),
    [
        (NotSent("refused"), State.NOT_CHARGED, None),
        (NoAnswer("deadline"), State.UNKNOWN, 900),
        (Garbled("HTTP 500", answered=False), State.UNKNOWN, 900),
        (Garbled("HTTP 429"), State.UNKNOWN, 30),
        (Refused(Kind.UNKNOWN, "?", {}), State.UNKNOWN, 30),
        (Refused(Kind.DECLINED, "no", {}), State.DECLINED, None),
        (Refused(Kind.PREPAID, "no", {}), State.DECLINED, None),
        (Refused(Kind.INVALID, "", {"shipCity": "is a required field"}), State.NOT_CHARGED, None),
    ],
)
def test_only_what_certainly_took_no_money_ends_an_attempt(
    error: CrmError, state: State, settle_after: float | None
) -> None:
    verdict = JUDGE.on_error(error, now=SENT_AT)
    assert verdict.state is state
    assert verdict.settle_at == (None if settle_after is None else SENT_AT + settle_after)


@pytest.mark.parametrize("status", ["COMPLETE", "PENDING", "COD_PENDING", "CANCELLED", "REFUNDED"])
def test_a_paid_order_is_believed_at_once(status: str) -> None:
    verdict = JUDGE.on_query(ATTEMPT, [replace(PAID, orderStatus=status)], asked_at=SENT_AT)
    assert verdict
    assert verdict.state is State.CHARGED


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [("PARTIAL", State.NOT_CHARGED, Reason.NOT_FOUND_PAID), ("DECLINED", State.DECLINED, Reason.DECLINED)],
)
def test_a_negative_is_believed_only_when_asked_after_the_quiet_time(status: str, state: State, reason: Reason) -> None:
    order = replace(PAID, orderStatus=status)
    assert JUDGE.on_query(ATTEMPT, [order], asked_at=SETTLE_AT - 0.001) is None
    verdict = JUDGE.on_query(ATTEMPT, [order], asked_at=SETTLE_AT)
    assert verdict
    assert (verdict.state, verdict.reason) == (state, reason)


def test_an_upsell_shows_as_more_of_its_product_than_was_paid_before() -> None:
    assert JUDGE.on_query(UPSELL, [lamps(1)], asked_at=SENT_AT) is None
    charged, not_charged = (
        JUDGE.on_query(UPSELL, [lamps(2)], asked_at=SENT_AT),
        JUDGE.on_query(UPSELL, [lamps(1)], asked_at=SETTLE_AT),
    )
    assert charged
    assert not_charged
    assert (charged.state, not_charged.state) == (State.CHARGED, State.NOT_CHARGED)


def order_of(*products: tuple[int, int]) -> OrderReply:
    """An order that holds so many of these products."""
    items = tuple(OrderItem(str(product), None, qty, None, None, None, None, None) for product, qty in products)
    return replace(PAID, items=items)


@pytest.mark.parametrize(
    ("held", "charged"),
    [
        (order_of((101, 1)), False),
        (order_of((301, 1)), True),  # what was replaced has left the order
        (order_of((101, 1), (301, 1)), True),  # or it is listed still, which is not published
    ],
)
def test_a_replacement_is_proved_by_the_new_product_alone(held: OrderReply, charged: bool) -> None:
    brass = Line(productId=301, name="Brass lamp", each=Decimal("79.00"), replaces=101)
    attempt = replace(UPSELL, basket=Basket(lines=(brass,)), baseline=0)
    verdict = JUDGE.on_query(attempt, [held], asked_at=SETTLE_AT)
    assert verdict
    assert (verdict.state is State.CHARGED) is charged


@pytest.mark.parametrize(("held", "charged"), [(2, False), (3, True), (5, True)])
def test_the_same_product_in_order_and_upsell_needs_more_of_it_than_before(held: int, charged: bool) -> None:
    verdict = JUDGE.on_query(replace(UPSELL, baseline=2), [lamps(held)], asked_at=SETTLE_AT)
    assert verdict
    assert (verdict.state is State.CHARGED) is charged


@pytest.mark.parametrize("orders", [[], [replace(PAID, orderId="ANOTHER")]])
def test_an_order_that_the_crm_does_not_know_is_no_evidence(orders: list[OrderReply]) -> None:
    assert JUDGE.on_query(ATTEMPT, orders, asked_at=SETTLE_AT + 1) is None
    verdict = JUDGE.on_query(ATTEMPT, orders, asked_at=SENT_AT + 86401)
    assert verdict
    assert verdict.state is State.NEEDS_HUMAN


def test_what_needs_a_human_is_not_given_up_twice() -> None:
    tired = replace(ATTEMPT, state=State.NEEDS_HUMAN)
    assert JUDGE.on_no_answer(tired, now=SENT_AT + 200_000) is None


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Kind.ALREADY_PURCHASED, Reason.ALREADY_PURCHASED),
        (Kind.FRAUD_LIMIT, Reason.FRAUD_LIMIT),
        (Kind.UNKNOWN, None),
    ],
)
def test_what_a_refusal_seems_to_say_ends_nothing_and_is_told_in_the_end(kind: Kind, reason: Reason | None) -> None:
    guessed = JUDGE.on_error(Refused(kind, "words", {}), now=SENT_AT)
    assert (guessed.state, guessed.reason) == (State.UNKNOWN, reason)
    attempt = replace(ATTEMPT, reason=guessed.reason, settle_at=guessed.settle_at)
    partial = [replace(PAID, orderStatus="PARTIAL")]
    assert JUDGE.on_query(attempt, partial, asked_at=SENT_AT + 29) is None, "it may have been charged all the same"
    settled = JUDGE.on_query(attempt, partial, asked_at=SENT_AT + 30)
    assert settled
    assert (settled.state, settled.reason) == (State.NOT_CHARGED, reason or Reason.NOT_FOUND_PAID)
    charged = JUDGE.on_query(attempt, [PAID], asked_at=SENT_AT + 1)
    assert charged
    assert (charged.state, charged.reason) == (State.CHARGED, None)


def test_a_total_of_three_decimals_is_kept_whole() -> None:
    """A dinar has three; a yen's none is written as the CRM writes it."""
    written = {amount: totals(replace(PAID, totalAmount=Decimal(amount))).total for amount in ("4.955", "4.950", "100")}
    assert written == {"4.955": "4.955", "4.950": "4.95", "100": "100.00"}
