"""A CRM that is down: payments are alone honestly, nobody loses their place, and it all opens again by itself."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import LOGIN, Crm, Funnel, OpenFunnel, eventually
from shopper import ADDRESS, CARD, JANE, Shopper
from sqlalchemy import update
from stores import Clock

from funnel.attempt import Refusal
from funnel.crm.calls import ConfirmOrder
from funnel.crm.client import Client, Deadlines
from funnel.crm.errors import CrmError
from funnel.outbox.breaker import ASK_EVERY, FAILURES, FORGOTTEN_AFTER, OVER, WORTH_WAKING, Breaker
from funnel.outbox.outbox import HASTE, LONGEST_PAUSE, Kind, Outbox
from funnel.store.store import Store
from funnel.store.tables import outbox as outbox_table

CLICK = "/landers/clicks/import/"
QUERY = "/campaign/query/"


def process(store: Store) -> Breaker:
    """A breaker as each process has one of its own, over the store of all."""
    return Breaker(store, when_back=Outbox(store).hasten)


def fail(breaker: Breaker, clock: Clock, *, times: int = FAILURES, over: float = OVER) -> None:
    for number in range(times):
        clock.now += over / (times - 1) if number else 0
        breaker.report(False)


def test_failures_over_some_seconds_open_it_for_all_processes(store: Store, clock: Clock) -> None:
    fail(process(store), clock)
    assert process(store).is_open()


def test_one_failed_call_does_not_open_it(store: Store) -> None:
    breaker = process(store)
    breaker.report(False)
    assert not breaker.is_open()


def test_many_failures_in_one_moment_do_not_open_it(store: Store, clock: Clock) -> None:
    breaker = process(store)
    fail(breaker, clock, times=50, over=OVER / 2)
    assert not breaker.is_open()


def test_an_answer_in_between_begins_the_count_anew(store: Store, clock: Clock) -> None:
    breaker = process(store)
    for _ in range(10):
        breaker.report(False)
        clock.now += OVER
        breaker.report(False)
        breaker.report(True)
    assert not breaker.is_open()


def test_failures_far_apart_have_nothing_to_do_with_each_other(store: Store, clock: Clock) -> None:
    breaker = process(store)
    for _ in range(10):
        breaker.report(False)
        clock.now += FORGOTTEN_AFTER + 1
    assert not breaker.is_open()


def test_the_first_answered_call_closes_it_in_any_process_that_has_looked(store: Store, clock: Clock) -> None:
    fail(process(store), clock)
    other = process(store)
    assert other.is_open()
    other.report(True)
    assert not process(store).is_open()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_calls_write_nothing_unless_it_flips(store: Store, clock: Clock, tmp_path: Path) -> None:
    breaker = process(store)
    fail(breaker, clock)
    looking = sqlite3.connect(tmp_path / "test.db")
    before = looking.execute("PRAGMA data_version").fetchone()
    fail(breaker, clock, times=50, over=60)
    assert looking.execute("PRAGMA data_version").fetchone() == before, "open already"
    breaker.report(True)
    closed = looking.execute("PRAGMA data_version").fetchone()
    assert closed != before
    for _ in range(50):
        breaker.report(True)
    assert looking.execute("PRAGMA data_version").fetchone() == closed, "closed already"
    looking.close()


def test_one_relay_at_a_time_asks_and_only_every_few_seconds(store: Store, clock: Clock) -> None:
    relays = [process(store) for _ in range(3)]
    assert not any(relay.lease_question(seconds=10) for relay in relays), "it is up"
    fail(relays[0], clock)
    assert [relay.lease_question(seconds=10) for relay in relays] == [True, False, False], "asked at once"
    relays[0].ask_again()
    clock.now += ASK_EVERY - 0.1
    assert not any(relay.lease_question(seconds=10) for relay in relays)
    clock.now += 0.1
    assert [relay.lease_question(seconds=10) for relay in relays] == [True, False, False]
    clock.now += 10
    assert relays[1].lease_question(seconds=10), "the first relay was ended meanwhile"


@pytest.mark.parametrize(("down_for", "latest"), [(3600.0, HASTE), (WORTH_WAKING / 2, LONGEST_PAUSE)])
def test_what_was_put_off_is_due_soon_once_the_crm_is_back_but_not_all_at_once(
    store: Store, clock: Clock, down_for: float, latest: float
) -> None:
    outbox, breaker = Outbox(store), process(store)
    with store.write() as connection:
        for number in range(40):
            outbox.owe(connection, f"visit-{number}", Kind.CLICK, page_type="leadPage")
    for _ in range(12):
        clock.now += LONGEST_PAUSE
        for owed in outbox.lease_due(limit=40, seconds=1):
            outbox.put_off(owed, "away")
    fail(breaker, clock)
    clock.now += down_for
    with store.write() as connection:  # put off a moment before the CRM came back
        connection.execute(update(outbox_table).values(due_at=clock.now + LONGEST_PAUSE))
    breaker.report(True)
    with store.read() as connection:
        due = [row.due_at - clock.now for row in connection.exec_driver_sql("SELECT due_at FROM outbox")]
    assert max(due) <= latest
    if latest == HASTE:
        assert len(set(due)) == HASTE
    else:
        assert set(due) == {LONGEST_PAUSE}, "a call that keeps failing is not woken every few seconds"


def test_a_store_that_is_away_does_not_disturb_a_call(store: Store, clock: Clock) -> None:
    breaker = process(store)
    fail(breaker, clock)
    assert breaker.is_open()
    with store.write() as connection:
        connection.exec_driver_sql("DROP TABLE breaker")
    breaker.report(True)
    fail(breaker, clock)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (None, [True]),
        ("unknown_error", [True]),
        ("500", [False]),
        ("refuse", [False]),
        ("drop", [False]),
        ("hang", [False]),
        ("html", []),
        ("truncated", []),
    ],
)
def test_what_a_call_tells_of_the_crm(crm: Crm, fault: str | None, told: list[bool]) -> None:
    outcomes: list[bool] = []
    if fault:
        crm.fault("/order/confirm/", fault, seconds=5)
    ask(crm.url, outcomes, usual=2.0)
    assert outcomes == told


def test_a_call_that_was_given_less_than_its_usual_time_tells_nothing(crm: Crm) -> None:
    outcomes: list[bool] = []
    crm.fault("/order/confirm/", "latency", seconds=1)
    ask(crm.url, outcomes, usual=10.0, deadline=0.3)
    assert outcomes == []


def test_a_port_that_nobody_listens_on_tells_at_once() -> None:
    outcomes: list[bool] = []
    ask("http://127.0.0.1:1", outcomes, usual=10.0, deadline=1.5)
    assert outcomes == [False]


def ask(url: str, outcomes: list[bool], *, usual: float, deadline: float | None = None) -> None:
    login = (LOGIN["KONNEKTIVE_LOGIN_ID"], LOGIN["KONNEKTIVE_PASSWORD"])
    client = Client(url, *login, deadlines=Deadlines(owed=usual), on_outcome=outcomes.append)
    with suppress(CrmError):
        client.confirm_order(ConfirmOrder(orderId="NONE"), deadline=deadline)


def test_payments_pause_while_the_crm_is_down_and_open_again_by_themselves(
    crm: Crm, funnel: Funnel, shopper: Shopper
) -> None:
    shopper.leave_lead()
    pay_form = shopper.page.form
    crm.wait_for(CLICK, 2)
    crm.fault("*", "refuse", times=0)
    with Shopper(funnel.url) as other:
        other.get("/lead")
    assert eventually(funnel.rooms.breaker.is_open, within=30)

    page = shopper.get("/checkout")
    assert_paused(shopper)
    assert "you have not been charged" in page.text
    assert "jane@example.com" in page.text, "her place is kept"

    page = shopper.submit(pay_form, **ADDRESS, **CARD)
    assert_paused(shopper)
    assert "1 Main Street" in page.text
    assert crm.calls("/order/import/") == []
    assert attempts_in(funnel) == 0, "nothing was claimed"

    assert eventually(lambda: crm.calls(QUERY)), "the relay asks"
    crm.heal()
    assert eventually(lambda: shopper.get("/checkout").status == 200, within=20)
    assert shopper.page.form.values["shipAddress1"] == "1 Main Street"
    assert shopper.page.form.values["cardNumber"] == ""
    assert eventually(lambda: [c for c in crm.calls(CLICK) if c["result"] == "SUCCESS"][2:], within=30), (
        "the clicks too"
    )
    assert crm.calls(QUERY)[-1]["params"]["campaignId"] == str(funnel.settings.campaign.campaignId)
    assert shopper.submit(**CARD).path == "upsell/1"
    assert crm.charges()["total"] == 1


@pytest.fixture
def alone(open_funnel: OpenFunnel) -> Funnel:
    """A funnel without a relay, so that nobody asks the CRM whether it is up again."""
    return open_funnel(relay=False)


def pause(funnel: Funnel) -> None:
    """As another process does it that has seen calls fail."""
    clock = Clock()
    clock.now = time.time() - OVER
    elsewhere = Store(funnel.settings.database_url, clock=clock)
    fail(process(elsewhere), clock)
    elsewhere.close()


def test_a_half_filled_form_keeps_what_was_right_and_no_card(crm: Crm, alone: Funnel) -> None:
    with Shopper(alone.url) as shopper:
        form = shopper.get("/checkout").form
        pause(alone)
        typed = {**JANE, **ADDRESS, **CARD, "shipPostalCode": "", "shipCity": CARD["cardNumber"]}
        page = shopper.submit(form, **typed)
        assert_paused(shopper)
        assert "1 Main Street" in page.text
        assert "jane@example.com" in page.text
        assert "4242" not in page.html
    with alone.rooms.store.read() as connection:
        (kept,) = connection.exec_driver_sql("SELECT addresses, contact FROM visits").all()
    assert "1 Main Street" in str(kept)
    assert "4242" not in str(kept)


def test_an_offer_accepted_while_the_crm_is_down_leads_on_and_is_not_added(crm: Crm, alone: Funnel) -> None:
    with Shopper(alone.url) as shopper:
        assert shopper.buy().path == "upsell/1"
        pause(alone)
        page = shopper.submit(choice="yes")
        assert page.path == "upsell/2"
        assert "could not add" in page.text
        assert "you were not charged for it" in page.text
        assert "could not add" in shopper.get("/upsell/1").text, "decided, and not offered again"
        shopper.get("/upsell/2")
        assert shopper.submit(choice="yes").path == "thank-you"
    assert crm.calls("/upsale/import/") == []


def test_the_pages_of_a_paid_order_are_as_ever(crm: Crm, alone: Funnel) -> None:
    with Shopper(alone.url) as shopper:
        shopper.buy()
        pause(alone)
        assert shopper.get("/upsell/1").status == 200
        assert shopper.submit(choice="no").path == "upsell/2"
        assert shopper.submit(choice="no").path == "thank-you"
        assert "Thank you, Jane" in shopper.page.text
        assert shopper.get("/checkout").path == "thank-you"


def test_without_a_relay_the_first_call_that_is_answered_opens_payments(crm: Crm, alone: Funnel) -> None:
    pause(alone)
    with Shopper(alone.url) as shopper:
        assert shopper.get("/checkout").status == 503
        assert shopper.leave_lead().status == 200
        assert "cardNumber" in shopper.page.form.values


def test_a_press_made_before_is_found_and_not_told_that_payments_pause(crm: Crm, alone: Funnel) -> None:
    with Shopper(alone.url) as shopper:
        form = shopper.leave_lead().form
        shopper.submit(form, **ADDRESS, **CARD)
        pause(alone)
        assert shopper.submit(form, **ADDRESS, **CARD).path == "upsell/1"
    assert crm.charges()["total"] == 1
    assert Refusal.CRM_DOWN not in shopper.page.text


def test_a_slow_crm_that_answers_pauses_nothing(crm: Crm, funnel: Funnel) -> None:
    crm.fault("*", "latency", times=0, seconds=2)
    until = time.monotonic() + OVER + 3
    while time.monotonic() < until:
        with Shopper(funnel.url) as shopper:
            assert shopper.leave_lead().path == "checkout"
            assert shopper.page.status == 200
    crm.heal()


@pytest.mark.parametrize("fault", ["latency", "refuse", "hang"])
def test_no_page_view_waits_for_the_crm_or_calls_it(crm: Crm, open_funnel: OpenFunnel, fault: str) -> None:
    """A page that waited would outlast the shopper's patience: every deadline is longer, and so is the fault."""
    funnel = open_funnel(relay=False, FUNNEL_ANSWER_DEADLINE="60", FUNNEL_OWED_DEADLINE="60")
    with Shopper(funnel.url) as buyer, Shopper(funnel.url) as passer_by:
        buyer.buy()
        before = len(crm.calls())
        crm.fault("*", fault, times=0, seconds=60)
        for shopper, paths in (
            (buyer, ("/", "/lead", "/checkout", "/checkout/confirming", "/upsell/1", "/upsell/2", "/thank-you")),
            (passer_by, ("/", "/lead", "/checkout", "/checkout/confirming", "/upsell/1", "/thank-you")),
        ):
            for path in paths:
                assert shopper.get(path).status == 200
        buyer.get("/upsell/1")
        assert buyer.submit(choice="no").path == "upsell/2"
        assert buyer.submit(choice="no").path == "thank-you"
        assert "Thank you, Jane" in buyer.get("/thank-you").text
        assert len(crm.calls()) == before
        crm.heal()


def assert_paused(shopper: Shopper) -> None:
    page = shopper.page
    assert page.status == 503
    assert int(page.headers["Retry-After"]) > 0
    assert page.forms == [], "nothing to press, no card to type"
    assert "We cannot take payments right now." in page.text
    assert page.headers["Refresh"].endswith("url=/checkout")


def attempts_in(funnel: Funnel) -> int:
    with funnel.rooms.store.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM attempts").scalar_one())
