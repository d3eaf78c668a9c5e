"""`flask funnel outbox`: what is owed and parked is listed, retried and dropped; and no person is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from click.testing import Result
from conftest import Crm, Funnel, OpenFunnel
from flask import Flask
from shopper import Shopper
from sqlalchemy import update
from stores import Clock
from test_delivery import states, visit

from app import create_app
from funnel.erasure import Erasure
from funnel.outbox.backlog import Backlog
from funnel.outbox.outbox import GIVE_UP_AFTER, Kind, Outbox, State
from funnel.store.store import Store
from funnel.store.tables import outbox

Run = Callable[..., Result]
CLICK = "/landers/clicks/import/"
LEAD = "/leads/import/"


@pytest.fixture
def funnel_at_rest(open_funnel: OpenFunnel, database_url: str) -> Funnel:
    """Without a relay, so that what is owed stays owed."""
    return open_funnel(relay=False, DATABASE_URL=database_url)


@pytest.fixture
def run(funnel_at_rest: Funnel) -> Iterator[Run]:
    app: Flask = create_app(funnel_at_rest.settings)
    yield lambda *words, **more: app.test_cli_runner().invoke(args=["funnel", "outbox", *words], **more)
    app.extensions["funnel"].store.close()


def owe_two(crm: Crm, funnel: Funnel) -> None:
    """A click and a lead that the CRM did not take."""
    crm.fault("*", "500", times=0)
    with Shopper(funnel.url) as jane:
        jane.leave_lead()
    with funnel.rooms.store.write() as connection:
        connection.execute(outbox.delete().where(outbox.c.kind == Kind.CLICK, outbox.c.page_type != "leadPage"))


def park(funnel: Funnel, kind: Kind, error: str = "refused (invalid: emailAddress)") -> int:
    """Its id."""
    rooms = funnel.rooms
    with rooms.store.write() as connection:
        given_up = {"state": State.PARKED, "tries": 7, "last_error": error, "created_at": 1.0}
        row = connection.execute(update(outbox).where(outbox.c.kind == kind).values(given_up).returning(outbox.c.id))
        return int(row.scalar_one())


def everything_delivered(funnel: Funnel) -> None:
    while funnel.rooms.relay.run_once():
        pass


def test_what_is_owed_is_listed_with_why_it_is_late(crm: Crm, funnel_at_rest: Funnel, run: Run) -> None:
    owe_two(crm, funnel_at_rest)
    heading, click, lead, counts = run().output.splitlines()
    assert heading.split() == ["id", "call", "page", "state", "tries", "age", "due", "last", "error"]
    assert re.search(r"\d+  click    leadPage       OWED        1     \d s  (now| +in \d s)  illegible answer", click)
    assert re.search(r"\d+  lead     -              OWED        [01]     \d s ", lead)
    assert counts == "2 owed, 0 parked."
    assert "jane" not in run().output.lower()


def test_an_empty_outbox_says_so(run: Run) -> None:
    assert run().output == "0 owed, 0 parked.\n"
    assert run("--parked").output == "0 parked.\n"


def test_what_is_parked_is_listed_alone_and_delivered_after_a_retry(crm: Crm, funnel_at_rest: Funnel, run: Run) -> None:
    owe_two(crm, funnel_at_rest)
    crm.heal()
    lead = park(funnel_at_rest, Kind.LEAD)
    _, line, counts = run("--parked").output.splitlines()
    assert re.search(rf" {lead}  lead     -              PARKED      7  \d+ d          -  refused \(invalid", line)
    assert counts == "1 parked."
    assert run("retry", str(lead)).output == "Owed again: 1.\n"
    assert crm.calls(LEAD) == [] or all(call["result"] != "SUCCESS" for call in crm.calls(LEAD))
    with funnel_at_rest.rooms.store.write() as connection:
        connection.execute(update(outbox).where(outbox.c.kind == Kind.CLICK).values(due_at=0.0))
    everything_delivered(funnel_at_rest)
    assert crm.calls(LEAD)[-1]["params"]["emailAddress"] == "jane@example.com"
    assert run().output == "0 owed, 0 parked.\n"


def test_everything_parked_is_retried_at_once(crm: Crm, funnel_at_rest: Funnel, run: Run) -> None:
    owe_two(crm, funnel_at_rest)
    park(funnel_at_rest, Kind.LEAD)
    park(funnel_at_rest, Kind.CLICK)
    assert run("retry", "--all-parked").output == "Owed again: 2.\n"
    assert run().output.endswith("2 owed, 0 parked.\n")
    assert run("retry", "--all-parked").output == "Owed again: 0.\n"


@pytest.mark.parametrize(("kind", "lost"), [(Kind.CLICK, "will not know of these"), (Kind.LEAD, "will not hear of")])
def test_a_drop_says_what_is_lost_and_asks_first(
    crm: Crm, funnel_at_rest: Funnel, run: Run, kind: Kind, lost: str
) -> None:
    owe_two(crm, funnel_at_rest)
    parked = str(park(funnel_at_rest, kind))
    refused = run("drop", parked, input="n\n")
    assert lost in refused.output
    assert refused.exit_code == 1
    assert run().output.endswith("1 owed, 1 parked.\n")
    agreed = run("drop", parked, input="y\n")
    assert agreed.output.endswith("Dropped: 1.\n")
    assert agreed.exit_code == 0
    assert run().output.endswith("1 owed, 0 parked.\n")


def test_a_drop_with_yes_asks_nothing_and_the_crm_never_gets_it(crm: Crm, funnel_at_rest: Funnel, run: Run) -> None:
    owe_two(crm, funnel_at_rest)
    crm.heal()
    heard = len(crm.calls())
    ids = [line.split()[0] for line in run().output.splitlines()[1:-1]]
    assert run("drop", "--yes", *ids).output.endswith("Dropped: 2.\n")
    everything_delivered(funnel_at_rest)
    assert len(crm.calls()) == heard


@pytest.mark.parametrize("words", [("retry", "4711"), ("drop", "4711"), ("drop", "--yes", "4711"), ("retry", "1")])
def test_an_id_that_is_none_is_told_and_nothing_is_changed(
    crm: Crm, funnel_at_rest: Funnel, run: Run, words: tuple[str, ...]
) -> None:
    owe_two(crm, funnel_at_rest)
    parked = str(park(funnel_at_rest, Kind.LEAD))
    result = run(*words, parked)
    assert result.exit_code == 1
    assert f"{words[-1]} is n" in result.output
    assert "Nothing was changed." in result.output
    assert run().output.endswith("1 owed, 1 parked.\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("retry",), "Name the ids"),
        (("retry", "1", "--all-parked"), "Name the ids"),
        (("drop",), "Name the ids"),
        (("drop", "x"), "not a valid integer"),
        (("retry", "99999999999"), "not in the range"),
    ],
)
def test_a_command_that_names_nothing_is_told(run: Run, words: tuple[str, ...], told: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert told in result.output


# --- The room alone -------------------------------------------------------------------------------------------


def parked_for_days(store: Store, clock: Clock) -> int:
    """A lead that nobody took for three days."""
    calls = Outbox(store)
    visit(store, "jane", Kind.LEAD)
    clock.now += GIVE_UP_AFTER + 1
    (owed,) = calls.lease_due(limit=1, seconds=30.0)
    calls.put_off(owed, "no answer (deadline)")
    (entry,) = Backlog(store).entries()
    assert entry.state is State.PARKED
    return entry.id


def test_a_retried_call_has_three_days_again(store: Store, clock: Clock) -> None:
    number = parked_for_days(store, clock)
    assert Backlog(store).retry([number]) == []
    calls = Outbox(store)
    (owed,) = calls.lease_due(limit=1, seconds=30.0)
    assert owed.tries == 0
    calls.put_off(owed, "no answer (deadline)")
    (entry,) = Backlog(store).entries()
    assert (entry.state, entry.tries, entry.age) == (State.OWED, 1, 0.0)


def test_a_call_whose_shopper_was_forgotten_is_not_retried(store: Store, clock: Clock) -> None:
    number = parked_for_days(store, clock)
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE visits SET seen_at = 0")
    backlog = Backlog(store)
    assert backlog.retry([number]) == [number]
    assert backlog.retry_all() == 0
    assert backlog.drop([number]) == []


def test_a_call_dropped_while_it_is_made_stays_dropped(store: Store) -> None:
    visit(store, "jane", Kind.CLICK)
    calls, backlog = Outbox(store), Backlog(store)
    (owed,) = calls.lease_due(limit=1, seconds=30.0)
    (entry,) = backlog.entries()
    assert entry.under_way
    assert backlog.drop([entry.id]) == []
    calls.park(owed, "refused")
    assert states(store, "jane") == [(State.DROPPED, None)]


def test_a_dropped_call_lets_the_next_one_pass(store: Store) -> None:
    visit(store, "jane", Kind.CLICK, Kind.CLICK)
    backlog, calls = Backlog(store), Outbox(store)
    first, second = backlog.entries()
    backlog.drop([first.id])
    assert [owed.id for owed in calls.lease_due(limit=5, seconds=30.0)] == [second.id]


def test_an_erased_visit_has_nothing_in_the_list(store: Store) -> None:
    visit(store, "jane", Kind.CLICK, Kind.LEAD)
    Erasure(store).of_email("jane@example.com")
    assert Backlog(store).entries() == []
