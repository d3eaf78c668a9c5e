"""A steady stream of shoppers through a real nginx, while the CRM fails on and off and web and relay are restarted."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests
from balance import Report
from conftest import eventually
from havoc import SETTINGS as HASTY
from nginx import Nginx
from processes import Installation
from proxy import trusting
from shopper import PATIENCE, Shopper

SETTINGS = {
    **HASTY,
    "PROXY_HOPS": "1",
    "TRUSTED_HOSTS": "localhost",
    "FUNNEL_ADDRESS_DECLINES": "1000000",
    "FUNNEL_NETWORK_DECLINES": "1000000",
    "FUNNEL_SHOP_DECLINES": "1000000",
}
LEAD = "/leads/import/"
PATHS = ("/landers/clicks/import/", LEAD, "/order/import/", "/order/query/")
FAULTS = ("500", "refuse", "hang", "process_then_drop")
SICK, WELL = 4.0, 6.0  # seconds of the CRM
HANDS = 16
TRIES = 40  # of one form while the way is broken
GLANCE = 0.25
DELIVERED_WITHIN = 90.0  # seconds; pauses of what was put off, and a busy machine
MOST_GROWTH = 1.15


@dataclass
class Outcome:
    """Counts of requests and people; memory in bytes, when all restarts were over and at the end."""

    visits: int = 0
    broken: int = 0
    errors: list[str] = field(default_factory=list)
    leads: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    paid: int = 0
    restarts: int = 0
    memory: tuple[int, int] = (0, 0)
    books: Report = field(default_factory=Report)

    @property
    def flat(self) -> bool:
        before, after = self.memory
        return after <= MOST_GROWTH * before

    @property
    def right(self) -> bool:
        return not (self.errors or self.lost or self.books.unknown) and self.books.balanced


class _Browser(Shopper):
    """Presses again when the way is broken, as people do, and keeps the statuses."""

    def __init__(self, nginx: Nginx, number: int, outcome: Outcome) -> None:
        super().__init__(nginx.url)
        trusting(self.browser, nginx, f"127.{1 + number // 62500}.{number // 250 % 250}.{1 + number % 250}")
        self._outcome = outcome
        self.browser.hooks["response"].append(self._noted)

    def _noted(self, answer: requests.Response, **_: Any) -> None:
        if answer.status_code == 500:
            self._outcome.errors.append(f"{answer.request.method} {answer.url}")

    def insist(self, act: Callable[[], Any]) -> Any:
        for _ in range(TRIES):
            try:
                answer = act()
            except (requests.RequestException, AssertionError):  # nginx's own page of a 502 is no page of ours
                self._outcome.broken += 1
                time.sleep(GLANCE)
            else:
                return answer
        raise TimeoutError


class Steady:
    """`rate` shoppers a second for so many seconds; `tell` is given a line now and then."""

    def __init__(
        self, installation: Installation, nginx: Nginx, *, rate: float, seconds: float, tell: Callable[[str], None]
    ) -> None:
        self._installation, self._nginx = installation, nginx
        self._rate, self._seconds, self._tell = rate, seconds, tell
        self._heard: set[str] = set()
        self._outcome = Outcome()

    def run(self) -> Outcome:
        outcome, stop = self._outcome, threading.Event()
        with ThreadPoolExecutor(2) as others:
            going_on = [others.submit(self._weather, stop), others.submit(self._deploy)]
            try:
                self._stream()
            finally:
                stop.set()
        for other in going_on:
            other.result()
        self._installation.crm.heal()
        self._tell("the CRM is well; waiting for what is owed and for every charge to end")
        eventually(self._all_heard, within=DELIVERED_WITHIN)
        self._installation.books.settle()
        outcome.lost = outcome.leads - self._heard
        outcome.books.compare(self._installation.books, self._installation.crm, [])
        outcome.memory = (outcome.memory[0], self._installation.memory())
        return outcome

    def _stream(self) -> None:
        begun = time.monotonic()
        with ThreadPoolExecutor(HANDS) as hands:
            for number in range(int(self._rate * self._seconds)):
                hands.submit(self._visit, number)
                time.sleep(max(0.0, (number + 1) / self._rate - (time.monotonic() - begun)))

    def _deploy(self) -> None:
        """Each web server and a relay in turn; afterwards memory is looked at, when it has been in use for a while."""
        begun = time.monotonic()
        for name, share in (("web", 0.1), ("relay", 0.25), ("web2", 0.4)):
            time.sleep(max(0.0, share * self._seconds - (time.monotonic() - begun)))
            self._restart(name)
        time.sleep(max(0.0, 0.6 * self._seconds - (time.monotonic() - begun)))
        self._outcome.memory = (self._installation.memory(), 0)

    def _restart(self, name: str) -> None:
        """Politely, as a deployment does it, while the other host goes on."""
        self._installation.stop(name)
        self._installation.start(name)
        self._outcome.restarts += 1
        self._tell(f"{name} was restarted")

    def _visit(self, number: int) -> None:
        outcome, email = self._outcome, f"steady{number}@example.com"
        outcome.visits += 1
        try:
            with _Browser(self._nginx, number, outcome) as shopper:
                shopper.insist(lambda: shopper.get("/"))
                if shopper.insist(lambda: shopper.leave_lead(emailAddress=email)).path != "checkout":
                    return
                outcome.leads.add(email)
                shopper.insist(lambda: shopper.get("/checkout"))
                if shopper.page.path == "checkout" and shopper.page.forms:
                    outcome.paid += shopper.insist(shopper.pay).path.startswith("upsell")
        except TimeoutError:
            return
        except Exception as error:
            outcome.errors.append(repr(error))

    def _weather(self, stop: threading.Event) -> None:
        crm = self._installation.crm
        for kind in itertools.cycle(FAULTS):
            if stop.wait(WELL):
                return
            for path in PATHS:
                crm.fault(path, kind, times=0, seconds=PATIENCE)
            stop.wait(SICK)
            crm.heal()
            self._listen()

    def _listen(self) -> None:
        """The sandbox keeps its last calls only, so they are looked at as the run goes on."""
        calls = self._installation.crm.calls(LEAD)
        self._heard |= {call["params"].get("emailAddress", "") for call in calls if _taken(call)}

    def _all_heard(self) -> bool:
        self._listen()
        return self._outcome.leads <= self._heard


def _taken(call: dict[str, Any]) -> bool:
    return call["result"] == "SUCCESS" or call["fault"] == "process_then_drop"
