"""`flask funnel erase`: a person is forgotten, everywhere, for good; what is unresolved goes on being settled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from conftest import Crm, Funnel, OpenFunnel
from flask import Flask
from shopper import ADDRESS, Shopper
from sqlalchemy import MetaData, select, update
from stores import Clock
from test_delivery import Peer, visit
from test_housekeeping import House

from app import create_app
from config import load_settings
from funnel.attempt import ORDER, By, State, Verdict
from funnel.charges.attempts import Attempts
from funnel.charges.pricing import Pricing
from funnel.crm.replies import LeadReply
from funnel.erasure import Erased, Erasure
from funnel.outbox.delivery import Delivery
from funnel.outbox.outbox import Kind, Outbox
from funnel.people import Addresses, Contact
from funnel.store.store import Store
from funnel.store.tables import attempts, visits
from funnel.visits.attribution import Arrival
from funnel.visits.visit import Told
from funnel.visits.visits import Visits

Run = Callable[..., Result]
HERS = (
    "jane@example.com",
    "Jane",
    "O’Brien",
    "1 Main Street",
    "Springfield",
    "62701",
    "a shopper's phone",
    "c1=me",
)
CAMPAIGN = Path(__file__).parent / "funnel.toml"


@pytest.fixture
def funnel_at_rest(open_funnel: OpenFunnel, database_url: str) -> Funnel:
    """Without a relay, so that what is owed stays owed."""
    return open_funnel(
        relay=False, DATABASE_URL=database_url, FUNNEL_CHARGE_DEADLINE="1", FUNNEL_PAY_WAIT="3", FUNNEL_READ_LAG="0.1"
    )


@pytest.fixture
def run(funnel_at_rest: Funnel) -> Iterator[Run]:
    app: Flask = create_app(funnel_at_rest.settings)
    yield lambda *words: app.test_cli_runner().invoke(args=["funnel", *words])
    app.extensions["funnel"].store.close()


def everything(store: Store) -> str:
    """All that stands in all tables, as text."""
    found = MetaData()
    with store.read() as connection:
        found.reflect(connection)
        return "\n".join(str(tuple(row)) for table in found.sorted_tables for row in connection.execute(select(table)))


def hers(text: str) -> list[str]:
    return [each for each in HERS if each in text]


@pytest.mark.parametrize("by", ["--email", "--order"])
def test_nothing_of_a_buyer_is_left_but_ids_and_amounts(
    crm: Crm, funnel_at_rest: Funnel, run: Run, tmp_path: Path, by: str
) -> None:
    store = funnel_at_rest.rooms.store
    with Shopper(funnel_at_rest.url) as jane, Shopper(funnel_at_rest.url) as john:
        jane.get("/?c1=me")
        jane.buy()
        john.leave_lead(firstName="John", emailAddress="john@example.com")
        assert hers(everything(store)) == list(HERS)
        (order,) = crm.calls("/order/import/")
        order_id = order["params"]["orderId"]
        result = run("erase", by, {"--email": " JANE@Example.COM ", "--order": order_id}[by])
        assert result.exit_code == 0, result.output
        assert result.output == "Visits erased: 1. The CRM's own copy is erased in the CRM.\n"
        assert hers(everything(store)) == ["O’Brien", "a shopper's phone"], "which are John's too"
        assert order_id in everything(store)
        assert [attempt.state for attempt in _attempts(funnel_at_rest, order_id)] == [State.CHARGED]
        kept = b"".join(file.read_bytes() for file in tmp_path.glob("test.db*"))
        assert b"jane@example.com" not in kept, "not in SQLite's files either, its write-ahead log included"
        assert b"1 Main Street" not in kept
        for path in ("/thank-you", "/upsell/1", "/checkout/confirming", "/lead", "/checkout", "/"):
            page = jane.get(path)
            assert not [each for each in (*HERS, "j***@", order_id) if each in page.html], page.url
        assert john.get("/checkout").status == 200
        assert "John" in john.page.html
    assert run("erase", by, {"--email": "jane@example.com", "--order": order_id}[by]).exit_code == 1


def _attempts(funnel: Funnel, order_id: str) -> list[Any]:
    return funnel.rooms.attempts.by_order(0.0)[order_id]


def test_the_cookie_of_who_was_erased_begins_afresh(crm: Crm, funnel_at_rest: Funnel, run: Run) -> None:
    with Shopper(funnel_at_rest.url) as jane:
        jane.buy()
        assert run("erase", "--email", "jane@example.com").exit_code == 0
        assert jane.buy().path == "upsell/1", "she may shop again, as somebody new"
    orders = [call["params"]["orderId"] for call in crm.calls("/order/import/")]
    assert len(orders) == 2
    with funnel_at_rest.rooms.store.read() as connection:
        rows = connection.execute(select(visits).order_by(visits.c.created_at)).all()
    assert [bool(row.contact) for row in rows] == [False, True]
    assert rows[0].order_id == orders[0]


@pytest.mark.parametrize("path", ["/lead", "/checkout"])
def test_a_form_of_before_brings_nothing_back(funnel_at_rest: Funnel, run: Run, path: str) -> None:
    with Shopper(funnel_at_rest.url) as jane:
        jane.leave_lead()
        form = jane.get(path).form
        assert run("erase", "--email", "jane@example.com").exit_code == 0
        jane.submit(form, **ADDRESS, emailAddress="new@example.com")
    with funnel_at_rest.rooms.store.read() as connection:
        rows = connection.execute(select(visits).order_by(visits.c.created_at)).all()
    assert (rows[0].contact, rows[0].addresses, rows[0].seen_at) == (None, None, 0.0)


def test_an_unresolved_charge_goes_on_being_settled(crm: Crm, funnel_at_rest: Funnel, run: Run) -> None:
    with Shopper(funnel_at_rest.url) as jane:
        jane.leave_lead()
        crm.fault("/order/import/", "process_then_drop")
        jane.pay()
    (attempt,) = funnel_at_rest.rooms.attempts.unresolved()
    result = run("erase", "--email", "jane@example.com")
    assert "Charges without an outcome: 1. They go on being settled" in result.output
    with funnel_at_rest.rooms.store.write() as connection:
        connection.execute(update(attempts).values(ask_at=0.0))
    funnel_at_rest.rooms.relay.run_once()
    settled = funnel_at_rest.rooms.attempts.find(attempt.key)
    assert settled
    assert settled.state is State.CHARGED
    assert crm.calls("/order/confirm/") == []


def test_what_was_owed_for_them_is_owed_no_more(crm: Crm, funnel_at_rest: Funnel, run: Run) -> None:
    with Shopper(funnel_at_rest.url) as jane:
        jane.get("/?c1=me")
        crm.fault("*", "500", times=0)
        jane.leave_lead()
        crm.heal()
    heard = len(crm.calls())
    assert run("erase", "--email", "jane@example.com").exit_code == 0
    assert "0 owed, 0 parked." in run("outbox").output
    while funnel_at_rest.rooms.relay.run_once():
        pass
    assert len(crm.calls()) == heard


@pytest.mark.parametrize(
    ("words", "told", "status"),
    [
        (("--email", "nobody@example.com"), "Nothing is kept of that person here.", 1),
        (("--order", "NOSUCH"), "Nothing is kept of that person here.", 1),
        ((), "Say whom: --email ADDRESS or --order ORDERID.", 2),
        (("--email", "a@example.com", "--order", "X"), "Say whom", 2),
        (("--email", ""), "Say whom", 2),
    ],
)
def test_what_cannot_be_erased_is_told_in_plain_words(run: Run, words: tuple[str, ...], told: str, status: int) -> None:
    result = run("erase", *words)
    assert told in result.output
    assert result.exit_code == status


# --- The rooms alone ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kept",
    [
        {"contact": {"emailAddress": "Jane@Example.com"}},
        {"draft": {"emailAddress": " jane@example.com"}},
        {"draft": {"lead": {"emailAddress": "JANE@EXAMPLE.COM"}}},
        {"told": {"contact": {"emailAddress": "jane@example.com"}, "sessionId": None}},
    ],
    ids=str,
)
def test_an_address_is_found_wherever_a_visit_keeps_it(store: Store, kept: dict[str, Any]) -> None:
    visit(store, "somebody")
    visit(store, "else")
    with store.write() as connection:
        connection.execute(update(visits).where(visits.c.id == "somebody").values(contact=None))
        connection.execute(update(visits).where(visits.c.id == "somebody").values(**kept))
    assert Erasure(store).of_email("jane@example.com") == Erased(1, 0)
    assert Visits(store, life=1.0, limit=1e9).find("else").contact  # type: ignore[union-attr]


def test_an_address_in_another_script_is_found_in_any_case(store: Store) -> None:
    """A database's own lower() may know the English letters only."""
    visit(store, "ünal")
    assert Erasure(store).of_email("ÜNAL@example.com") == Erased(1, 0)


