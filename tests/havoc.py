"""Chaos: impatient shoppers, a CRM that misbehaves and kill -9, all at once; and both books side by side after it."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from conftest import Crm, eventually
from impatient import GLANCE, LOST_ANSWERS, Stopped, Visit
from processes import Entry, Installation
from shopper import Shopper

from funnel.attempt import ORDER, State

ORDER_PATH = "/order/import/"
CHARGE_PATHS = (ORDER_PATH, "/upsale/import/")
SLOW = 2.0  # seconds of every fault that takes time
SETTINGS = {
    "WEB_CONCURRENCY": "2",
    "FUNNEL_CHARGE_DEADLINE": "4",
    "FUNNEL_PAY_WAIT": "2",
    "FUNNEL_OWED_DEADLINE": "3",
    "FUNNEL_READ_LAG": "2",
    "FUNNEL_QUIET_TIME": "15",  # longer than the CRM is ever late, as the real one is
    "LOG_LEVEL": "ERROR",
}
FAULTS = (
    (ORDER_PATH, "refuse"),
    (ORDER_PATH, "latency"),
    (ORDER_PATH, "process_late"),
    ("/upsale/import/", "process_then_drop"),
    ("/upsale/import/", "500"),
    ("/leads/import/", "latency"),
    ("/leads/import/", "process_then_drop"),
    ("/landers/clicks/import/", "hang"),
    ("/order/query/", "500"),
    ("/order/query/", "hang"),
)  # beside those of the shoppers' cards; more than twenty behaviours in all
LOOK_EVERY = 5.0  # seconds between two looks at the sandbox's calls, of which it keeps the last 10,000 only
FAULTY_CALLS = 5  # of one path, after each look
SETTLED_WITHIN = 120.0  # seconds: leases of what was killed, quiet time, and a busy machine


@dataclass(frozen=True)
class Plan:
    """How much: chaos goes on until both counts are reached or the seconds are over."""

    calls: int
    kills: int
    seconds: float
    kill_every: float = 3.0
    shoppers: int = 12
    lost_answers: int = 40  # charges whose answer is lost, afterwards, with a CRM that is well
    seed: int = 1


@dataclass
class Report:
    """What came of it. Counts of charges; waits in seconds from sending to CHARGED, the answer having been lost."""

    calls: int = 0
    kills: int = 0
    charged: int = 0
    doubles: int = 0
    unknown: int = 0
    phantoms: int = 0
    unsaid: int = 0
    lies: int = 0
    surprises: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    @property
    def balanced(self) -> bool:
        return not (self.doubles or self.phantoms or self.unsaid)

    @property
    def right(self) -> bool:
        return self.balanced and not (self.unknown or self.lies or self.surprises)

    def wait_at(self, share: float) -> float:
        """The wait that so large a share did not exceed; endless where none was measured."""
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")


class Chaos:
    """One run against an installation. `tell` is given a line now and then."""

    def __init__(self, installation: Installation, plan: Plan, tell: Callable[[str], None]) -> None:
        self._installation = installation
        self._plan = plan
        self._tell = tell
        self._stop = threading.Event()
        self._last_call = 0
        self._told_not_charged: set[str] = set()
        self._report = Report()

    def run(self) -> Report:
        # The worst CRM there can be: it charges a paid order again when asked to.
        self._installation.crm.switch(slow_seconds=SLOW, complete_order_import="charge-again")
        with ThreadPoolExecutor(self._plan.shoppers) as crowd:
            busy = [crowd.submit(self._come_and_go, number) for number in range(self._plan.shoppers)]
            try:
                self._wreak_havoc(busy)
            finally:
                self._stop.set()
        self._report.surprises += [repr(error) for one in busy if (error := one.exception())]
        self._installation.crm.heal()
        self._tell("the CRM is healed; waiting for every attempt to end")
        self._settle()
        self._measure_lost_answers()
        self._settle()
        self._compare()
        if "Traceback" in self._installation.printed:
            self._report.surprises.append("a program printed a traceback")
        return self._report

    # -- the havoc

    def _wreak_havoc(self, busy: Sequence[Future[None]]) -> None:
        dice, plan, report = _dice(self._plan.seed), self._plan, self._report
        begun = looked = killed = time.monotonic()
        while report.calls < plan.calls or report.kills < plan.kills:
            if time.monotonic() - begun > plan.seconds or any(one.done() for one in busy):
                return
            wait(busy, timeout=GLANCE / 2, return_when="FIRST_COMPLETED")
            if time.monotonic() - looked > LOOK_EVERY:
                looked = time.monotonic()
                self._count_calls()
                self._plant(dice)
                self._tell(f"{looked - begun:4.0f} s: {report.calls} charge calls, {report.kills} kills")
            if time.monotonic() - killed > plan.kill_every and report.kills < plan.kills:
                killed = time.monotonic()
                report.kills += self._kill(dice)

    def _plant(self, dice: random.Random) -> None:
        path, kind = dice.choice(FAULTS)
        self._installation.crm.fault(path, kind, times=FAULTY_CALLS, seconds=SLOW)

    def _kill(self, dice: random.Random) -> bool:
        victim = dice.choices(("worker", "relay", "web"), (6, 3, 1))[0]
        if victim == "worker":
            return self._installation.web.kill_child(dice.randrange(100))
        self._installation.kill(victim)
        self._installation.start(victim)
        return True

    def _count_calls(self) -> None:
        calls = self._installation.crm.calls()
        self._report.calls += sum(call["n"] > self._last_call and call["path"] in CHARGE_PATHS for call in calls)
        self._last_call = max([self._last_call, *(call["n"] for call in calls)])

    # -- the shoppers

    def _come_and_go(self, number: int) -> None:
        dice = _dice(self._plan.seed, number)
        visits = 0
        while not self._stop.is_set():
            visits += 1
            with Shopper(self._installation.url) as shopper:
                visit = Visit(shopper, f"s{number}.{visits}@example.com", dice, self._stop)
                try:
                    visit.shop()
                except Stopped:
                    continue
                if visit.left_unpaid:
                    self._told_not_charged.add(visit.email)

    def _measure_lost_answers(self) -> None:
        emails = {f"lost{number}@example.com": card for number, card in _dealt(self._plan.lost_answers)}

        def pay(email: str) -> None:
            with Shopper(self._installation.url) as shopper:
                shopper.leave_lead(emailAddress=email)
                shopper.pay(cardNumber=emails[email])

        with ThreadPoolExecutor(2) as hands:
            list(hands.map(pay, emails))
        self._settle()
        self._report.waits = [
            entry.settled_at - entry.sent_at
            for entry in self._installation.books.entries()
            if entry.email in emails and entry.state is State.CHARGED and entry.sent_at and entry.settled_at
        ]

    # -- the books

    def _settle(self) -> None:
        books = self._installation.books
        eventually(lambda: not any(entry.state.in_flight for entry in books.entries()), within=SETTLED_WITHIN)

    def _compare(self) -> None:
        self._count_calls()
        entries, crm = self._installation.books.entries(), _charged_there(self._installation.crm)
        ours = Counter(_place(entry) for entry in entries if entry.state is State.CHARGED)
        report, order_ids = self._report, self._installation.books.order_ids()
        report.charged = crm.total()
        report.doubles = sum(count - 1 for count in crm.values())
        report.unknown = sum(entry.state.in_flight or entry.state is State.NEEDS_HUMAN for entry in entries)
        report.phantoms = (ours - crm).total()
        report.unsaid = (crm - ours).total()
        report.lies = sum((order_ids.get(email), ORDER) in crm for email in self._told_not_charged)


def _dice(*seed: int) -> random.Random:
    return random.Random(repr(seed))  # noqa: S311  # for play, no secret


def _dealt(count: int) -> list[tuple[int, str]]:
    return [(number, LOST_ANSWERS[number % len(LOST_ANSWERS)]) for number in range(count)]


def _place(entry: Entry) -> tuple[str | None, str]:
    """An order and a slot of it, as the sandbox names slots."""
    return entry.order_id, ORDER if entry.slot == ORDER else f"upsale:{entry.product_id}"


def _charged_there(crm: Crm) -> Counter[tuple[str | None, str]]:
    orders: dict[str, dict[str, Any]] = crm.charges()["orders"]
    return Counter({(order_id, slot): count for order_id, slots in orders.items() for slot, count in slots.items()})
