"""How one owed call ends: delivered, put off or parked; and that its end touches no other call and no other visit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from stores import Clock

from config import load_settings
from funnel.charges.attempts import Attempts
from funnel.charges.pricing import Pricing
from funnel.crm.errors import CrmError, Garbled, NoAnswer, NotSent, Refused
from funnel.crm.errors import Kind as ErrorKind
from funnel.crm.replies import ClickReply, LeadReply
from funnel.outbox.breaker import FAILURES, OVER, WORTH_WAKING, Breaker
from funnel.outbox.delivery import Delivery
from funnel.outbox.outbox import GIVE_UP_AFTER, HASTE, LONGEST_HOLD, Kind, Outbox, State
from funnel.people import Contact
from funnel.store.store import Store
from funnel.store.tables import outbox as outbox_table
from funnel.visits.attribution import Arrival
from funnel.visits.visit import Visit
from funnel.visits.visits import Visits

LEASE = 30.0
CAMPAIGN = Path(__file__).parent / "funnel.toml"
PASSING = [
    NotSent("ConnectionError"),
    NoAnswer("deadline"),
    Garbled("HTTP 502", answered=False),
    Refused(ErrorKind.AUTH, "Invalid login", {}),
    Refused(ErrorKind.UNKNOWN, "Who knows", {}),
]
PERMANENT = [
    Refused(ErrorKind.INVALID, "bad", {"emailAddress": "is not valid"}),
    Refused(ErrorKind.NOT_FOUND, "no", {}),
]


@dataclass
class Peer:
    """The CRM as this test plays it: every call goes to `answer`, which returns a reply or raises."""

    answer: Callable[[Any], Any] = lambda call: ClickReply("SESSION1", {}, None)
    calls: list[Any] = field(default_factory=list)

    def take(self, call: Any, *, deadline: float) -> Any:
        self.calls.append(call)
        return self.answer(call)

    import_click = import_lead = confirm_order = take


@pytest.fixture
def outbox(store: Store) -> Outbox:
    return Outbox(store)


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
def delivery(store: Store, outbox: Outbox, peer: Peer, tmp_path: Path) -> Delivery:
    campaign = load_settings({"FUNNEL_FILE": str(CAMPAIGN)}, root=tmp_path).campaign
    return Delivery(
        client=peer,  # type: ignore[arg-type]
        store=store,
        visits=Visits(store, life=86400.0, limit=1e9),
        outbox=outbox,
        attempts=Attempts(store, decline_limit=3),
        campaign=campaign,
        pricing=Pricing(client=peer, campaign=campaign, store=store, visits=Visits(store, life=86400.0, limit=1e9)),  # type: ignore[arg-type]
    )


def visit(store: Store, name: str, *owes: Kind) -> None:
    """A visit of somebody who left a lead, and what it owes."""
    visits, outbox = Visits(store, life=86400.0, limit=1e9), Outbox(store)
    with store.write() as connection:
        visits.keep(connection, Visit(name, Arrival("https://shop.example/?c1=x", "phone", "", "192.0.2.1")))
        visits.learn_contact(connection, name, Contact("Jane", "Doe", f"{name}@example.com"))
        for kind in owes:
            outbox.owe(connection, name, kind, page_type="leadPage" if kind is Kind.CLICK else None)


def work(outbox: Outbox, delivery: Delivery) -> list[tuple[str, Kind]]:
    """One look of a relay: which calls it made."""
    leased = outbox.lease_due(limit=10, seconds=LEASE)
    for owed in leased:
        delivery.deliver(owed, deadline=1.0)
    return [(owed.visit_id, owed.kind) for owed in leased]


def states(store: Store, visit_id: str) -> list[tuple[str, str | None]]:
    with store.read() as connection:
        rows = connection.execute(select(outbox_table).where(outbox_table.c.visit_id == visit_id).order_by("id"))
        return [(row.state, row.last_error) for row in rows]


def refuse(error: Exception) -> Callable[[Any], Any]:
    def answer(_call: Any) -> Any:
        raise error

    return answer


@pytest.mark.parametrize("error", PASSING, ids=str)
def test_what_may_pass_is_tried_again(
    store: Store, outbox: Outbox, delivery: Delivery, peer: Peer, clock: Clock, error: CrmError
) -> None:
    visit(store, "jane", Kind.CLICK)
    peer.answer = refuse(error)
    work(outbox, delivery)
    assert states(store, "jane") == [(State.OWED, str(error))]
    assert work(outbox, delivery) == []
    clock.now += 2.1
    peer.answer = Peer().answer
    assert work(outbox, delivery) == [("jane", Kind.CLICK)]
    assert states(store, "jane") == [(State.DELIVERED, None)]


@pytest.mark.parametrize("error", PERMANENT, ids=str)
def test_what_will_never_be_taken_is_parked_at_once_and_the_visits_next_call_goes_out(
    store: Store, outbox: Outbox, delivery: Delivery, peer: Peer, error: CrmError
) -> None:
    visit(store, "jane", Kind.CLICK, Kind.LEAD)
    peer.answer = refuse(error)
    work(outbox, delivery)
    assert states(store, "jane")[0] == (State.PARKED, str(error))
    peer.answer = lambda call: LeadReply("ORDER1", "PARTIAL", None, None)
    assert work(outbox, delivery) == [("jane", Kind.LEAD)]
    assert states(store, "jane")[1] == (State.DELIVERED, None)


def test_a_click_that_fails_holds_its_visits_lead_back_for_a_minute_and_nobody_elses(
    store: Store, outbox: Outbox, delivery: Delivery, peer: Peer, clock: Clock
) -> None:
    visit(store, "jane", Kind.CLICK, Kind.LEAD)
    visit(store, "john", Kind.LEAD)

    def answer(call: Any) -> Any:
        if hasattr(call, "pageType"):
            raise NoAnswer("deadline")
        return LeadReply(f"ORDER-{call.emailAddress}", "PARTIAL", None, None)

    peer.answer = answer
    assert work(outbox, delivery) == [("jane", Kind.CLICK), ("john", Kind.LEAD)]
    began, made = clock.now, []
    while ("jane", Kind.LEAD) not in made:
        clock.now += 1
        made += work(outbox, delivery)
        assert clock.now < began + 62
    assert clock.now >= began + 60
    assert made.count(("jane", Kind.CLICK)) > 3, "the click goes on being tried"


def test_while_the_crm_is_down_and_when_it_is_back_a_lead_follows_its_click_however_long_that_took(
    store: Store, outbox: Outbox, delivery: Delivery, peer: Peer, clock: Clock
) -> None:
    breaker = Breaker(store, when_back=outbox.hasten)
    visit(store, "jane", Kind.CLICK, Kind.LEAD)
    for _ in range(FAILURES):
        clock.now += OVER / (FAILURES - 1)
        breaker.report(False)
    peer.answer = refuse(NotSent("ConnectionError"))
    while clock.now < 1_800_000_000.0 + 10 * LONGEST_HOLD:
        clock.now += WORTH_WAKING
        work(outbox, delivery)
    assert {type(call).__name__ for call in peer.calls} == {"ImportClick"}
    breaker.report(True)
    peer.answer = lambda call: (
        ClickReply("SESSION1", {}, None) if hasattr(call, "pageType") else LeadReply("ORDER1", "PARTIAL", None, None)
    )
    made = []
    for _ in range(HASTE + 1):
        made += work(outbox, delivery)
        clock.now += 1
    assert made == [("jane", Kind.CLICK), ("jane", Kind.LEAD)]
    assert peer.calls[-1].sessionId == "SESSION1"


def test_after_a_time_down_too_a_click_that_fails_holds_the_lead_back_for_a_minute_only(
    store: Store, outbox: Outbox, delivery: Delivery, peer: Peer, clock: Clock
) -> None:
    breaker = Breaker(store, when_back=outbox.hasten)
    visit(store, "jane", Kind.CLICK, Kind.LEAD)
    for _ in range(FAILURES):
        clock.now += OVER
        breaker.report(False)
    clock.now += LONGEST_HOLD
    breaker.report(True)
    peer.answer = refuse(NotSent("ConnectionError"))
    back, made = clock.now, work(outbox, delivery)
    while ("jane", Kind.LEAD) not in made:
        clock.now += 1
        made += work(outbox, delivery)
        assert clock.now < back + LONGEST_HOLD + HASTE
    assert clock.now >= back + LONGEST_HOLD


@pytest.mark.parametrize("first", [Kind.CLICK, Kind.LEAD])
def test_a_lead_that_is_told_while_its_click_is_under_way_is_told_again_in_its_session(
    store: Store, outbox: Outbox, delivery: Delivery, peer: Peer, first: Kind
) -> None:
    """Whichever of the two began first, and so knew nothing of the other."""
    visit(store, "jane", Kind.CLICK, Kind.LEAD)

    def answer(call: Any) -> Any:
        is_click = hasattr(call, "pageType")
        if len(peer.calls) == 1:
            other = outbox.lease_one("jane", Kind.LEAD if is_click else Kind.CLICK, seconds=LEASE)
            assert other
            delivery.deliver(other, deadline=1.0)
        return ClickReply("SESSION1", {}, None) if is_click else LeadReply("ORDER1", "PARTIAL", None, None)

    peer.answer = answer
    begun = outbox.lease_one("jane", first, seconds=LEASE)
    assert begun
    delivery.deliver(begun, deadline=1.0)
    leads = [call for call in peer.calls if not hasattr(call, "pageType")]
    assert [lead.sessionId for lead in leads] == [None]
    assert work(outbox, delivery) == [("jane", Kind.LEAD)]
    assert (peer.calls[-1].sessionId, peer.calls[-1].orderId) == ("SESSION1", "ORDER1")
    assert work(outbox, delivery) == []


def test_confirm_order_follows_what_its_visit_owed_before(store: Store, outbox: Outbox, delivery: Delivery) -> None:
    visit(store, "jane", Kind.CLICK, Kind.CONFIRM)
    assert [work(outbox, delivery) for _ in range(3)] == [[("jane", Kind.CLICK)], [("jane", Kind.CONFIRM)], []]


def test_calls_that_failed_together_do_not_come_back_together(
    store: Store, outbox: Outbox, delivery: Delivery, peer: Peer
) -> None:
    peer.answer = refuse(NotSent("ConnectionError"))
    for number in range(10):
        visit(store, f"visit{number}", Kind.CLICK)
    work(outbox, delivery)
    with store.read() as connection:
        due = set(connection.execute(select(outbox_table.c.due_at)).scalars())
    assert len(due) == 10
    assert max(due) - min(due) > 0.1


def test_a_mistake_of_our_own_is_put_off_too_and_is_seen(
    store: Store, outbox: Outbox, delivery: Delivery, peer: Peer, clock: Clock
) -> None:
    visit(store, "jane", Kind.CLICK)
    peer.answer = refuse(KeyError("jane@example.com"))
    with pytest.raises(KeyError):
        work(outbox, delivery)
    assert states(store, "jane") == [(State.OWED, "internal error (KeyError)")]
    clock.now += GIVE_UP_AFTER + 1
    with pytest.raises(KeyError):
        work(outbox, delivery)
    assert states(store, "jane") == [(State.PARKED, "internal error (KeyError)")]


def test_a_call_that_a_killed_relay_had_begun_is_made_again(
    store: Store, outbox: Outbox, delivery: Delivery, peer: Peer, clock: Clock
) -> None:
    visit(store, "jane", Kind.CLICK)
    assert outbox.lease_due(limit=1, seconds=LEASE), "a relay takes it, and is killed"
    assert work(outbox, delivery) == []
    clock.now += LEASE
    assert work(outbox, delivery) == [("jane", Kind.CLICK)]
    assert len(peer.calls) == 1