def test_a_part_of_an_address_or_a_name_erases_nobody(store: Store) -> None:
    visit(store, "mary-jane")
    visit(store, "straße")
    with store.write() as connection:
        connection.execute(update(visits).values(draft={"emailAddress": ""}))
    for other in ("jane@example.com", "strasse@example.com", "example.com", "Jane", "%", ""):
        assert Erasure(store).of_email(other).visits == 0


def _delivery(store: Store, peer: Peer, folder: Path) -> Delivery:
    campaign = load_settings({"FUNNEL_FILE": str(CAMPAIGN)}, root=folder).campaign
    return Delivery(
        client=peer,  # type: ignore[arg-type]
        store=store,
        visits=Visits(store, life=86400.0, limit=1e9),
        outbox=Outbox(store),
        attempts=Attempts(store, decline_limit=3),
        campaign=campaign,
        pricing=Pricing(client=peer, campaign=campaign, store=store, visits=Visits(store, life=86400.0, limit=1e9)),  # type: ignore[arg-type]
    )


def test_a_delivery_under_way_does_not_write_the_person_back(store: Store, tmp_path: Path) -> None:
    """She is erased while the CRM takes her lead."""
    visit(store, "jane", Kind.LEAD)
    outbox = Outbox(store)

    def erased_meanwhile(_call: Any) -> LeadReply:
        assert Erasure(store).of_email("jane@example.com") == Erased(1, 0)
        return LeadReply("ORDER1", "PARTIAL", None, None)

    delivery = _delivery(store, Peer(erased_meanwhile), tmp_path)
    (owed,) = outbox.lease_due(limit=1, seconds=30.0)
    assert delivery.deliver(owed, deadline=1.0) is None
    assert "jane" not in everything(store).replace("'jane'", "the visit's id")


