"""Chaos: impatient shoppers, a CRM that misbehaves and kill -9, all at once; and both books side by side after it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass

from balance import Report, paid_orders
from impatient import GLANCE, Stopped, Visit, come_back
from processes import Installation
from shopper import Shopper
from waits import kill_during, lose_answers, until_charged

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
SLOW_CHARGE = float(SETTINGS["FUNNEL_CHARGE_DEADLINE"]) - 0.5  # seconds; the longest that still gets its answer
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


@dataclass(frozen=True)
class Plan:
    """How much: chaos goes on until both counts are reached or the seconds are over."""

    calls: int
    kills: int
    seconds: float
    kill_every: float = 3.0
    shoppers: int = 12
    lost_answers: int = 40  # charges whose answer is lost, afterwards, with a CRM that is well
    killed_charges: int = 12  # charges whose process is killed, at the same time
    seed: int = 1


class Chaos:
    """One run against an installation. `tell` is given a line now and then."""

    def __init__(self, installation: Installation, plan: Plan, tell: Callable[[str], None]) -> None:
        self._installation = installation
        self._plan = plan
        self._tell = tell
        self._stop = threading.Event()
        self._last_call = 0
        self._visits: list[Visit] = []
        self._shoppers: dict[str, Shopper] = {}
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
        self._installation.books.settle()
        self._measure_waits()
        self._tell("whoever paid and was kept from the receipt comes back")
        self._see_to_the_receipts()
        self._count_calls()
        self._report.compare(self._installation.books, self._installation.crm, self._visits)
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
            email = f"s{number}.{visits}@example.com"
            with Shopper(self._installation.url) as shopper:
                visit = Visit(shopper, email, dice, self._stop)
                self._visits.append(visit)
                self._shoppers[email] = shopper
                with suppress(Stopped):
                    visit.shop()

    # -- afterwards, with a CRM that is well

    def _measure_waits(self) -> None:
        """The leases of the killed run out while the others' lost answers are found."""
        installation, plan, report = self._installation, self._plan, self._report
        killed, lost = self._newcomers("killed", plan.killed_charges), self._newcomers("lost", plan.lost_answers)
        killed_at = kill_during(installation, killed, slow=SLOW_CHARGE)
        lose_answers(lost)
        installation.books.settle()
        report.answer_lost = until_charged(installation, lost)
        report.process_killed = until_charged(installation, killed, after=killed_at)

    def _newcomers(self, kind: str, count: int) -> dict[str, Shopper]:
        shoppers = {f"{kind}{number}@example.com": Shopper(self._installation.url) for number in range(count)}
        self._shoppers |= shoppers
        return shoppers

    def _see_to_the_receipts(self) -> None:
        """Whoever paid and was kept from the receipt comes back, with nothing but the cookie."""
        paid = paid_orders(self._installation.books, self._installation.crm)
        at_once = {visit.email: visit.receipt for visit in self._visits}
        away = [email for email in paid if email in self._shoppers and at_once.get(email) is None]
        with ThreadPoolExecutor(self._plan.shoppers) as crowd:
            came = {email: crowd.submit(come_back, self._shoppers[email]) for email in away}
        errors = {email: error for email, future in came.items() if (error := future.exception())}
        self._report.surprises += [f"{email} came back: {error!r}" for email, error in errors.items()]
        later = {email: future.result() for email, future in came.items() if email not in errors}
        self._report.follow(paid, at_once, later)


def _dice(*seed: int) -> random.Random:
    return random.Random(repr(seed))  # noqa: S311  # for play, no secret
