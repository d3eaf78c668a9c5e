"""The outbox and the ledger of charges, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from conftest import eventually
from sqlalchemy import Connection, text
from stores import Clock

from funnel.attempt import (
    IN_FLIGHT,
    LIVE,
    ORDER,
    UNRESOLVED,
    Away,
    AwayKind,
    By,
    Claim,
    Reason,
    Refusal,
    State,
    Verdict,
    new_key,
)
from funnel.basket import Basket, Line
from funnel.charges.attempts import ONE_CLAIM_AT_A_TIME, Attempts
from funnel.charges.refusals import Refusals
from funnel.charges.unresolved import Unresolved
from funnel.outbox.outbox import GIVE_UP_AFTER, Kind, Outbox
from funnel.store.store import Store, insert_new
from funnel.store.tables import attempts as attempts_table
from funnel.visits.attribution import Arrival
from funnel.visits.visit import Visit
from funnel.visits.visits import Visits

LAMP = Basket(lines=(Line(productId=101, name="Lamp", each=Decimal("49.95"), ship_each=Decimal("4.95")),))
QUIET = 900.0
LEASE = 30.0
CROWD = 50


@pytest.fixture
def outbox(store: Store) -> Outbox:
    return Outbox(store)


@pytest.fixture
def attempts(store: Store) -> Attempts:
    return Attempts(store, decline_limit=3)


@pytest.fixture
def unresolved(store: Store) -> Unresolved:
    return Unresolved(store)


def owe(store: Store, outbox: Outbox, visit: str, kind: Kind = Kind.CLICK, **more: str) -> bool:
    with store.write() as connection:
        return outbox.owe(connection, visit, kind, **more)


def all_at_once(crowd: int, act: Callable[[int], object]) -> list[object]:
    """What each of so many threads got, all let go at the same moment."""
    gate, results = threading.Barrier(crowd), [None] * crowd

    def one(number: int) -> None:
        gate.wait()
        results[number] = act(number)  # type: ignore[call-overload]

    threads = [threading.Thread(target=one, args=(number,)) for number in range(crowd)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return list(results)


def test_tables_can_be_prepared_by_many_processes_at_once(store: Store) -> None:
    assert all_at_once(8, lambda _: store.prepare()) == [None] * 8


def test_a_call_owed_once_is_owed_once(store: Store, outbox: Outbox) -> None:
    assert owe(store, outbox, "a", once="click:lead")
    assert not owe(store, outbox, "a", once="click:lead")
    assert owe(store, outbox, "b", once="click:lead")
    assert len(outbox.lease_due(limit=10, seconds=LEASE)) == 2


def test_calls_of_a_visit_are_delivered_in_order_and_one_at_a_time(store: Store, outbox: Outbox) -> None:
    for visit in ("a", "b"):
        owe(store, outbox, visit, Kind.CLICK)
        owe(store, outbox, visit, Kind.LEAD)
    first = outbox.lease_due(limit=10, seconds=LEASE)
    assert [(row.visit_id, row.kind) for row in first] == [("a", Kind.CLICK), ("b", Kind.CLICK)]
    assert outbox.lease_due(limit=10, seconds=LEASE) == []
    outbox.delivered(first[0])
    assert [(row.visit_id, row.kind) for row in outbox.lease_due(limit=10, seconds=LEASE)] == [("a", Kind.LEAD)]


def test_a_failed_call_comes_later_and_holds_back_only_its_own_visit(
    store: Store, outbox: Outbox, clock: Clock
) -> None:
    owe(store, outbox, "a")
    owe(store, outbox, "a", Kind.LEAD)
    owe(store, outbox, "b")
    first, other = outbox.lease_due(limit=10, seconds=LEASE)
    outbox.put_off(first, "no answer (deadline)")
    outbox.delivered(other)
    assert outbox.lease_due(limit=10, seconds=LEASE) == []
    clock.now += 2.1
    (again,) = outbox.lease_due(limit=10, seconds=LEASE)
    assert (again.id, again.tries) == (first.id, 1)


def owe_draft(store: Store, outbox: Outbox, visit: str) -> None:
    with store.write() as connection:
        outbox.owe_lead(connection, visit, apart=5.0)


def test_leads_of_a_draft_keep_their_distance_from_when_the_last_one_was_taken(
    store: Store, outbox: Outbox, clock: Clock
) -> None:
    owe_draft(store, outbox, "a")
    clock.now += 60  # the relay was away
    (first,) = outbox.lease_due(limit=10, seconds=LEASE)
    outbox.delivered(first)
    clock.now += 1
    for _ in range(2):
        owe_draft(store, outbox, "a")
    clock.now += 3.9
    assert outbox.lease_due(limit=10, seconds=LEASE) == []
    clock.now += 0.2
    assert [row.kind for row in outbox.lease_due(limit=10, seconds=LEASE)] == [Kind.LEAD]


def test_a_form_takes_a_lead_that_keeps_its_distance(store: Store, outbox: Outbox, clock: Clock) -> None:
    owe_draft(store, outbox, "a")
    (first,) = outbox.lease_due(limit=10, seconds=LEASE)
    owe_draft(store, outbox, "a")
    assert outbox.lease_one("a", Kind.LEAD, seconds=LEASE) is None, "the one before is on its way"
    outbox.delivered(first)
    assert outbox.lease_one("a", Kind.LEAD, seconds=LEASE)


def test_pauses_grow_up_to_five_minutes(store: Store, outbox: Outbox, clock: Clock) -> None:
    owe(store, outbox, "a")
    waits = []
    for _ in range(12):
        (row,) = outbox.lease_due(limit=1, seconds=LEASE)
        outbox.put_off(row, "no answer")
        began = clock.now
        while not outbox.lease_due(limit=1, seconds=0.0):
            clock.now += 1
        waits.append(clock.now - began)
    assert waits[0] <= 2
    assert 150 <= waits[-1] <= 300


def test_what_cannot_be_delivered_for_days_is_parked_and_blocks_nobody(
    store: Store, outbox: Outbox, clock: Clock
) -> None:
    owe(store, outbox, "a")
    owe(store, outbox, "a", Kind.LEAD)
    clock.now += GIVE_UP_AFTER + 1
    (row,) = outbox.lease_due(limit=1, seconds=LEASE)
    outbox.put_off(row, "no answer")
    (after,) = outbox.lease_due(limit=1, seconds=LEASE)
    assert after.kind is Kind.LEAD


def test_a_killed_relays_work_is_taken_over_and_its_late_word_changes_nothing(
    store: Store, outbox: Outbox, clock: Clock
) -> None:
    owe(store, outbox, "a")
    (killed,) = outbox.lease_due(limit=1, seconds=LEASE)
    clock.now += LEASE + 1
    (taken_over,) = outbox.lease_due(limit=1, seconds=LEASE)
    assert taken_over.id == killed.id
    outbox.delivered(killed)
    assert outbox.owes("a", Kind.CLICK)
    outbox.delivered(taken_over)
    assert not outbox.owes("a", Kind.CLICK)


def test_two_relays_never_lease_the_same_call(store: Store, outbox: Outbox) -> None:
    for number in range(40):
        owe(store, outbox, f"visit{number}")
    leased = all_at_once(8, lambda _: outbox.lease_due(limit=5, seconds=LEASE))
    ids = [row.id for rows in leased for row in rows]  # type: ignore[attr-defined]
    assert len(ids) == len(set(ids)) > 0


def test_a_lead_that_waits_is_not_owed_twice_but_one_under_way_is(store: Store, outbox: Outbox) -> None:
    def owe_lead() -> None:
        with store.write() as connection:
            outbox.owe_lead(connection, "a")

    owe_lead()
    owe_lead()
    under_way = outbox.lease_one("a", Kind.LEAD, seconds=LEASE)
    assert under_way
    assert outbox.lease_one("a", Kind.LEAD, seconds=LEASE) is None
    owe_lead()
    outbox.delivered(under_way)
    assert outbox.owes("a", Kind.LEAD)


def test_an_order_id_belongs_to_one_visit_for_good(store: Store) -> None:
    visits = Visits(store, life=100.0, limit=1e9)
    with store.write() as connection:
        for name in ("jane", "john"):
            visits.keep(connection, Visit(name, Arrival("", "", "", "")))
    assert visits.learn_order("jane", "ORDER1")
    assert not visits.learn_order("john", "ORDER1")
    assert visits.learn_order("jane", "ORDER1")
    assert not visits.learn_order("jane", "ORDER2")
    jane, john = visits.find("jane"), visits.find("john")
    assert jane
    assert john
    assert (jane.order_id, john.order_id) == ("ORDER1", None)


def test_of_many_presses_at_once_one_is_claimed(attempts: Attempts) -> None:
    claims = all_at_once(CROWD, lambda _: attempts.claim(new_key(), "jane", ORDER, LAMP, lease=LEASE))
    assert sum(isinstance(claim, Claim) and claim.mine for claim in claims) == 1
    assert len({claim.attempt.key for claim in claims if isinstance(claim, Claim) and claim.attempt}) == 1


def test_the_same_press_sent_many_times_is_claimed_once(attempts: Attempts) -> None:
    key = new_key()
    claims = all_at_once(CROWD, lambda _: attempts.claim(key, "jane", ORDER, LAMP, lease=LEASE))
    assert Counter(isinstance(claim, Claim) and claim.mine for claim in claims) == {True: 1, False: CROWD - 1}


def charged_order(attempts: Attempts, visit: str = "jane") -> str:
    key = new_key()
    assert attempts.claim(key, visit, ORDER, LAMP, lease=LEASE).mine
    assert attempts.mark_sent(key, f"ORDER-{visit}", lease=LEASE)
    assert attempts.settle(key, Verdict(State.CHARGED), by=By.CHARGE, seen=(State.SENT,))
    return key


def test_of_two_offers_in_two_tabs_one_is_in_flight_at_a_time(attempts: Attempts) -> None:
    charged_order(attempts)
    slots = ["upsell1", "upsell2"] * 10
    claims = all_at_once(len(slots), lambda n: attempts.claim(new_key(), "jane", slots[n], LAMP, lease=LEASE))
    assert sum(isinstance(claim, Claim) and claim.mine for claim in claims) == 1


def test_an_upsell_needs_a_charged_order(attempts: Attempts) -> None:
    assert attempts.claim(new_key(), "jane", "upsell1", LAMP, lease=LEASE).refusal is Refusal.NO_ORDER


def charged(attempts: Attempts, slot: str) -> None:
    key = new_key()
    assert attempts.claim(key, "jane", slot, LAMP, lease=LEASE).mine
    assert attempts.mark_sent(key, "ORDER-jane", lease=LEASE)
    assert attempts.settle(key, Verdict(State.CHARGED), by=By.CHARGE, seen=(State.SENT,))


@pytest.mark.parametrize(("first", "other"), [("upsell1", "upsell1b"), ("upsell1b", "upsell1")])
def test_of_an_upsell_and_its_downsell_one_is_charged(attempts: Attempts, first: str, other: str) -> None:
    charged_order(attempts)
    charged(attempts, first)
    assert attempts.claim(new_key(), "jane", other, LAMP, lease=LEASE).refusal is Refusal.ONE_OF_TWO
    assert attempts.claim(new_key(), "jane", "upsell2", LAMP, lease=LEASE).mine


def test_a_claim_sees_what_another_one_has_come_to_meanwhile(store: Store, attempts: Attempts) -> None:
    """PostgreSQL would let it look, wait, and insert beside a downsell that has been charged since the look."""
    charged_order(attempts)
    with store.write() as connection:
        Visits(store, life=100.0, limit=1e9).keep(connection, Visit("jane", Arrival("", "", "", "")))
    with ThreadPoolExecutor(1) as second_tab:
        with store.durable() as connection:
            connection.execute(ONE_CLAIM_AT_A_TIME, {"visit": "jane"})
            late = second_tab.submit(attempts.claim, new_key(), "jane", "upsell1", LAMP, lease=LEASE)
            assert eventually(lambda: late.done() or somebody_waits(connection))
            values = {"state": State.CHARGED, "created_at": 0.0, "lease_until": 0.0}
            assert insert_new(connection, attempts_table, key=new_key(), visit_id="jane", slot="upsell1b", **values)
        assert late.result().refusal is Refusal.ONE_OF_TWO


def somebody_waits(connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":  # where whoever writes has been waited for since its beginning
        return True
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid"
    return bool(connection.execute(text(waiting)).scalar())


def test_a_claim_of_somebody_elses_key_is_refused_and_shows_nothing(attempts: Attempts) -> None:
    key = charged_order(attempts)
    stolen = attempts.claim(key, "john", ORDER, LAMP, lease=LEASE)
    assert (stolen.attempt, stolen.mine, stolen.refusal) == (None, False, Refusal.BUSY)


def test_after_declines_a_new_press_may_try_up_to_the_limit(attempts: Attempts) -> None:
    for _ in range(3):
        key = new_key()
        assert attempts.claim(key, "jane", ORDER, LAMP, lease=LEASE).mine
        assert attempts.mark_sent(key, "ORDER1", lease=LEASE)
        assert attempts.settle(key, Verdict(State.DECLINED, Reason.DECLINED), by=By.CHARGE, seen=(State.SENT,))
    assert attempts.claim(new_key(), "jane", ORDER, LAMP, lease=LEASE).refusal is Refusal.TOO_MANY_DECLINES


def test_an_abandoned_claim_was_never_sent_and_can_no_longer_be(
    attempts: Attempts, unresolved: Unresolved, clock: Clock
) -> None:
    key = new_key()
    attempts.claim(key, "jane", ORDER, LAMP, lease=LEASE)
    clock.now += LEASE + 1
    assert unresolved.abandoned()
    unresolved.recover(quiet_time=QUIET)
    attempt = attempts.find(key)
    assert attempt
    assert (attempt.state, attempt.reason) == (State.NOT_CHARGED, Reason.NEVER_SENT)
    assert not attempts.mark_sent(key, "ORDER1", lease=LEASE)


def test_an_abandoned_charge_is_unknown_until_the_quiet_time_has_passed(
    attempts: Attempts, unresolved: Unresolved, clock: Clock
) -> None:
    key = new_key()
    attempts.claim(key, "jane", ORDER, LAMP, lease=LEASE)
    attempts.mark_sent(key, "ORDER1", lease=LEASE)
    sent_at = clock.now
    clock.now += LEASE + 1
    unresolved.recover(quiet_time=QUIET)
    attempt = attempts.find(key)
    assert attempt
    assert (attempt.state, attempt.settle_at) == (State.UNKNOWN, sent_at + QUIET)
    assert [leased.key for leased in unresolved.lease(limit=5, seconds=LEASE)] == [key]
    assert unresolved.lease(limit=5, seconds=LEASE) == []
    assert attempts.claim(new_key(), "jane", ORDER, LAMP, lease=LEASE).attempt == attempts.find(key)


def test_late_truth_wins_and_is_never_taken_back(attempts: Attempts) -> None:
    key = new_key()
    attempts.claim(key, "jane", ORDER, LAMP, lease=LEASE)
    attempts.mark_sent(key, "ORDER1", lease=LEASE)
    assert attempts.settle(key, Verdict(State.UNKNOWN, settle_at=0.0), by=By.CHARGE, seen=(State.SENT,))
    assert attempts.settle(key, Verdict(State.CHARGED), by=By.CHARGE, seen=(State.UNKNOWN,))
    assert not attempts.settle(key, Verdict(State.NOT_CHARGED), by=By.CHARGE, seen=(State.UNKNOWN, State.SENT))
    attempt = attempts.find(key)
    assert attempt
    assert attempt.state is State.CHARGED


def test_an_answer_to_a_question_of_before_is_no_evidence(attempts: Attempts) -> None:
    """The quiet time began anew while Order Query was on its way, so its negative came too early."""
    key = new_key()
    attempts.claim(key, "jane", ORDER, LAMP, lease=LEASE)
    attempts.mark_sent(key, "ORDER1", lease=LEASE)
    assert attempts.settle(key, Verdict(State.UNKNOWN, settle_at=30.0), by=By.CHARGE, seen=(State.SENT,))
    assert attempts.settle(key, Verdict(State.UNKNOWN, settle_at=900.0), by=By.CHARGE, seen=(State.UNKNOWN,))
    not_charged = Verdict(State.NOT_CHARGED, Reason.NOT_FOUND_PAID)
    assert not attempts.settle(key, not_charged, by=By.CHARGE, seen=(State.UNKNOWN,), settle_at=30.0)
    assert attempts.settle(key, not_charged, by=By.CHARGE, seen=(State.UNKNOWN,), settle_at=900.0)


def test_a_second_upsell_of_the_same_product_counts_from_what_is_paid(attempts: Attempts) -> None:
    charged_order(attempts)
    claim = attempts.claim(new_key(), "jane", "upsell1", LAMP, lease=LEASE)
    assert claim.attempt
    assert claim.attempt.baseline == 1


def test_an_adopted_order_is_asked_about_before_anything_else(
    store: Store, attempts: Attempts, unresolved: Unresolved
) -> None:
    with attempts.adopting(By.COOKIE) as entries:
        attempts.adopt(entries, "jane", "ORDER1", quiet_time=QUIET)
    (attempt,) = unresolved.lease(limit=5, seconds=LEASE)
    assert (attempt.order_id, attempt.slot, attempt.basket) == ("ORDER1", ORDER, None)
    assert attempts.claim(new_key(), "jane", ORDER, LAMP, lease=LEASE).attempt == attempts.find(attempt.key)


def test_an_adopted_order_that_is_paid_bears_no_upsells(store: Store, attempts: Attempts) -> None:
    """They may have been bought already, and our books have lost them."""
    with attempts.adopting(By.COOKIE) as entries:
        attempts.adopt(entries, "jane", "ORDER1", quiet_time=QUIET)
    (adopted,) = attempts.of_visit("jane")
    assert attempts.settle(adopted.key, Verdict(State.CHARGED), by=By.CHARGE, seen=UNRESOLVED)
    assert attempts.claim(new_key(), "jane", "upsell1", LAMP, lease=LEASE).refusal is Refusal.NO_ORDER


def test_saying_no_twice_is_saying_no_and_is_taken_back_at_once(store: Store) -> None:
    refusals = Refusals(store)
    for slot in ("upsell1", "upsell1", "upsell2"):
        refusals.add("jane", slot)
    assert refusals.of_visit("jane") == {"upsell1", "upsell2"}
    refusals.take_back("jane", "upsell1")
    assert (refusals.of_visit("jane"), refusals.of_visit("june")) == ({"upsell2"}, frozenset())


@pytest.mark.parametrize("state", sorted(LIVE))
def test_the_store_itself_refuses_a_second_live_attempt_in_a_slot(store: Store, state: str) -> None:
    """Whatever the code above looked at before: two processes may look at the same moment."""
    facts = {"visit_id": "jane", "slot": ORDER, "created_at": 0.0, "lease_until": 0.0}
    with store.durable() as connection:
        assert insert_new(connection, attempts_table, key="first", state=state, **facts)
        assert not insert_new(connection, attempts_table, key="second", state="CLAIMED", **facts)


@pytest.mark.parametrize("state", sorted(IN_FLIGHT))
def test_the_store_itself_refuses_a_second_attempt_in_flight_in_a_visit(store: Store, state: str) -> None:
    facts = {"visit_id": "jane", "created_at": 0.0, "lease_until": 0.0}
    with store.durable() as connection:
        assert insert_new(connection, attempts_table, key="first", slot="upsell1", state=state, **facts)
        assert not insert_new(connection, attempts_table, key="second", slot="upsell2", state="CLAIMED", **facts)


def test_what_needs_a_human_keeps_its_slot_and_the_visit(attempts: Attempts) -> None:
    charged_order(attempts)
    key = new_key()
    attempts.claim(key, "jane", "upsell1", LAMP, lease=LEASE)
    attempts.mark_sent(key, "ORDER-jane", lease=LEASE)
    attempts.settle(key, Verdict(State.NEEDS_HUMAN), by=By.CHARGE, seen=(State.SENT,))
    assert attempts.claim(new_key(), "jane", "upsell1", LAMP, lease=LEASE).attempt == attempts.find(key)
    assert attempts.claim(new_key(), "jane", "upsell2", LAMP, lease=LEASE).refusal is Refusal.BUSY


def test_what_needs_a_human_goes_on_being_asked_about(attempts: Attempts, unresolved: Unresolved, clock: Clock) -> None:
    key = new_key()
    attempts.claim(key, "jane", ORDER, LAMP, lease=LEASE)
    attempts.mark_sent(key, "ORDER1", lease=LEASE)
    attempts.settle(key, Verdict(State.NEEDS_HUMAN), by=By.CHARGE, seen=(State.SENT,))
    assert unresolved.lease(limit=5, seconds=LEASE) == []
    clock.now += 301
    assert [attempt.key for attempt in unresolved.lease(limit=5, seconds=LEASE)] == [key]


def led_away(attempts: Attempts, kind: AwayKind) -> str:
    """The key of an attempt whose shopper is at PayPal or a bank."""
    claim = attempts.claim(new_key(), new_key(), ORDER, LAMP, lease=LEASE)
    assert claim.attempt
    key = claim.attempt.key
    assert attempts.mark_sent(key, "ORDER", lease=LEASE)
    away = Verdict(State.AWAIT_REDIRECT, settle_at=2e9, away=Away(kind, "https://away.example/"))
    assert attempts.settle(key, away, by=By.CHARGE, seen=(State.SENT,))
    return key


def test_of_many_returns_from_paypal_one_sends_the_second_call(attempts: Attempts) -> None:
    key = led_away(attempts, AwayKind.PAYPAL)
    assert Counter(all_at_once(8, lambda _: attempts.resume(key, lease=LEASE))) == {True: 1, False: 7}
    assert not attempts.cancel(key), "it is too late for that"


def test_who_cancelled_at_paypal_sends_nothing_any_more(attempts: Attempts) -> None:
    key = led_away(attempts, AwayKind.PAYPAL)
    assert Counter(all_at_once(8, lambda _: attempts.cancel(key))) == {True: 1, False: 7}
    assert not attempts.resume(key, lease=LEASE)
    ended = attempts.find(key)
    assert ended
    assert (ended.state, ended.reason, ended.away) == (State.NOT_CHARGED, Reason.CANCELLED, None)


@pytest.mark.parametrize("kind", [AwayKind.URL, AwayKind.SCRIPT])
def test_what_a_bank_charges_by_itself_is_neither_sent_again_nor_cancelled(attempts: Attempts, kind: AwayKind) -> None:
    """Also where it was PayPal's when the tab that comes back last looked."""
    key = led_away(attempts, kind)
    assert not attempts.resume(key, lease=LEASE)
    assert not attempts.cancel(key)
    waiting = attempts.find(key)
    assert waiting
    assert waiting.state is State.AWAIT_REDIRECT
    attempts.returned(key)
    assert not attempts.resume(key, lease=LEASE), "nor when the shopper has been there"


def test_a_shopper_who_is_back_is_asked_about_at_once(attempts: Attempts, unresolved: Unresolved, clock: Clock) -> None:
    """However long the pauses between the questions had become."""
    key = led_away(attempts, AwayKind.URL)
    for _ in range(6):
        clock.now += 400
        (asked,) = unresolved.lease(limit=1, seconds=1)
        unresolved.ask_later(asked)
    assert unresolved.lease(limit=1, seconds=1) == []
    attempts.returned(key)
    (asked,) = unresolved.lease(limit=1, seconds=1)
    assert (asked.key, asked.asked) == (key, 1)
