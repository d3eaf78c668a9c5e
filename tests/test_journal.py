"""The audit trail of charges: a line for each change of state, once, and only of what the database has committed."""

from __future__ import annotations

import ast
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Crm, Funnel, OpenFunnel
from shopper import ADDRESS, CARD, DECLINED_CARD, JANE, Shopper
from sqlalchemy import text, update
from stores import Clock
from test_bank import come_back
from test_charged_once import presses
from test_laws import FILES, ROOT
from test_store_rooms import LAMP
from travellers import HASTY, ORDER, URL_CARD, agreed, cancelled, to_paypal, way_out, with_paypal

from app import create_app
from funnel.attempt import By, State, Verdict
from funnel.charges.attempts import SEEN, Attempts
from funnel.charges.charging import BEFORE_REPLY
from funnel.charges.journal import Journal
from funnel.charges.unresolved import Unresolved
from funnel.store.store import Store
from funnel.store.tables import attempts

# The database's own word for each change, whoever made it.
WITNESSES = {
    "sqlite": (
        "CREATE TABLE witnessed (n INTEGER PRIMARY KEY, key TEXT, was TEXT, became TEXT)",
        "CREATE TRIGGER added AFTER INSERT ON attempts "
        "BEGIN INSERT INTO witnessed (key, was, became) VALUES (NEW.key, NULL, NEW.state); END",
        "CREATE TRIGGER moved AFTER UPDATE ON attempts WHEN OLD.state <> NEW.state "
        "BEGIN INSERT INTO witnessed (key, was, became) VALUES (NEW.key, OLD.state, NEW.state); END",
    ),
    "postgresql": (
        "CREATE TABLE witnessed (n SERIAL PRIMARY KEY, key TEXT, was TEXT, became TEXT)",
        "CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO witnessed (key, was, became) "
        "VALUES (NEW.key, CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END, NEW.state); RETURN NEW; END $$",
        "CREATE TRIGGER added AFTER INSERT ON attempts FOR EACH ROW EXECUTE FUNCTION witness()",
        "CREATE TRIGGER moved AFTER UPDATE ON attempts FOR EACH ROW WHEN (OLD.state <> NEW.state) "
        "EXECUTE FUNCTION witness()",
    ),
}
Change = tuple[str, str | None, str]
USUAL = {*vars(logging.makeLogRecord({})), "message", "asctime"}  # of every line
FIELDS = frozenset({"attempt", "visit", "slot", "order", "from", "to", "reason", "by"})
LEASE = 30.0
QUIET = 900.0


