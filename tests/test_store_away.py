"""The store is away: pages still come, nothing is charged, a lead is told to the CRM at once, and all goes on after."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from conftest import PATIENCE, Crm, Funnel, OpenFunnel, eventually
from shopper import ADDRESS, CARD, JANE, Form, Page, Shopper

LEAD = "/leads/import/"
ORDER = "/order/import/"
AWAY = "Your order, if you placed one, is safe."
TABLES = ("visits", "outbox", "attempts", "refusals", "breaker")
JOHN = {**JANE, "firstName": "John", "emailAddress": "john@example.com"}

Outage = Callable[[Funnel], AbstractContextManager[None]]


def file_of(funnel: Funnel) -> Path:
    return Path(funnel.settings.database_url.removeprefix("sqlite:///"))


@contextmanager
def gone(funnel: Funnel) -> Iterator[None]:
    """A folder stands where the file was, as when a volume was not mounted."""
    file = file_of(funnel)
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = file.rename(file.with_suffix(".kept"))
    file.mkdir()
    yield
    file.rmdir()
    kept.rename(file)


@contextmanager
def missing(funnel: Funnel) -> Iterator[None]:
    file = file_of(funnel)
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = file.rename(file.with_suffix(".kept"))
    yield
    assert not file.exists(), "no empty books in place of the lost ones"
    kept.rename(file)


@contextmanager
def locked(funnel: Funnel) -> Iterator[None]:
    """Readable, but nobody else can write."""
    with between(funnel, "BEGIN EXCLUSIVE", "ROLLBACK"):
        yield


@contextmanager
def damaged(funnel: Funnel) -> Iterator[None]:
    """The tables are not there."""
    with without(funnel, *TABLES):
        yield


@contextmanager
def half_damaged(funnel: Funnel) -> Iterator[None]:
    """A visit can be read, and not how far it has come."""
    with without(funnel, "refusals"):
        yield


@contextmanager
def without(funnel: Funnel, *tables: str) -> Iterator[None]:
    with closing(sqlite3.connect(file_of(funnel), timeout=PATIENCE)) as database:
        for table in tables:
            database.execute(f"ALTER TABLE {table} RENAME TO {table}_kept")
        yield
        for table in tables:
            database.execute(f"ALTER TABLE {table}_kept RENAME TO {table}")


@contextmanager
def nothing_leased(funnel: Funnel) -> Iterator[None]:
    """The store fails between two writes: what is owed is taken, and nothing can be delivered."""
    trigger = "CREATE TRIGGER away BEFORE UPDATE ON outbox BEGIN SELECT RAISE(ABORT, 'away'); END"
    with between(funnel, trigger, "DROP TRIGGER away"):
        yield


@contextmanager
def between(funnel: Funnel, before: str, after: str) -> Iterator[None]:
    """Two statements, each by itself."""
    with closing(sqlite3.connect(file_of(funnel), timeout=PATIENCE, isolation_level=None)) as database:
        database.execute(before)
        yield
        database.execute(after)


@contextmanager
def refusing(funnel: Funnel) -> Iterator[None]:
    """PostgreSQL takes no connections to the database, and has ended those it had."""
    name = funnel.settings.database_url.rsplit("/", 1)[1].split("?")[0]
    with administration(funnel, name) as server:
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        yield
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@contextmanager
def hanging(funnel: Funnel) -> Iterator[None]:
    """PostgreSQL stands still: connections come up, and nothing is answered."""
    name = funnel.settings.database_url.rsplit("/", 1)[1].split("?")[0]
    with administration(funnel, name) as server:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = %s"
        backends = [pid for (pid,) in server.execute(query, (name,)).fetchall()]
        folder = server.execute("SHOW data_directory").fetchone()
        assert folder
        postmaster = int(Path(folder[0], "postmaster.pid").read_text().split()[0])
        for pid in (postmaster, *backends):
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in (*backends, postmaster):
                os.kill(pid, signal.SIGCONT)


@contextmanager
def administration(funnel: Funnel, name: str) -> Iterator[psycopg.Connection]:
    url = funnel.settings.database_url.replace(f"/{name}", "/postgres")
    with psycopg.connect(url, autocommit=True) as server:
        yield server


@pytest.fixture(params=[gone, missing, damaged, locked])
def on_sqlite(request: pytest.FixtureRequest, open_funnel: OpenFunnel) -> tuple[Funnel, Outage]:
    return open_funnel(), request.param


@pytest.fixture(params=[refusing, hanging])
def on_postgresql(
    request: pytest.FixtureRequest, open_funnel: OpenFunnel, postgres_database: str
) -> tuple[Funnel, Outage]:
    return open_funnel(DATABASE_URL=postgres_database.replace("+psycopg", "")), request.param


def test_all_pages_stay_calm_and_all_goes_on_after_on_sqlite(crm: Crm, on_sqlite: tuple[Funnel, Outage]) -> None:
    a_day_with_an_outage(crm, *on_sqlite)


def test_all_pages_stay_calm_and_all_goes_on_after_on_postgresql(
    crm: Crm, on_postgresql: tuple[Funnel, Outage]
) -> None:
    a_day_with_an_outage(crm, *on_postgresql)


def a_day_with_an_outage(crm: Crm, funnel: Funnel, outage: Outage) -> None:
    """Jane has paid and looks at an offer, John is about to pay, and Mary comes while the store is away."""
    crm.switch(partial_reuse=False)
    with Shopper(funnel.url) as jane, Shopper(funnel.url) as john, Shopper(funnel.url) as mary:
        offer = jane.buy().form
        pay_form = john.leave_lead(**JOHN).form
        with outage(funnel):
            assert mary.get("/").status == 200
            lead_form = mary.get("/lead?affId=77").form
            assert mary.page.status == 200
            assert mary.browser.get(f"{funnel.url}/healthz", timeout=PATIENCE).status_code == 200

            for path in ("/upsell/1", "/checkout/confirming", "/thank-you"):
                assert_calm(jane.get(path), readable=outage is locked)
            assert_no_offer_is_added(jane, offer)
            page = john.submit(pay_form, **ADDRESS, **CARD)
            assert page.status == 503
            assert "This time you were not charged." in page.text
            assert page.form.values["shipAddress1"] == ADDRESS["shipAddress1"]
            assert "cardNumber" not in page.form.values
            assert CARD["cardNumber"] not in page.html
            look_again = page.form

            page = mary.submit(lead_form, **{**JANE, "firstName": "Mary", "emailAddress": "mary@example.com"})
            assert page.path == "checkout"
            assert page.status == 503
            assert AWAY in page.text
            assert page.forms == []
            assert page.headers["Refresh"]
        told = [call["params"] for call in crm.calls(LEAD) if call["params"]["emailAddress"] == "mary@example.com"]
        assert len(told) == 1
        assert told[0]["sessionId"], "in a session of its own, with where she came from"
        clicks = [call["params"] for call in crm.calls("/landers/clicks/import/")]
        assert [click for click in clicks if click.get("requestUri", "").endswith("/lead?affId=77")]

        assert eventually(lambda: john.get("/checkout").status == 200)
        page = john.submit(look_again, again="yes")
        assert (page.path, page.status) == ("checkout", 200)
        assert page.form.values["shipAddress1"] == ADDRESS["shipAddress1"]
        assert john.submit(**CARD).path == "upsell/1"
        assert mary.get("/checkout").status == 200, "nothing of hers can have been paid, so she does not wait"
        assert mary.pay(**{**JANE, "firstName": "Mary", "emailAddress": "mary@example.com"}).path == "upsell/1"
        assert jane.get("/thank-you").path in ("upsell/1", "thank-you")
        paid = crm.calls(ORDER)[-1]["params"]
        assert paid["sessionId"] == told[0]["sessionId"]
        assert paid["orderId"] == crm.calls(LEAD)[-1]["params"]["orderId"], "the order of her lead"
    assert crm.charges()["total"] == 3
    assert crm.calls("/upsale/import/") == []


def assert_calm(page: Page, *, readable: bool) -> None:
    """While the books can be read but not written, a page that only reads is as ever."""
    if readable and page.status == 200:
        return
    assert page.status == 503
    assert AWAY in page.text
    assert "charged" not in page.text, "nobody knows"
    assert page.forms == []
    assert page.headers["Retry-After"]
    assert page.headers["Refresh"]


def assert_no_offer_is_added(shopper: Shopper, offer: Form) -> None:
    assert_calm(shopper.submit(offer, choice="yes"), readable=False)


def test_a_lead_that_nobody_takes_stays_in_the_form(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_funnel(relay=False)
    with Shopper(funnel.url) as shopper:
        shopper.get("/lead")
        form = shopper.page.form
        crm.fault("*", "refuse", times=0)
        with gone(funnel):
            page = shopper.submit(form, **JANE)
            assert page.status == 503
            assert "What you typed is still here." in page.text
            assert page.form.values["emailAddress"] == "jane@example.com"
            crm.heal()
            assert shopper.submit().path == "checkout", "the same form, a moment later"
        assert shopper.get("/checkout").status == 200
    assert len([call for call in crm.calls(LEAD) if call["result"] == "SUCCESS"]) == 1


def test_a_lead_that_is_kept_and_not_told_yet_is_saved(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_funnel(relay=False)
    with Shopper(funnel.url) as shopper:
        shopper.get("/lead")
        crm.fault("*", "refuse", times=0)
        with nothing_leased(funnel):
            assert shopper.submit(**JANE).path == "checkout"
        crm.heal()
        shopper.get("/checkout")
        assert shopper.pay().path == "upsell/1"
    assert len(crm.calls(LEAD)) == 1


def test_a_lead_that_does_not_pass_is_not_sent(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_funnel(relay=False)
    with Shopper(funnel.url) as shopper:
        shopper.get("/lead")
        form = shopper.page.form
        with gone(funnel):
            page = shopper.submit(form, **{**JANE, "emailAddress": "not an address"})
            assert page.status == 422
    assert crm.calls(LEAD) == []


@pytest.mark.parametrize("outage", [gone, half_damaged])
def test_the_lead_of_an_order_that_may_be_paid_is_left_alone(crm: Crm, open_funnel: OpenFunnel, outage: Outage) -> None:
    funnel = open_funnel(relay=False)
    with Shopper(funnel.url) as shopper:
        shopper.get("/lead")
        lead = {**shopper.page.form.values, **JANE}
        shopper.post("/lead", **lead)
        shopper.pay()
        before = len(crm.calls(LEAD))
        with outage(funnel):
            assert shopper.post("/lead", **lead).status == 503
    assert len(crm.calls(LEAD)) == before


def test_the_partial_that_another_shopper_has_already_is_not_hers(crm: Crm, open_funnel: OpenFunnel) -> None:
    """Behind one address the CRM may give John's order to Jane, and without the store nobody can tell."""
    funnel = open_funnel()
    with Shopper(funnel.url) as john, Shopper(funnel.url) as jane:
        john.leave_lead(**JOHN)
        form = jane.get("/lead").form
        with gone(funnel):
            assert jane.submit(form, **JANE).path == "checkout"
        assert eventually(lambda: jane.get("/checkout").status == 200)
        assert john.pay().path == "upsell/1"
        assert jane.pay(**JANE).path == "upsell/1"
    orders = [call["params"] for call in crm.calls(ORDER)]
    assert [order["firstName"] for order in orders] == ["John", "Jane"]
    assert orders[0]["orderId"] != orders[1]["orderId"]