def test_a_call_owed_by_a_request_under_way_is_not_made(store: Store, tmp_path: Path) -> None:
    visit(store, "jane")
    Erasure(store).of_email("jane@example.com")
    outbox, peer = Outbox(store), Peer()
    with store.write() as connection:
        outbox.owe(connection, "jane", Kind.CLICK, page_type="leadPage")
        outbox.owe_lead(connection, "jane")
    delivery = _delivery(store, peer, tmp_path)
    while owed := outbox.lease_due(limit=1, seconds=30.0):
        assert delivery.deliver(owed[0], deadline=1.0) is None
    assert peer.calls == []


def test_a_charge_found_out_after_the_erasure_is_not_confirmed(store: Store, clock: Clock) -> None:
    house = House(store)
    house.visit("jane")
    key = house.order("jane", Verdict(State.UNKNOWN))
    with store.write() as connection:
        connection.execute(update(attempts).values(away={"url": "https://bank.example/?of=jane"}))
    assert Erasure(store).of_order("ORDER-jane") == Erased(1, 1)
    assert "bank.example" not in everything(store)
    assert house.attempts.settle(key, Verdict(State.CHARGED), by=By.CHARGE, seen=(State.UNKNOWN,))
    clock.now += 3600
    house.keeping.run()
    assert house.rows() == 0


def test_a_request_under_way_writes_nothing_back_and_does_not_revive_the_visit(store: Store) -> None:
    visit(store, "jane")
    rooms = Visits(store, life=86400.0, limit=1e9)
    jane = rooms.find("jane")
    assert jane
    assert Erasure(store).of_email("jane@example.com").visits == 1
    contact = Contact("Jane", "Doe", "jane@example.com")
    with store.write() as connection:
        rooms.learn_contact(connection, "jane", contact)
        rooms.learn_addresses(connection, "jane", Addresses(True, *["1 Main Street"] * 12))
    rooms.learn_told("jane", Told(contact, "SESSION1"))
    rooms.notice("jane", "added:upsell1")
    rooms.seen(jane)
    after = rooms.find("jane")
    assert after
    assert after.forgotten
    assert (after.contact, after.addresses, after.told, after.notice) == (None, None, None, None)
    assert after.arrival == Arrival("", "", "", "")


def test_a_person_may_be_erased_while_others_write(store: Store) -> None:
    """Both databases: no lock is held so long that a shopper's form fails."""
    for number in range(30):
        visit(store, f"shopper{number}")
    failures: list[BaseException] = []

    def shop(number: int) -> None:
        try:
            visit(store, f"late{number}", Kind.CLICK)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=shop, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for number in range(30):
        assert Erasure(store).of_email(f"shopper{number}@example.com").visits == 1
    for thread in threads:
        thread.join()
    assert failures == []


def test_what_is_paid_stays_paid(crm: Crm, funnel_at_rest: Funnel, run: Run) -> None:
    with Shopper(funnel_at_rest.url) as jane:
        jane.buy()
    run("erase", "--email", "jane@example.com")
    result = run("reconcile")
    assert result.output.endswith("1 order compared, no breaks.\n")
    (attempt,) = [each for every in funnel_at_rest.rooms.attempts.by_order(0.0).values() for each in every]
    assert (attempt.slot, attempt.state) == (ORDER, State.CHARGED)
