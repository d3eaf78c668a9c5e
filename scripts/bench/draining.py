"""How fast what is owed reaches the CRM, and what becomes of a backlog."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread

from generator import Figures, measure
from pages import MANY, QUERY
from stage import SLOW, Stage

from funnel.outbox.outbox import Kind, Outbox
from funnel.steps import PAGE_TYPES
from funnel.visits.attribution import Arrival
from funnel.visits.visits import Visits

GLANCE = 0.05
WARM_UP = 1.0  # seconds after the first delivery, in which connections are opened
DRAIN_FOR = 4.0  # seconds
SPARE = 2  # times as much is owed as can go out meanwhile, so that no sender ever waits for work
BURST = 3  # seconds of arrivals
DRAINED_WITHIN = 60.0  # seconds
ARRIVAL = Arrival("https://shop.example/?affId=7&c1=bench", "Mozilla/5.0", "", "192.0.2.1")


@dataclass(frozen=True)
class Moment:
    """Seconds after the start of the burst, and how much was owed then."""

    at: float
    backlog: int


def rates(stage: Stage, senders: Sequence[int]) -> dict[int, float]:
    """Clicks a second with a CRM that takes 300 ms, by the number of calls the relay makes at a time."""
    return {count: _rate(stage, count) for count in senders}


def _rate(stage: Stage, senders: int) -> float:
    stage.stop("relay")
    stage.weather(SLOW)
    full = int(SPARE * senders / SLOW.seconds * (WARM_UP + DRAIN_FOR))
    _owe(stage, full)
    stage.send(senders)
    _until(stage, below=full)
    time.sleep(WARM_UP)
    began, before = time.monotonic(), stage.backlog()
    time.sleep(DRAIN_FOR)
    after, ended = stage.backlog(), time.monotonic()
    return (before - after) / (ended - began)


def _owe(stage: Stage, count: int) -> None:
    visits, outbox = Visits(stage.store, life=3600.0, limit=3600.0), Outbox(stage.store)
    with stage.store.write() as connection:
        for _ in range(count):
            visit = visits.keep(connection, visits.begin(ARRIVAL))
            outbox.owe(connection, visit.id, Kind.CLICK, page_type=PAGE_TYPES["presell"], once="click:presell")


def _until(stage: Stage, *, below: int) -> None:
    until = time.monotonic() + DRAINED_WITHIN
    while stage.backlog() >= below:
        if time.monotonic() > until:
            raise SystemExit(f"The relay delivers nothing. {stage.trouble()}")
        time.sleep(GLANCE)


def burst(stage: Stage) -> tuple[Figures, list[Moment]]:
    """More shoppers than the CRM can be told of: what they see, and what is owed from second to second."""
    stage.stop("relay")
    stage.weather(SLOW)
    stage.send()
    seen: list[Figures] = []
    url = stage.url("funnel", f"/{QUERY}")
    shoppers = Thread(target=lambda: seen.append(measure(url, connections=MANY, seconds=BURST)))
    began = time.monotonic()
    shoppers.start()
    moments = [Moment(0.0, 0)]
    while shoppers.is_alive() or (moments[-1].backlog and moments[-1].at < DRAINED_WITHIN):
        time.sleep(max(0.0, began + len(moments) - time.monotonic()))
        moments.append(Moment(time.monotonic() - began, stage.backlog()))
    shoppers.join()
    return seen[0], moments