@pytest.mark.parametrize("outage", [missing, locked])
def test_a_visit_of_before_goes_on_with_the_order_of_its_lead(
    crm: Crm, open_funnel: OpenFunnel, outage: Outage
) -> None:
    """Her row knows the landing page, the cookie knows the order, and both meet once the store is back."""
    funnel = open_funnel()
    with Shopper(funnel.url) as shopper:
        shopper.get("/?affId=7")
        form = shopper.get("/lead").form
        with outage(funnel):
            assert shopper.submit(form, **JANE).path == "checkout"
        assert eventually(lambda: shopper.get("/checkout").status == 200)
        assert shopper.pay(**JANE).path == "upsell/1"
        first, *_, last = crm.calls(LEAD)
        assert last["params"]["orderId"] == crm.calls(ORDER)[0]["params"]["orderId"]
        assert not first["params"].get("orderId")
    with funnel.rooms.store.read() as connection:
        (arrival,) = connection.exec_driver_sql("SELECT arrival FROM visits").scalars()
    assert "affId=7" in arrival


def test_a_form_waits_for_the_store_only_once(crm: Crm, open_funnel: OpenFunnel) -> None:
    """Five seconds for a writer's turn, and then a lead's own deadline: not five seconds for each thing to write."""
    funnel = open_funnel(relay=False)
    with Shopper(funnel.url) as shopper, locked(funnel):
        shopper.get("/lead")
        answer = shopper.browser.post(
            f"{funnel.url}/lead", data={**shopper.page.form.values, **JANE}, allow_redirects=False, timeout=20
        )
    assert answer.status_code == 303
    assert 4 < answer.elapsed.total_seconds() < 8
