"""What the relay tidies: Confirm Order for who left before the receipt, old calls, and data whose time is over."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

import pytest
from conftest import PATIENCE, Crm, OpenFunnel, eventually
from shopper import Shopper
from sqlalchemy import func, select, update
from stores import Clock
from test_store_rooms import LAMP, all_at_once

from funnel.attempt import ORDER, By, State, Verdict, new_key
from funnel.charges.attempts import Attempts
from funnel.charges.refusals import Refusals
from funnel.limits.floods import Floods
from funnel.outbox.backlog import Backlog
from funnel.outbox.housekeeping import BATCH, LOOK_BACK, Housekeeping
from funnel.outbox.outbox import Kind, Outbox, Owed
from funnel.outbox.outbox import State as Call
from funnel.people import Contact
from funnel.settings import Timing
from funnel.store.store import Store, insert_new
from funnel.store.tables import outbox as outbox_table
from funnel.store.tables import refusals, visits
from funnel.visits.attribution import Arrival
from funnel.visits.visit import Told, Visit
from funnel.visits.visits import Visits

JANE = Contact("Jane", "Doe", "jane@example.com")
CONFIRM_PATH = "/order/confirm/"
LEASE = 30.0
DAY = 86400.0
TIMING = Timing()


class House:
    """The rooms over one store, and what happened in them."""

    def __init__(self, store: Store, timing: Timing = TIMING, *, confirm_order: bool = True) -> None:
        self.store = store
        self.outbox = Outbox(store)
        self.visits = Visits(store, life=timing.visit_life, limit=1e9)
        self.attempts = Attempts(store, decline_limit=3)
        self.keeping = Housekeeping(
            store=store,
            outbox=self.outbox,
            floods=Floods(store, limit=300),
            timing=timing,
            confirm_order=confirm_order,
        )

    def visit(self, name: str) -> None:
        with self.store.write() as connection:
            self.visits.keep(connection, Visit(name, Arrival("https://shop.example/?c1=x", "phone", "", "192.0.2.1")))
            self.visits.learn_contact(connection, name, JANE)
        self.visits.learn_told(name, Told(JANE, None))
        self.visits.learn_order(name, f"ORDER-{name}")

    def order(self, name: str, verdict: Verdict = Verdict(State.CHARGED)) -> str:  # noqa: B008  # frozen
        key = new_key()
        assert self.attempts.claim(key, name, ORDER, LAMP, lease=LEASE).mine
        assert self.attempts.mark_sent(key, f"ORDER-{name}", lease=LEASE)
        assert self.attempts.settle(key, verdict, by=By.CHARGE, seen=(State.SENT,))
        return key

    def owe(self, name: str, kind: Kind = Kind.CLICK, once: str | None = None) -> bool:
        with self.store.write() as connection:
            return self.outbox.owe(connection, name, kind, once=once)

    def owed(self) -> list[Owed]:
        return self.outbox.lease_due(limit=1000, seconds=LEASE)

    def deliver_all(self) -> None:
        while owed := self.owed():
            for each in owed:
                self.outbox.delivered(each)

    def rows(self, **column: Any) -> int:
        with self.store.read() as connection:
            counted = select(func.count()).select_from(outbox_table).filter_by(**column)
            return connection.execute(counted).scalar_one()

    def confirms(self) -> list[str]:
        return [owed.visit_id for owed in self.owed() if owed.kind is Kind.CONFIRM]

    def knows(self, name: str) -> bool:
        """Whether the visit still says whose it is."""
        visit = self.visits.find(name)
        assert visit
        personal = (visit.contact, visit.told, visit.addresses, visit.notice, *filter(None, astuple(visit.arrival)))
        return any(each is not None for each in personal)


@pytest.fixture
def house(store: Store) -> House:
    return House(store)


# --- Confirm Order --------------------------------------------------------------------------------------------


def test_who_never_saw_the_receipt_is_confirmed_half_an_hour_later_and_once(house: House, clock: Clock) -> None:
    house.visit("jane")
    house.order("jane")
    clock.now += TIMING.confirm_after - 1
    house.keeping.run()
    assert house.confirms() == []
    clock.now += 1
    house.keeping.run()
    house.keeping.run()
    assert house.confirms() == ["jane"]
    assert house.rows() == 1


def test_who_saw_it_is_not_confirmed_again_by_many_relays_at_once(house: House, clock: Clock) -> None:
    for name in ("jane", "john"):
        house.visit(name)
        house.order(name)
    with house.store.write() as connection:
        house.outbox.owe_confirm(connection, "jane")
    house.deliver_all()
    clock.now += TIMING.confirm_after
    all_at_once(8, lambda _: house.keeping.run())
    assert house.confirms() == ["john"]
    assert house.rows(kind=Kind.CONFIRM) == 2


@pytest.mark.parametrize(
    "verdict", [Verdict(State.DECLINED), Verdict(State.NOT_CHARGED), Verdict(State.UNKNOWN), Verdict(State.NEEDS_HUMAN)]
)
def test_what_is_not_charged_is_not_confirmed(house: House, clock: Clock, verdict: Verdict) -> None:
    house.visit("jane")
    house.order("jane", verdict)
    clock.now += TIMING.confirm_after
    house.keeping.run()
    assert house.rows() == 0


def test_a_charge_found_out_late_is_confirmed_from_then_on(house: House, clock: Clock) -> None:
    house.visit("jane")
    key = house.order("jane", Verdict(State.NEEDS_HUMAN))
    clock.now += 10 * DAY
    assert house.attempts.settle(key, Verdict(State.CHARGED), by=By.CHARGE, seen=(State.NEEDS_HUMAN,))
    house.keeping.run()
    assert house.rows() == 0
    clock.now += TIMING.confirm_after
    house.keeping.run()
    assert house.confirms() == ["jane"]


def test_a_campaign_that_does_not_want_it_confirms_nothing(store: Store, clock: Clock) -> None:
    house = House(store, confirm_order=False)
    house.visit("jane")
    house.order("jane")
    clock.now += TIMING.confirm_after
    house.keeping.run()
    assert house.rows() == 0


@pytest.mark.parametrize("kept", [1.0, 60.0, 604800.0])
def test_what_was_confirmed_is_never_confirmed_again_however_short_calls_are_kept(
    store: Store, clock: Clock, kept: float
) -> None:
    house = House(store, Timing(delivered_kept=kept, visit_life=60.0))
    house.visit("jane")
    house.order("jane")
    confirmed = 0
    until = clock.now + max(kept, LOOK_BACK) + 2 * DAY
    while clock.now < until:
        clock.now += 6 * 3600
        house.keeping.run()
        owed = house.owed()
        confirmed += len(owed)
        for each in owed:
            house.outbox.delivered(each)
    assert confirmed == 1
    assert house.rows() == 0, "the row went all the same"


def test_a_confirmation_that_was_dropped_is_not_owed_again(house: House, clock: Clock) -> None:
    house.visit("jane")
    house.order("jane")
    clock.now += TIMING.confirm_after
    house.keeping.run()
    backlog = Backlog(house.store)
    (entry,) = backlog.entries()
    assert backlog.drop([entry.id]) == []
    house.keeping.run()
    assert house.confirms() == []


# --- Old calls ------------------------------------------------------------------------------------------------


def test_delivered_calls_go_after_a_week_and_parked_ones_stay(house: House, clock: Clock) -> None:
    for name in ("jane", "john"):
        house.visit(name)
        house.owe(name)
    delivered, parked = house.owed()
    house.outbox.delivered(delivered)
    house.outbox.park(parked, "refused (invalid)")
    clock.now += TIMING.delivered_kept - 1
    house.keeping.run()
    assert house.rows() == 2
    clock.now += 2
    house.keeping.run()
    assert (house.rows(), house.rows(state=Call.PARKED)) == (1, 1)


def test_a_page_reported_once_is_not_reported_again_while_its_visit_lives(store: Store, clock: Clock) -> None:
    timing = Timing(delivered_kept=10.0, confirm_after=10.0, visit_life=10 * DAY)
    house = House(store, timing)
    house.visit("jane")
    assert house.owe("jane", once="click:lead")
    house.deliver_all()
    clock.now += 9 * DAY
    house.keeping.run()
    assert not house.owe("jane", once="click:lead")
    clock.now += DAY
    house.keeping.run()
    assert house.rows() == 0, "the visit has ended"


def test_what_is_still_owed_stays_however_old(house: House, clock: Clock) -> None:
    house.visit("jane")
    house.owe("jane")
    clock.now += 100 * DAY
    house.keeping.run()
    assert house.rows(state=Call.OWED) == 1


def test_much_goes_in_batches_and_by_many_relays_at_once(house: House, clock: Clock) -> None:
    house.visit("jane")
    with house.store.write() as connection:
        for _ in range(2 * BATCH + 1):
            house.outbox.owe(connection, "jane", Kind.CLICK)
        connection.execute(update(outbox_table).values(state=Call.DELIVERED))
    clock.now += TIMING.delivered_kept + 1
    house.keeping.run()
    assert house.rows() == BATCH + 1
    all_at_once(4, lambda _: house.keeping.run())
    house.keeping.run()
    assert house.rows() == 0


# --- Personal data --------------------------------------------------------------------------------------------


def test_whose_a_visit_was_is_forgotten_after_a_month_but_its_ids_and_charges_stay(house: House, clock: Clock) -> None:
    house.visit("jane")
    key = house.order("jane")
    Refusals(house.store).add("jane", "upsell1")
    house.owe("jane", once="click:lead")
    house.deliver_all()
    clock.now += TIMING.confirm_after
    house.keeping.run()
    house.deliver_all()
    clock.now += TIMING.visits_kept - TIMING.confirm_after - 1
    house.keeping.run()
    assert house.knows("jane")
    clock.now += 2
    house.keeping.run()
    assert not house.knows("jane")
    visit = house.visits.find("jane")
    assert visit
    assert visit.forgotten
    assert visit.order_id == "ORDER-jane"
    assert not house.visits.learn_order("john", "ORDER-jane"), "the orderId is nobody else's"
    assert house.attempts.find(key)
    with house.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(refusals)).scalar_one() == 0


@pytest.mark.parametrize("state", [State.CLAIMED, State.SENT, State.UNKNOWN, State.AWAIT_REDIRECT, State.NEEDS_HUMAN])
def test_nobody_is_forgotten_while_a_charge_is_unresolved(house: House, clock: Clock, state: State) -> None:
    house.visit("jane")
    key = new_key()
    assert house.attempts.claim(key, "jane", ORDER, LAMP, lease=LEASE).mine
    if state is not State.CLAIMED:
        house.attempts.mark_sent(key, "ORDER-jane", lease=LEASE)
    if state not in (State.CLAIMED, State.SENT):
        house.attempts.settle(key, Verdict(state), by=By.CHARGE, seen=(State.SENT,))
    clock.now += 2 * TIMING.visits_kept
    house.keeping.run()
    assert house.knows("jane")
    house.attempts.settle(key, Verdict(State.DECLINED), by=By.CHARGE, seen=(state,))
    house.keeping.run()
    assert not house.knows("jane")


def test_nobody_is_forgotten_while_a_call_is_owed_for_them(house: House, clock: Clock) -> None:
    house.visit("jane")
    house.owe("jane", Kind.LEAD)
    clock.now += 2 * TIMING.visits_kept
    house.keeping.run()
    assert house.knows("jane")
    house.deliver_all()
    house.keeping.run()
    assert not house.knows("jane")


def test_a_visit_that_goes_on_is_not_forgotten_however_short_data_is_kept(store: Store, clock: Clock) -> None:
    house = House(store, Timing(visits_kept=10.0))
    house.visit("jane")
    clock.now += TIMING.visit_life - 1
    house.keeping.run()
    assert house.knows("jane")
    clock.now += 1
    house.keeping.run()
    assert not house.knows("jane")


def test_who_is_held_back_holds_back_nobody_else(house: House, clock: Clock) -> None:
    """More than a batch of old visits that must stay, and a younger one behind them that must go."""
    blank = {"arrival": {"requestUri": "", "userAgent": "", "httpReferer": "", "ipAddress": ""}}
    with house.store.write() as connection:
        for number in range(BATCH + 1):
            insert_new(connection, visits, id=f"held{number}", created_at=1.0, seen_at=1.0, **blank)
            house.outbox.owe(connection, f"held{number}", Kind.CLICK)
    house.visit("jane")
    clock.now += TIMING.visits_kept
    house.keeping.run()
    assert not house.knows("jane")


# --- The relay does it ----------------------------------------------------------------------------------------


def test_a_shopper_who_closes_the_offer_gets_the_confirmation_mail_all_the_same(
    crm: Crm, open_funnel: OpenFunnel, database_url: str
) -> None:
    with Shopper(open_funnel(DATABASE_URL=database_url, FUNNEL_CONFIRM_AFTER="0.5").url) as shopper:
        assert shopper.buy().path == "upsell/1"
        (order,) = crm.calls("/order/import/")
        assert eventually(lambda: crm.calls(CONFIRM_PATH), within=3 * PATIENCE)
        shopper.submit(choice="no")
        shopper.submit(choice="no")
        assert "Thank you, Jane" in shopper.page.text
        crm.wait_for("/landers/clicks/import/", 5)
    assert [call["params"]["orderId"] for call in crm.calls(CONFIRM_PATH)] == [order["params"]["orderId"]]