class Trail(logging.Handler):
    """The lines, and those that came before their change was in the database."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self.lines: list[dict[str, Any]] = []
        self.too_early: list[Change] = []
        with store.write() as connection:
            for witness in WITNESSES[connection.dialect.name]:
                connection.exec_driver_sql(witness)

    def emit(self, record: logging.LogRecord) -> None:
        line = {name: value for name, value in vars(record).items() if name not in USUAL}
        self.lines.append(line)
        if _change(line) not in self.witnessed():
            self.too_early.append(_change(line))

    def witnessed(self) -> list[Change]:
        with self._store.read() as connection:
            rows = connection.execute(text("SELECT key, was, became FROM witnessed ORDER BY n"))
            return [(row.key, row.was, row.became) for row in rows]

    def told(self) -> list[str]:
        return [f"{x['slot']}: {x['from']} > {x['to']} by {x['by']} for {x['reason']}" for x in self.lines]

    def holds(self) -> bool:
        """Whether it is what the database saw: each change of each attempt, once and in its order."""
        told = [_change(line) for line in self.lines]
        keys = {key for key, _, _ in told}
        same = all(
            [one for one in told if one[0] == key] == [one for one in self.witnessed() if one[0] == key] for key in keys
        )
        return same and len(told) == len(self.witnessed()) and not self.too_early


def _change(line: dict[str, Any]) -> Change:
    return line["attempt"], line["from"], line["to"]


@pytest.fixture
def kept() -> Iterator[Callable[[Store], Trail]]:
    """Keeps the trail of a store from now on."""
    trails: list[Trail] = []

    def keep(store: Store) -> Trail:
        trails.append(Trail(store))
        logging.getLogger("funnel.attempts").addHandler(trails[-1])
        return trails[-1]

    yield keep
    for trail in trails:
        logging.getLogger("funnel.attempts").removeHandler(trail)


@pytest.fixture
def campaign_file(tmp_path: Path) -> Path:
    return with_paypal(tmp_path)


@pytest.fixture
def house(open_funnel: OpenFunnel, database_url: str) -> Funnel:
    """A funnel whose relay works when a test says so."""
    return open_funnel(relay=False, DATABASE_URL=database_url, **HASTY)


def ask(funnel: Funnel) -> None:
    """Let the relay ask the CRM now what became of the unknown."""
    with funnel.rooms.store.write() as connection:
        connection.execute(update(attempts).values(ask_at=0.0))
    funnel.rooms.relay.run_once()


def pressed_twice(shopper: Shopper, crm: Crm, _: Funnel) -> None:
    crm.fault(ORDER, "latency", seconds=0.3)
    assert {page.path for page in presses(shopper, 3, **ADDRESS, **CARD)} == {"upsell/1"}


def declined_then_paid(shopper: Shopper, _: Crm, __: Funnel) -> None:
    shopper.pay(**DECLINED_CARD)
    assert shopper.pay().path == "upsell/1"


def added(shopper: Shopper, _: Crm, __: Funnel) -> None:
    shopper.pay()
    assert shopper.submit(choice="yes").path == "upsell/2"


def lost_and_found(shopper: Shopper, crm: Crm, funnel: Funnel) -> None:
    crm.fault(ORDER, "process_then_drop")
    assert shopper.pay().path == "checkout/confirming"
    ask(funnel)
    assert shopper.get("/checkout").path == "upsell/1"


def at_the_bank(shopper: Shopper, _: Crm, funnel: Funnel) -> None:
    shopper.pay(cardNumber=URL_CARD)
    come_back(shopper, way_out(shopper.page))
    ask(funnel)
    assert shopper.get("/checkout").path == "upsell/1"


def at_paypal(shopper: Shopper, _: Crm, __: Funnel) -> None:
    shopper.get(cancelled(to_paypal(shopper)))
    assert shopper.submit().path == "checkout"
    shopper.get(agreed(to_paypal(shopper)))
    assert shopper.submit().path == "upsell/1"


def by_hand(shopper: Shopper, crm: Crm, funnel: Funnel) -> None:
    crm.fault(ORDER, "drop")
    shopper.pay()
    (attempt,) = funnel.rooms.attempts.unresolved()
    command(funnel, "settle", attempt.key, "not-charged")
    command(funnel, "settle", attempt.key, "charged", exit_code=1)


def after_a_restore(_: Shopper, __: Crm, funnel: Funnel) -> None:
    command(funnel, "after-restore")


def command(funnel: Funnel, *words: str, exit_code: int = 0) -> None:
    app = create_app(funnel.settings)
    done = app.test_cli_runner().invoke(args=["funnel", "attempts", *words])
    app.extensions["funnel"].store.close()
    assert done.exit_code == exit_code, done.output


PRESSED = ["order: None > CLAIMED by shopper for None", "order: CLAIMED > SENT by charge for None"]
PAID = "order: SENT > CHARGED by charge for None"
LEFT = [*PRESSED, "order: SENT > AWAIT_REDIRECT by charge for None"]
LOST = [*PRESSED, "order: SENT > UNKNOWN by charge for None"]
FOUND = "CHARGED by order-query for None"
ROADS = {
    pressed_twice: [*PRESSED, PAID],
    declined_then_paid: [*PRESSED, "order: SENT > DECLINED by charge for declined", *PRESSED, PAID],
    added: [*PRESSED, PAID, *(line.replace("order", "upsell1") for line in [*PRESSED, PAID])],
    lost_and_found: [*LOST, f"order: UNKNOWN > {FOUND}"],
    at_the_bank: [*LEFT, f"order: AWAIT_REDIRECT > {FOUND}"],
    at_paypal: [
        *LEFT,
        "order: AWAIT_REDIRECT > NOT_CHARGED by shopper for cancelled",
        *LEFT,
        "order: AWAIT_REDIRECT > SENT by shopper for None",
        PAID,
    ],
    by_hand: [*LOST, "order: UNKNOWN > NOT_CHARGED by operator for not-found-paid"],
    after_a_restore: ["order: None > UNKNOWN by after-restore for None"],
}


@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.__name__)
def test_each_change_on_the_road_is_told_once_and_nothing_else(
    crm: Crm, house: Funnel, kept: Callable[[Store], Trail], road: Callable[[Shopper, Crm, Funnel], None]
) -> None:
    trail = kept(house.rooms.store)
    with Shopper(house.url) as shopper:
        shopper.leave_lead()
        road(shopper, crm, house)
    assert trail.told() == ROADS[road]
    assert trail.holds()
    orders = {call["params"]["orderId"] for call in crm.calls(ORDER)}
    assert {line["order"] for line in trail.lines if line["to"] not in ("CLAIMED", "UNKNOWN")} <= orders
    assert {frozenset(line) for line in trail.lines} == {FIELDS}
    typed = {*JANE.values(), *ADDRESS.values(), *CARD.values(), DECLINED_CARD["cardNumber"]}
    assert not [word for word in typed if len(word) > 3 and word in str(trail.lines)]


def test_what_is_rolled_back_or_changes_no_state_is_not_told(store: Store, kept: Callable[[Store], Trail]) -> None:
    trail, ledger, journal = kept(store), Attempts(store, decline_limit=3), Journal(store)
    ledger.claim("one", "jane", "order", LAMP, lease=LEASE)
    with pytest.raises(ZeroDivisionError), journal.open(By.CHARGE) as entries:
        1 / (entries.move(SEEN, {"of": "one", "seen": ["CLAIMED"]}, {"state": State.SENT}) - 1)
    assert not ledger.settle("one", Verdict(State.CHARGED), by=By.CHARGE, seen=(State.SENT,))
    ledger.mark_sent("one", "ORDER1", lease=LEASE)
    for quiet_time in (30.0, QUIET):  # the second only waits longer
        ledger.settle("one", Verdict(State.UNKNOWN, settle_at=quiet_time), by=By.CHARGE, seen=BEFORE_REPLY)
    ledger.returned("one")
    assert [line["to"] for line in trail.lines] == ["CLAIMED", "SENT", "UNKNOWN"]
    assert trail.holds()


def test_what_nobody_waits_for_is_told_with_whose_it_was(
    store: Store, clock: Clock, kept: Callable[[Store], Trail]
) -> None:
    trail, ledger = kept(store), Attempts(store, decline_limit=3)
    for key, visit in [("one", "jane"), ("two", "june")]:
        ledger.claim(key, visit, "order", LAMP, lease=LEASE)
    ledger.mark_sent("two", "ORDER2", lease=LEASE)
    ledger.pass_over("three", "judy", "upsell1", LAMP)
    with ledger.adopting(By.COOKIE) as entries:
        ledger.adopt(entries, "joan", "ORDER4", quiet_time=QUIET)
    del trail.lines[:3]
    clock.now += LEASE + 1
    Unresolved(store).recover(quiet_time=QUIET)
    assert [(line["visit"], line["order"]) for line in trail.lines] == [
        *(("judy", None), ("joan", "ORDER4"), ("jane", None), ("june", "ORDER2"))
    ]
    assert trail.told() == [
        "upsell1: None > NOT_CHARGED by shopper for unreachable",
        "order: None > UNKNOWN by cookie for None",
        "order: CLAIMED > NOT_CHARGED by lease for never-sent",
        "order: SENT > UNKNOWN by lease for None",
    ]


def test_no_other_file_writes_a_state() -> None:
    readers = sorted(name for name in FILES if "attempts" in names_of(name) and name != "funnel.charges.journal")
    assert "funnel.charges.rows" in readers
    for module in readers:
        for call in (node for node in ast.walk(ast.parse(FILES[module].read_text())) if isinstance(node, ast.Call)):
            of_attempts = any(isinstance(arg, ast.Name) and arg.id == "attempts" for arg in call.args)
            assert not (of_attempts and "insert" in ast.unparse(call.func)), f"{module} adds attempts by itself"
            changed = {keyword.arg for keyword in call.keywords}
            assert not (ast.unparse(call.func).endswith(".values") and "state" in changed), f"{module} changes a state"


def names_of(module: str) -> set[str]:
    """What a file takes from the tables."""
    tree = ast.walk(ast.parse(FILES[module].read_text()))
    taken = [node for node in tree if isinstance(node, ast.ImportFrom) and node.module == "funnel.store.tables"]
    return {alias.name for node in taken for alias in node.names}


def test_no_level_of_the_log_silences_the_trail() -> None:
    """Nor does a command, which else tells a person only what is wrong."""
    code = (
        "import logging; from funnel.watch import logs; logs.install('ERROR', as_json=True);"
        "from funnel.charges.journal import log\n"
        "with logs.only_what_is_wrong(): log.info('attempt', extra={'attempt': 'k', 'from': None, 'to': 'SENT'})"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert {"event": "attempt", "attempt": "k", "from": None, "to": "SENT"}.items() <= json.loads(told.stderr).items()
