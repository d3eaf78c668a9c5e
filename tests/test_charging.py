"""The executor of charges: bounded, refusing before the claim, waiting for what is under way, draining at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from threading import Event, Thread

import pytest

from funnel.attempt import ORDER, Claim, Reason, Refusal, State, new_key
from funnel.attempts import Attempts
from funnel.basket import Basket, Line
from funnel.charging import Charge, Charging, Deadlines, NotReady
from funnel.crm.errors import NotSent
from funnel.crm.replies import OrderReply, RedirectReply
from funnel.judge import Judge
from funnel.store import Store, attempts

LAMP = Basket(lines=(Line(productId=101, name="Lamp", each=Decimal("49.95"), ship_each=Decimal("4.95")),))
PAID = OrderReply(
    orderId="ORDER1",
    orderStatus="COMPLETE",
    **dict.fromkeys(
        [
            "reviewStatus",
            "customerId",
            "dateCreated",
            "currencyCode",
            "totalAmount",
            "subTotal",
            "shipTotal",
            "taxTotal",
            "totalDiscount",
            "salesTax",
            "paypalUrl",
            "paypalSdkParams",
            "gatewayUrl",
            "gatewaySdkParams",
        ]
    ),
    items=(),
)
WAIT = 5.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/test.db")
    store.prepare()
    yield store
    store.close()


@pytest.fixture
def ledger(store: Store) -> Attempts:
    return Attempts(store, decline_limit=5)


@pytest.fixture
def charging(store: Store, ledger: Attempts) -> Iterator[Charging]:
    judge = Judge(quiet_time=900, read_lag=30, redirect_time=3600, give_up=86400)
    deadlines = Deadlines(ready=1, send=5, wait=WAIT)
    charging = Charging(attempts=ledger, judge=judge, deadlines=deadlines, seats=1, clock=store.clock)
    yield charging
    charging.drain()


def charge(
    visit: str = "jane",
    *,
    key: str | None = None,
    ready: Callable[[], str] = lambda: "ORDER1",
    send: Callable[[str], OrderReply | RedirectReply] = lambda order_id: PAID,
) -> Charge:
    return Charge(key=key or new_key(), visit_id=visit, slot=ORDER, basket=LAMP, make_ready=ready, send=send)


class Slow:
    """A CRM that answers when it is told to."""

    def __init__(self) -> None:
        self.called, self.answer = Event(), Event()

    def __call__(self, _order_id: str) -> OrderReply:
        self.called.set()
        assert self.answer.wait(WAIT)
        return PAID


def in_the_background(charging: Charging, one: Charge) -> tuple[Thread, list[Claim]]:
    claims: list[Claim] = []
    thread = Thread(target=lambda: claims.append(charging.charge(one)))
    thread.start()
    return thread, claims


def test_when_every_seat_is_taken_nothing_is_claimed(charging: Charging, ledger: Attempts) -> None:
    crm = Slow()
    thread, _ = in_the_background(charging, charge("jane", send=crm))
    assert crm.called.wait(WAIT)
    refused = charging.charge(charge("john"))
    assert (refused.attempt, refused.refusal) == (None, Refusal.BUSY)
    assert ledger.of_visit("john") == []
    crm.answer.set()
    thread.join()


def test_a_second_press_with_every_seat_taken_still_sees_the_firsts_outcome(charging: Charging) -> None:
    crm = Slow()
    first, _ = in_the_background(charging, charge("jane", send=crm))
    assert crm.called.wait(WAIT)
    second, claims = in_the_background(charging, charge("jane"))
    crm.answer.set()
    first.join()
    second.join()
    (claim,) = claims
    assert claim.attempt
    assert (claim.attempt.state, claim.mine) == (State.CHARGED, False)


@pytest.mark.parametrize(
    ("ready", "send", "state"),
    [
        ("ready", "paid", State.CHARGED),
        ("ready", "not-sent", State.NOT_CHARGED),
        ("ready", "bug", State.SENT),
        ("not-ready", "paid", State.NOT_CHARGED),
    ],
)
def test_a_seat_is_given_back_however_a_charge_ends(
    charging: Charging, ledger: Attempts, ready: str, send: str, state: State
) -> None:
    def make_ready() -> str:
        if ready == "not-ready":
            raise NotReady(Reason.UNREACHABLE)
        return "ORDER1"

    def make_call(_order_id: str) -> OrderReply:
        if send == "not-sent":
            raise NotSent("refused")
        if send == "bug":
            raise ZeroDivisionError
        return PAID

    one = charge("jane", ready=make_ready, send=make_call)
    thread, _ = in_the_background(charging, one)
    for visit in ("a", "b", "c"):
        last = charging.charge(charge(visit))
        while last.refusal is Refusal.BUSY:
            last = charging.charge(charge(visit))
        assert last.attempt
        assert last.attempt.state is State.CHARGED
    thread.join()
    attempt = ledger.find(one.key)
    assert attempt
    assert attempt.state is state


def test_a_second_press_of_a_finished_charge_takes_no_seat(charging: Charging) -> None:
    one = charge("jane")
    for _ in range(3):
        claim = charging.charge(one)
        assert claim.attempt
        assert claim.attempt.state is State.CHARGED


def test_a_drained_executor_takes_no_charge_and_says_so(charging: Charging) -> None:
    charging.drain()
    claim = charging.charge(charge("jane"))
    assert claim.attempt
    assert (claim.attempt.state, claim.attempt.reason) == (State.NOT_CHARGED, Reason.UNREACHABLE)


def test_draining_waits_for_the_charge_under_way(charging: Charging, ledger: Attempts) -> None:
    crm = Slow()
    one = charge("jane", send=crm)
    thread, _ = in_the_background(charging, one)
    assert crm.called.wait(WAIT)
    drain = Thread(target=charging.drain)
    drain.start()
    crm.answer.set()
    drain.join()
    attempt = ledger.find(one.key)
    assert attempt
    assert attempt.state is State.CHARGED
    thread.join()


def test_a_store_that_fails_while_a_charge_is_waited_for_leaves_it_live(charging: Charging, store: Store) -> None:
    crm = Slow()
    thread, claims = in_the_background(charging, charge("jane", send=crm))
    assert crm.called.wait(WAIT)
    with store.durable() as connection:
        attempts.drop(connection)
    crm.answer.set()
    thread.join()
    (claim,) = claims
    assert claim.attempt
    assert claim.attempt.state.live, "what was sent may be charged, whatever our store says"
