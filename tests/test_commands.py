"""The operator's commands for money: what is unresolved, how it is settled, and whether the books agree."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import Result
from conftest import Crm, Funnel, OpenFunnel
from flask import Flask
from shopper import Shopper
from sqlalchemy import update

from app import create_app
from funnel.attempt import ORDER, By, State, Verdict
from funnel.store.tables import attempts

Run = Callable[..., Result]


@pytest.fixture
def funnel_at_rest(open_funnel: OpenFunnel) -> Funnel:
    """Without a relay, so that what is unresolved stays so."""
    return open_funnel(relay=False, FUNNEL_CHARGE_DEADLINE="1", FUNNEL_PAY_WAIT="3")


@pytest.fixture
def run(funnel_at_rest: Funnel) -> Run:
    app: Flask = create_app(funnel_at_rest.settings)
    return lambda *words: app.test_cli_runner().invoke(args=["funnel", *words])


def lose_an_answer(crm: Crm, funnel: Funnel) -> str:
    """The key of a charge whose answer got lost."""
    with Shopper(funnel.url) as shopper:
        shopper.leave_lead()
        crm.fault("/order/import/", "process_then_drop")
        assert shopper.pay().path == "checkout/confirming"
    (attempt,) = funnel.rooms.attempts.unresolved()
    return attempt.key


def test_unresolved_charges_are_listed_and_settled_by_hand(crm: Crm, funnel_at_rest: Funnel, run: Run) -> None:
    key = lose_an_answer(crm, funnel_at_rest)
    listed = run("attempts")
    assert key in listed.output
    assert "UNKNOWN  order" in listed.output
    assert run("attempts", "settle", key, "charged").exit_code == 0
    assert run("attempts").output == "0 unresolved.\n"
    attempt = funnel_at_rest.rooms.attempts.find(key)
    assert attempt
    assert attempt.state is State.CHARGED


def test_what_is_settled_is_not_settled_again(crm: Crm, funnel_at_rest: Funnel, run: Run) -> None:
    key = lose_an_answer(crm, funnel_at_rest)
    run("attempts", "settle", key, "charged")
    again = run("attempts", "settle", key, "not-charged")
    assert again.exit_code == 1
    assert "no unresolved charge with that key" in again.output


def test_what_needs_a_human_is_listed_and_still_asked_about(crm: Crm, funnel_at_rest: Funnel, run: Run) -> None:
    key = lose_an_answer(crm, funnel_at_rest)
    rooms = funnel_at_rest.rooms
    assert rooms.attempts.settle(key, Verdict(State.NEEDS_HUMAN), by=By.CHARGE, seen=(State.UNKNOWN,))
    assert "NEEDS_HUMAN" in run("attempts").output
    with rooms.store.write() as connection:
        connection.execute(update(attempts).values(ask_at=0.0))
    rooms.relay.run_once()
    attempt = rooms.attempts.find(key)
    assert attempt
    assert attempt.state is State.CHARGED, "late truth wins"


def test_books_that_agree_have_no_breaks(crm: Crm, funnel_at_rest: Funnel, run: Run) -> None:
    with Shopper(funnel_at_rest.url) as shopper:
        shopper.buy()
        shopper.submit(choice="yes")
    result = run("reconcile", "--since", "48h")
    assert result.output.endswith("1 order compared, no breaks.\n")
    assert result.exit_code == 0


@pytest.mark.parametrize("slot", [ORDER, "upsell1"])
def test_a_charge_that_our_books_miss_is_a_break_until_it_is_mended(
    crm: Crm, funnel_at_rest: Funnel, run: Run, slot: str
) -> None:
    with Shopper(funnel_at_rest.url) as shopper:
        shopper.buy()
        shopper.submit(choice="yes")
    store = funnel_at_rest.rooms.store
    with store.write() as connection:
        connection.execute(update(attempts).where(attempts.c.slot == slot).values(state=State.NOT_CHARGED))
    product = {ORDER: "101", "upsell1": "202"}[slot]
    result = run("reconcile")
    assert result.exit_code == 1
    assert f"product {product} charged 1x, in our books 0x" in result.output
    assert [each.product_id for each in funnel_at_rest.rooms.reconciliation.kept()] == [product]
    with store.write() as connection:
        connection.execute(update(attempts).where(attempts.c.slot == slot).values(state=State.CHARGED))
    assert run("reconcile").exit_code == 0
    assert funnel_at_rest.rooms.reconciliation.kept() == []


def test_a_charge_of_ours_that_the_crm_does_not_know_is_a_break(crm: Crm, funnel_at_rest: Funnel, run: Run) -> None:
    with Shopper(funnel_at_rest.url) as shopper:
        shopper.leave_lead()
        crm.fault("/order/import/", "drop")
        shopper.pay()
    (attempt,) = funnel_at_rest.rooms.attempts.unresolved()
    assert run("reconcile").exit_code == 0, "what is unknown may be either"
    settled = run("attempts", "settle", attempt.key, "charged")
    assert settled.exit_code == 0, settled.output
    result = run("reconcile")
    assert "product 101 charged 0x, in our books 1x" in result.output


@pytest.mark.parametrize("since", ["48", "x", "h", "-1h", ""])
def test_a_span_that_is_none_is_told(run: Run, since: str) -> None:
    result = run("reconcile", "--since", since)
    assert result.exit_code == 2
    assert "30m, 48h or 7d" in result.output


def test_a_crm_that_is_away_is_told(crm: Crm, funnel_at_rest: Funnel, run: Run) -> None:
    with Shopper(funnel_at_rest.url) as shopper:
        shopper.buy()
    crm.fault("/transactions/query/", "500")
    result = run("reconcile")
    assert result.exit_code == 1
    assert f"{crm.url} could not be asked" in result.output
