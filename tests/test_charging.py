"""The executor of charges: bounded, refusing before the claim, waiting for what is under way, draining at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from threading import Event, Thread

import pytest
from conftest import eventually
from sqlalchemy.exc import OperationalError
from stores import Clock

from funnel.attempt import ORDER, UNRESOLVED, By, Claim, Reason, Refusal, State, Verdict, new_key
from funnel.basket import Basket, Line
from funnel.charges.attempts import Attempts
from funnel.charges.charge import Charge, Deadlines, NotReady
from funnel.charges.charging import LEASE_MARGIN, Charging
from funnel.charges.judge import Judge
from funnel.charges.unresolved import Unresolved
from funnel.crm.errors import NotSent
from funnel.crm.replies import OrderReply, RedirectReply
from funnel.store.store import Store
from funnel.store.tables import attempts

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
AT_PAYPAL = replace(PAID, orderStatus="PARTIAL", paypalUrl="https://paypal.example/")
WAIT = 5.0  # seconds for something that happens soon
READY, SEND = 1.0, 5.0  # seconds: the deadlines of making ready and of the call
LAPSE = SEND + LEASE_MARGIN + 1.0  # seconds after which the sweep takes any charge for abandoned
QUIET = 900.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/test.db", clock=clock)
    store.prepare()
    yield store
    store.close()


@pytest.fixture
def ledger(store: Store) -> Attempts:
    return Attempts(store, decline_limit=5)


@contextmanager
def seats(number: int, ledger: Attempts, clock: Callable[[], float]) -> Iterator[Charging]:
    """Room for so many charges at a time."""
    judge = Judge(quiet_time=QUIET, read_lag=30, redirect_time=3600, give_up=86400)
    deadlines = Deadlines(ready=READY, send=SEND, wait=WAIT)
    charging = Charging(
        attempts=ledger, judge=judge, deadlines=deadlines, seats=number, clock=clock, crm_is_down=lambda: False
    )
    yield charging
    charging.drain()


@pytest.fixture
def charging(ledger: Attempts, clock: Clock) -> Iterator[Charging]:
    with seats(1, ledger, clock) as charging:
        yield charging


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


class Ready:
    """A CRM that answers at once, and remembers what it was asked to charge."""

    def __init__(self) -> None:
        self.charged: list[str] = []

    def __call__(self, order_id: str) -> OrderReply:
        self.charged.append(order_id)
        return PAID


def in_the_background(charging: Charging, one: Charge) -> tuple[Thread, list[Claim]]:
    claims: list[Claim] = []
    thread = Thread(target=lambda: claims.append(charging.charge(one)))
    thread.start()
    return thread, claims


def as_soon_as_there_is_a_seat(charging: Charging, visit: str) -> Claim | None:
    """A charge that somebody else presses for until it is not refused; None when it always is."""
    return eventually(lambda: claim if (claim := charging.charge(charge(visit))).attempt else None, within=WAIT)


def lapse(store: Store, clock: Clock) -> None:
    """So much time passes that the sweep takes whatever is under way for abandoned."""
    clock.now += LAPSE
    Unresolved(store).recover(quiet_time=QUIET)


def state(ledger: Attempts, one: Charge) -> State:
    attempt = ledger.find(one.key)
    assert attempt
    return attempt.state


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
    ("ready", "send", "becomes"),
    [
        ("ready", "paid", State.CHARGED),
        ("ready", "not-sent", State.NOT_CHARGED),
        ("ready", "bug", State.SENT),
        ("not-ready", "paid", State.NOT_CHARGED),
    ],
)
def test_a_seat_is_given_back_however_a_charge_ends(
    charging: Charging, ledger: Attempts, ready: str, send: str, becomes: State
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
        claim = as_soon_as_there_is_a_seat(charging, visit)
        assert claim, "no seat became free"
        assert claim.attempt
        assert claim.attempt.state is State.CHARGED
    thread.join()
    assert state(ledger, one) is becomes


def test_a_second_press_of_a_finished_charge_takes_no_seat(charging: Charging) -> None:
    one = charge("jane")
    for _ in range(20):
        claim = charging.charge(one)
        assert claim.attempt
        assert claim.attempt.state is State.CHARGED
    assert as_soon_as_there_is_a_seat(charging, "john"), "no seat became free"


def test_a_drained_executor_takes_no_charge_and_says_so(charging: Charging) -> None:
    charging.drain()
    for visit in ("jane", "john"):
        claim = charging.charge(charge(visit))
        assert claim.attempt, "refused as if every seat were taken"
        assert (claim.attempt.state, claim.attempt.reason) == (State.NOT_CHARGED, Reason.UNREACHABLE)


def test_what_no_thread_could_be_had_for_is_never_sent(
    ledger: Attempts, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's executor keeps the work all the same, for whichever thread is free next."""
    slow, second_call = Slow(), Ready()
    with seats(2, ledger, clock) as charging:
        jane = charge("jane", send=lambda _order_id: AT_PAYPAL)
        charging.charge(jane)
        thread, claims = in_the_background(charging, charge("john", ready=lambda: "ORDER2", send=slow))
        assert slow.called.wait(WAIT)
        with monkeypatch.context() as machine:
            machine.setattr(Thread, "start", no_thread_left)
            claim = charging.go_on(replace(jane, send=second_call))
        assert claim.attempt
        assert (claim.attempt.state, claim.attempt.reason) == (State.NOT_CHARGED, Reason.UNREACHABLE)
        slow.answer.set()
        thread.join()
        assert claims[0].attempt
    assert second_call.charged == []
    assert state(ledger, jane) is State.NOT_CHARGED


