"""Import Upsale by real processes, killed at every step: charged once or truthfully not added, and always a receipt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from conftest import eventually
from impatient import NOT_ADDED, come_back
from postgres import empty_database
from processes import Installation
from shopper import Form, Page, Shopper
from test_charged_once import UPSALE
from test_processes import QUERY, RECOVERED_WITHIN, Step

STEP_WITHIN = 5.0  # seconds in which the shoppers come to the steps that do not last
# Shorter than in test_processes, for an upsell comes to its steps at once; the lease's own margin is the longest wait.
SETTINGS = {
    "WEB_CONCURRENCY": "2",
    "FUNNEL_CHARGE_DEADLINE": str(STEP_WITHIN + 1),
    "FUNNEL_QUIET_TIME": str(STEP_WITHIN + 2),
    "FUNNEL_READ_LAG": "1",
    "FUNNEL_OWED_DEADLINE": str(STEP_WITHIN),
    "FUNNEL_PAY_WAIT": "2",
}
PRODUCT = "Linen shade"
ORDER_ALONE = {"order": 1}
WITH_UPSELL = {"order": 1, "upsale:202": 1}
LOCK = 1
HOLD_BACK = """
    CREATE FUNCTION hold_back() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock({lock}); RETURN NEW; END $$;
    CREATE TRIGGER hold_back BEFORE UPDATE ON attempts FOR EACH ROW
        WHEN (NEW.state = 'SENT' AND NEW.slot = 'upsell1' AND NEW.order_id = '{order_id}')
        EXECUTE FUNCTION hold_back();
    SELECT pg_advisory_lock({lock});
"""

CLAIMED = Step("claimed, and not marked as sent yet", "5555 5555 5555 4444", "CLAIMED", charged=False)
LOST = Step("charged, the answer lost", "4000 0000 0000 6058", "UNKNOWN", charged=True)
ANSWERED = Step("the CRM has answered", "4242 4242 4242 4242", "CHARGED", charged=True)
NEVER = Step("sent, and the CRM never will", "4111 1111 1111 1111", "SENT", charged=False)
WORKS = Step("sent, and the CRM works", "4000 0000 0000 0259", "SENT", charged=True)
LASTING, PASSING = (LOST, ANSWERED), (NEVER, WORKS)


@dataclass(frozen=True)
class Case:
    """Who is killed, and on which database. A PostgreSQL can hold a shopper between the claim and mark_sent."""

    victims: tuple[str, ...]
    database: str

    @property
    def steps(self) -> tuple[Step, ...]:
        return ((CLAIMED,) if self.database == "postgresql" else ()) + LASTING + PASSING

    def __str__(self) -> str:
        return "+".join((*self.victims, self.database))


CASES = (Case(("web",), "sqlite"), Case(("relay",), "sqlite"), Case(("web", "relay"), "postgresql"))


@dataclass(frozen=True)
class Wreck:
    """An installation after the kill, its programs started again, and the shoppers who pressed yes before it."""

    installation: Installation
    shoppers: Mapping[Step, Shopper]


@pytest.fixture(scope="module")
def wrecks(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[Mapping[Case, Wreck]]:
    """All of them side by side, for each needs the seconds of a lease to recover."""
    with ExitStack() as opened:
        wrecks = {}
        for case in CASES:
            folder = tmp_path_factory.mktemp("upsells")
            url = opened.enter_context(empty_database(postgres_url)) if case.database == "postgresql" else ""
            wrecks[case] = opened.enter_context(_wreck(case, folder, url))
        yield wrecks


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_killed_at_every_step_an_upsell_is_charged_once_or_not_added(wrecks: Mapping[Case, Wreck], case: Case) -> None:
    installation, shoppers = wrecks[case].installation, wrecks[case].shoppers
    order_ids = installation.books.order_ids()
    for step, shopper in shoppers.items():
        assert come_back(shopper) == order_ids[step.email], f"a receipt at once: {step.name}"
    for step, shopper in shoppers.items():
        _see_the_outcome(installation, shopper, step)
    charges = installation.crm.charges()["orders"]
    assert charges == {order_ids[step.email]: WITH_UPSELL if step.charged else ORDER_ALONE for step in shoppers}
    sent = [call["params"]["orderId"] for call in installation.crm.calls(UPSALE)]
    assert sorted(sent) == sorted(order_ids[step.email] for step in shoppers if step is not CLAIMED)


def _see_the_outcome(installation: Installation, shopper: Shopper, step: Step) -> None:
    """The receipt ends with what is true, and so does the offer's own page."""

    def settled_receipt() -> Page | None:
        page = shopper.get("/thank-you")
        return page if "being added" not in page.text else None

    page = eventually(settled_receipt, within=RECOVERED_WITHIN)
    assert page, f"{step.name}: {installation.books.states(step.email)}"
    assert (f"1 × {PRODUCT}" in page.text) == step.charged, step.name
    assert (NOT_ADDED.findall(page.text) == [PRODUCT]) != step.charged, step.name
    told = shopper.get("/upsell/1").text
    assert (f"You already added {PRODUCT}" in told) == step.charged, step.name
    assert (NOT_ADDED.findall(told) == [PRODUCT]) != step.charged, step.name


