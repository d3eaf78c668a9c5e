"""Charged once by real processes: many presses at once, SIGKILL at every step of the pay path, a graceful stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from conftest import eventually
from processes import Installation
from shopper import ADDRESS, CARD, Page, Shopper
from test_charged_once import ORDER, UPSALE, presses

LEAD = "/leads/import/"
QUERY = "/order/query/"
PRESSES = 50
KILL_WITHIN = 12.0  # seconds in which every shopper must have come to their step
RECOVERED_WITHIN = 90.0  # seconds: the longest lease of a process that is gone, and a busy machine
# The slow card takes longer than it takes to kill, a charge may take longer than that, and only
# after the CRM has surely done with it is a "not charged" believed.
SLOW_CARD = KILL_WITHIN + 1
SETTINGS = {
    "WEB_CONCURRENCY": "2",
    "FUNNEL_CHARGE_DEADLINE": str(SLOW_CARD + 1),
    "FUNNEL_QUIET_TIME": str(SLOW_CARD + 6),
    "FUNNEL_READ_LAG": "1",
    "FUNNEL_OWED_DEADLINE": str(KILL_WITHIN),
    "FUNNEL_PAY_WAIT": "4",
}
OpenInstallation = Callable[[str], Installation]


@dataclass(frozen=True)
class Step:
    """Where on the pay path a shopper is when the processes die, by what the books say then."""

    name: str
    card: str
    state: str
    charged: bool

    @property
    def email(self) -> str:
        return f"{self.card.replace(' ', '')[-6:]}@example.com"


STEPS = (
    Step("during Import Lead", "4242 4242 4242 4242", "CLAIMED", charged=False),
    Step("sent, and the CRM works", "4000 0000 0000 0259", "SENT", charged=True),
    Step("sent, and the CRM never will", "4000 0000 0000 6074", "SENT", charged=False),
    Step("charged, the answer lost", "4000 0000 0000 6009", "UNKNOWN", charged=True),
    Step("the CRM has answered", "4111 1111 1111 1111", "CHARGED", charged=True),
)
NO_LEAD = STEPS[0]


@pytest.fixture
def install(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenInstallation]:
    with ExitStack() as opened:

        def open_on(database: str) -> Installation:
            url = request.getfixturevalue("postgres_database") if database == "postgresql" else ""
            chosen = {"DATABASE_URL": url} if url else {}
            installation = opened.enter_context(Installation(tmp_path, **SETTINGS, **chosen))
            # The worst CRM there can be: it charges a paid order again when asked to.
            installation.crm.switch(complete_order_import="charge-again")
            return installation

        yield open_on


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_fifty_presses_at_once_are_one_charge(install: OpenInstallation, database: str) -> None:
    installation = install(database)
    with Shopper(installation.url) as shopper:
        shopper.leave_lead()
        installation.crm.fault(ORDER, "latency", seconds=0.5)
        pages = presses(shopper, PRESSES, **ADDRESS, **CARD)
        assert [page.path for page in pages] == ["upsell/1"] * PRESSES
        shopper.get("/upsell/1")
        installation.crm.fault(UPSALE, "latency", seconds=0.5)
        pages = presses(shopper, PRESSES, choice="yes")
        assert [page.path for page in pages] == ["upsell/2"] * PRESSES
    assert [len(installation.crm.calls(path)) for path in (ORDER, UPSALE)] == [1, 1]
    assert installation.crm.charges()["total"] == 2


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("database", "victims"),
    [
        ("sqlite", ("web",)),
        ("sqlite", ("relay",)),
        ("sqlite", ("web", "relay")),
        ("postgresql", ("web", "relay")),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(value),
)
def test_killed_at_every_step_there_is_one_charge_or_a_truthful_not_charged(
    install: OpenInstallation, database: str, victims: tuple[str, ...]
) -> None:
    installation = install(database)
    crm = installation.crm
    crm.switch(slow_seconds=SLOW_CARD)
    with ExitStack() as opened:
        shoppers = {step: opened.enter_context(Shopper(installation.url)) for step in reversed(STEPS)}
        for step, shopper in shoppers.items():
            if step is NO_LEAD:
                crm.fault(LEAD, "hang", times=0, seconds=RECOVERED_WITHIN)
            shopper.leave_lead(emailAddress=step.email)
        crm.fault(QUERY, "hang", times=0, seconds=RECOVERED_WITHIN)
        hands = opened.enter_context(ThreadPoolExecutor(len(STEPS)))
        presses = [hands.submit(shopper.pay, cardNumber=step.card) for step, shopper in shoppers.items()]
        _wait_until_each_is_at_its_step(installation)
        installation.kill(*victims)
        wait(presses)
        crm.heal()
        for victim in victims:
            installation.start(victim)
        for step, shopper in shoppers.items():
            _see_the_outcome(installation, shopper, step)
    charges = crm.charges()["orders"]
    assert len(charges) == len(STEPS)
    assert all(slots == {"order": 1} for slots in charges.values())


def _wait_until_each_is_at_its_step(installation: Installation) -> None:
    expected = {step.email: [step.state] for step in STEPS}

    def there() -> bool:
        return {email: installation.books.states(email) for email in expected} == expected

    assert eventually(there, within=KILL_WITHIN), [(step.name, installation.books.states(step.email)) for step in STEPS]
    assert installation.crm.wait_for(QUERY), "the relay is asking about the lost answer"


def _see_the_outcome(installation: Installation, shopper: Shopper, step: Step) -> None:
    """What the shopper is told once all are back; who is told "not charged" was not, and can pay."""
    told = "upsell/1" if step.charged else "checkout"

    def look() -> Page | None:
        page = shopper.get("/checkout/confirming")
        return page if page.path != "checkout/confirming" else None

    page = eventually(look, within=RECOVERED_WITHIN)
    assert page, f"{step.name}: {installation.books.states(step.email)}"
    assert page.path == told, step.name
    if not step.charged:
        assert "not been charged" in page.text
        order_id = installation.books.order_ids().get(step.email)
        assert order_id not in installation.crm.charges()["orders"], step.name
        assert eventually(lambda: _paid_now(shopper), within=RECOVERED_WITHIN), step.name


def _paid_now(shopper: Shopper) -> bool:
    page = shopper.get("/checkout")
    return (shopper.pay() if page.path == "checkout" else page).path == "upsell/1"


def test_the_form_pressed_again_after_a_kill_charges_once(install: OpenInstallation) -> None:
    installation = install("sqlite")
    with Shopper(installation.url) as shopper:
        shopper.leave_lead()
        form = shopper.page.form
        installation.kill("web")
        with pytest.raises(requests.ConnectionError):
            shopper.submit(form, **ADDRESS, **CARD)
        installation.start("web")
        assert shopper.submit(form, **ADDRESS, **CARD).path == "upsell/1"
        installation.kill("web")
        installation.start("web")
        assert shopper.submit(form, **ADDRESS, **CARD).path == "upsell/1"
    assert installation.crm.charges()["total"] == 1


def test_a_polite_stop_during_a_slow_charge_writes_its_outcome_down(install: OpenInstallation) -> None:
    installation = install("sqlite")
    installation.crm.switch(slow_seconds=6)
    installation.kill("relay")
    slow = {**CARD, "cardNumber": "4000 0000 0000 0259"}
    with Shopper(installation.url) as shopper, ThreadPoolExecutor(1) as hands:
        shopper.leave_lead(emailAddress="slow@example.com")
        pressed = hands.submit(shopper.pay, **slow)
        assert eventually(lambda: installation.books.states("slow@example.com") == ["SENT"])
        assert installation.web.stop() == 0
        assert pressed.result().path in ("checkout/confirming", "upsell/1")
        assert installation.books.states("slow@example.com") == ["CHARGED"]
    assert "Traceback" not in installation.printed
    assert installation.crm.charges()["total"] == 1