def no_thread_left(_thread: Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_a_claim_that_the_store_cannot_take_keeps_no_seat(charging: Charging, store: Store) -> None:
    with store.durable() as connection:
        attempts.drop(connection)
    with pytest.raises(OperationalError):
        charging.charge(charge("jane"))
    with store.durable() as connection:
        attempts.create(connection)
    assert as_soon_as_there_is_a_seat(charging, "jane"), "no seat became free"


def test_draining_waits_for_the_charge_under_way(charging: Charging, ledger: Attempts) -> None:
    crm = Slow()
    one = charge("jane", send=crm)
    thread, _ = in_the_background(charging, one)
    assert crm.called.wait(WAIT)
    drain = Thread(target=charging.drain)
    drain.start()
    crm.answer.set()
    drain.join()
    assert state(ledger, one) is State.CHARGED
    thread.join()


def test_a_store_that_fails_while_a_charge_is_waited_for_leaves_it_live(charging: Charging, store: Store) -> None:
    crm = Slow()
    thread, claims = in_the_background(charging, charge("jane", send=crm))
    assert crm.called.wait(WAIT)
    with store.durable() as connection:
        attempts.drop(connection)
    crm.answer.set()
    thread.join()
    assert claims, "the press got no answer at all"
    assert claims[0].attempt
    assert claims[0].attempt.state.live, "what was sent may be charged, whatever our store says"


def test_a_charge_is_marked_as_sent_before_it_is_sent(charging: Charging, ledger: Attempts) -> None:
    found: list[State] = []

    def send(_order_id: str) -> OrderReply:
        found.append(state(ledger, one))
        return PAID

    one = charge("jane", send=send)
    charging.charge(one)
    assert found == [State.SENT]


def test_a_claim_that_lapsed_while_it_was_made_ready_sends_nothing(
    charging: Charging, ledger: Attempts, store: Store, clock: Clock
) -> None:
    crm = Ready()

    def make_ready() -> str:
        lapse(store, clock)
        return "ORDER1"

    one = charge("jane", ready=make_ready, send=crm)
    charging.charge(one)
    charging.drain()
    assert crm.charged == [], "somebody else may have sent it meanwhile"
    assert state(ledger, one) is State.NOT_CHARGED


def test_a_machine_that_stood_still_after_marking_sends_nothing(ledger: Attempts, clock: Clock) -> None:
    crm = Ready()

    def standing_still() -> float:
        clock.now += LEASE_MARGIN + 1.0
        return clock.now

    one = charge("jane", send=crm)
    with seats(1, ledger, standing_still) as charging:
        charging.charge(one)
    assert crm.charged == [], "others may have judged the attempt meanwhile"
    assert state(ledger, one) is State.SENT


@pytest.fixture
def slow(charging: Charging, ledger: Attempts, store: Store, clock: Clock) -> Iterator[tuple[Charge, Slow]]:
    """A charge that is still at the CRM when the sweep has called it unknown; it is over when the test is."""
    crm = Slow()
    one = charge("jane", send=crm)
    thread, _ = in_the_background(charging, one)
    assert crm.called.wait(WAIT)
    lapse(store, clock)
    assert state(ledger, one) is State.UNKNOWN
    yield one, crm
    thread.join()


def answered(charging: Charging, crm: Slow) -> None:
    crm.answer.set()
    charging.drain()


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_success_that_comes_after_the_sweep_is_believed_at_once(
    charging: Charging, ledger: Attempts, slow: tuple[Charge, Slow], caplog: pytest.LogCaptureFixture
) -> None:
    one, crm = slow
    answered(charging, crm)
    assert state(ledger, one) is State.CHARGED, "nobody has to ask Order Query any more"
    assert errors(caplog) == []


def test_a_charge_that_order_query_told_of_first_is_no_error(
    charging: Charging, ledger: Attempts, slow: tuple[Charge, Slow], caplog: pytest.LogCaptureFixture
) -> None:
    one, crm = slow
    assert ledger.settle(one.key, Verdict(State.CHARGED), by=By.CHARGE, seen=UNRESOLVED)
    answered(charging, crm)
    assert state(ledger, one) is State.CHARGED
    assert errors(caplog) == []


def test_a_charge_that_was_given_up_and_succeeds_all_the_same_is_an_error_with_its_order(
    charging: Charging, ledger: Attempts, slow: tuple[Charge, Slow], caplog: pytest.LogCaptureFixture
) -> None:
    one, crm = slow
    assert ledger.settle(
        one.key, Verdict(State.NOT_CHARGED, Reason.NOT_FOUND_PAID), by=By.CHARGE, seen=(State.UNKNOWN,)
    )
    answered(charging, crm)
    assert errors(caplog) == ["charge=order order=ORDER1 charged after it was given up; reconcile tells more"]