@contextmanager
def _wreck(case: Case, folder: Path, url: str) -> Iterator[Wreck]:
    database = {"DATABASE_URL": url} if url else {}
    with ExitStack() as opened:
        installation = opened.enter_context(Installation(folder, **SETTINGS, **database))
        shoppers = {step: opened.enter_context(Shopper(installation.url)) for step in case.steps}
        hands = opened.enter_context(ThreadPoolExecutor(len(shoppers)))
        forms = _buy(installation, shoppers)
        order_id = installation.books.order_ids().get(CLAIMED.email)
        with _mark_sent_held_back(url, order_id) if order_id and url else nullcontext():
            pressed = _press_yes(installation, shoppers, hands)
            installation.kill(*case.victims)
        wait(pressed)
        installation.crm.heal()
        for victim in case.victims:
            installation.start(victim)
        pages = hands.map(lambda step: shoppers[step].submit(forms[step], choice="yes"), shoppers)
        assert {page.path for page in pages} <= {"upsell/2", "thank-you"}, "the same form again leads forward"
        yield Wreck(installation, shoppers)


def _buy(installation: Installation, shoppers: Mapping[Step, Shopper]) -> dict[Step, Form]:
    """Everybody's order is paid, and their first offer open. Afterwards the CRM is at its worst."""
    installation.crm.switch(slow_seconds=0, complete_order_import="charge-again")
    for step, shopper in shoppers.items():
        shopper.leave_lead(emailAddress=step.email)
        assert shopper.pay(cardNumber=step.card).path == "upsell/1"
    installation.crm.switch(slow_seconds=STEP_WITHIN)
    installation.crm.fault(QUERY, "hang", times=0, seconds=RECOVERED_WITHIN)
    return {step: shopper.page.form for step, shopper in shoppers.items()}


def _press_yes(
    installation: Installation, shoppers: Mapping[Step, Shopper], hands: ThreadPoolExecutor
) -> Sequence[Future[Page]]:
    """All come to their steps, first those that last."""

    def press(*steps: Step) -> list[Future[Page]]:
        futures = [hands.submit(shoppers[step].submit, choice="yes") for step in steps]
        for step in steps:
            states = ["CHARGED", step.state]
            there = eventually(lambda: installation.books.states(step.email) == states, within=STEP_WITHIN)  # noqa: B023
            assert there, f"{step.name}: {installation.books.states(step.email)}"
        return futures

    pressed = press(*(step for step in shoppers if step not in PASSING))
    assert installation.crm.wait_for(QUERY), "the relay is asking about the lost answer"
    received = len(installation.crm.calls(UPSALE))
    installation.crm.fault(UPSALE, "hang", seconds=STEP_WITHIN)
    pressed += press(NEVER)
    installation.crm.wait_for(UPSALE, received + 1)
    pressed += press(WORKS)
    installation.crm.wait_for(UPSALE, received + 2)
    assert all(installation.books.states(step.email)[-1] == step.state for step in shoppers), "until the kill"
    return pressed


@contextmanager
def _mark_sent_held_back(url: str, order_id: str) -> Iterator[None]:
    """The database lets the order's upsell be claimed, and takes its time over marking it sent."""
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(HOLD_BACK.format(lock=LOCK, order_id=order_id))  # let go when the connection closes
        yield
