"""Pages under load in every weather of the CRM, beside the same page in bare Flask and in a naive funnel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from generator import Figures, measure, middle
from stage import AWAY, CALM, HANGING, SLOW, SLOWER, Stage, Weather

QUERY = "?affId=7&c1=bench"
MANY = 32
ROUND = 1  # seconds of load for a cell
NAIVE_ROUND = 8  # answers, one after the other: where they are slow a second would hold too few


@dataclass(frozen=True)
class Cell:
    """One thing that is measured, in every round."""

    who: str
    page: str
    weather: Weather
    connections: int
    returning: bool = False
    paused: bool = False  # the relay

    @property
    def seconds(self) -> int:
        return max(ROUND, round(NAIVE_ROUND * self.weather.seconds)) if self.who == "naive" else ROUND


PATHS = {"presell": "/", "lead": "/lead"}
BOTH = ("new", "returning")


def cells(weather: Weather) -> Iterator[Cell]:
    """Of one weather, in the order of their measuring. The peers stand next to what they are compared with."""
    for connections in (1, MANY):
        for returning in (False, True):
            yield Cell("funnel", "presell", weather, connections, returning)
            if weather in (CALM, SLOW):
                yield Cell("session", "presell", weather, connections, returning)
        if weather in (CALM, SLOW):
            yield Cell("plain", "presell", weather, connections)
    if weather in (CALM, SLOW, HANGING):
        yield Cell("funnel", "lead", weather, MANY)
        yield Cell("funnel", "lead", weather, MANY, returning=True)
    if weather is SLOW:
        yield Cell("session", "lead", weather, MANY)
        yield Cell("session", "lead", weather, MANY, returning=True)
        yield Cell("funnel", "presell", weather, MANY, paused=True)
    if weather in (CALM, SLOW):
        yield Cell("naive", "presell", weather, MANY)


WEATHERS = (CALM, SLOW, SLOWER, AWAY, HANGING)
NAIVE_SLOWER = Cell("naive", "presell", SLOWER, MANY)


def same_page(stage: Stage) -> int:
    """The bytes of presell; ends the run where the peers do not render the very same."""
    pages = {name: requests.get(stage.url(name), timeout=30).content for name in ("funnel", "plain", "session")}
    if len(set(pages.values())) != 1:
        raise SystemExit("The peers' pages are not the funnel's; compare scripts/bench/peers.py with funnel/pages/.")
    return len(pages["funnel"])


def measured(stage: Stage, rounds: int) -> dict[Cell, Figures]:
    """The medians of so many rounds."""
    seen: dict[Cell, list[Figures]] = defaultdict(list)
    for _ in range(rounds):
        for weather in WEATHERS:
            stage.weather(weather)
            for cell in cells(weather):
                seen[cell].append(_one(stage, cell))
    stage.weather(SLOWER)
    seen[NAIVE_SLOWER].append(_one(stage, NAIVE_SLOWER))
    return {cell: middle(figures) for cell, figures in seen.items()}


def _one(stage: Stage, cell: Cell) -> Figures:
    path = PATHS[cell.page]
    if cell.who == "funnel":
        stage.clear()  # else the calls of the cell before would be delivered meanwhile, on the same cores
    cookie = stage.cookie(cell.who, "/", path) if cell.returning else ""
    with _relay(stage, cell):
        return measure(
            stage.url(cell.who, path + QUERY), connections=cell.connections, seconds=cell.seconds, cookie=cookie
        )


@contextmanager
def _relay(stage: Stage, cell: Cell) -> Iterator[None]:
    """At work, or out of the way. A peer has none that takes the machine's time.

    It is only frozen beside a peer, which does not use the store: frozen in the middle of a write it would keep
    the funnel from every other write.
    """
    if cell.paused:
        stage.stop("relay")
        yield
        stage.send()
    elif cell.who != "funnel":
        stage.running["relay"].freeze()
        yield
        stage.running["relay"].thaw()
    else:
        yield
