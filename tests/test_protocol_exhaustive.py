"""Small scope, all of it: every interleaving of two presses, every pair of faults, every world event at every position.

A case is one path through a tree of choices: who moves next, which of the 20 faults a press meets when it comes to
that, which of nine world events happens and when; a death, a lagging query or a question under way may be followed at
once by the quiet time. A fault that no press comes to meet makes no case, so none is run twice.
Two presses in one slot are alike, so press 1 is the one that moves first: the mirror image of a case is no case.
An ordinary run takes 2,000 cases, always the same. `PROTOCOL_ALL=1 python -m pytest -s
tests/test_protocol_exhaustive.py` walks the whole tree on two cores and prints how many cases that were.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from typing import NamedTuple, TypeVar

import pytest
from protocol import (
    FAULTS,
    LONGEST_LAG,
    NOT_READY,
    QUIET,
    SEND,
    STALL,
    Bench,
    Broken,
    Fault,
    Press,
    World,
    bench,
    pay_the_order,
)

from funnel.attempt import ORDER, new_key

ALL = bool(os.environ.get("PROTOCOL_ALL"))
SAMPLE = 500  # cases of each scenario in an ordinary run
SEED = 3
CORES = 2
DEEP = 1_000  # more choices than any case has
AT_LEAST = 700_000  # cases in the whole tree
WHOLE_DAY = 86_400
SPLIT = 3  # choices after which the tree is handed out to the cores
SECONDS = 5.0
LEASE = SEND + STALL + 1.0
Choice = TypeVar("Choice")


class Scenario(NamedTuple):
    """The slots of the two presses, and whether the same form was sent twice."""

    name: str
    slots: tuple[str, str]
    same_key: bool = False

    def __str__(self) -> str:
        return self.name


SCENARIOS = (
    Scenario("the order in two tabs", (ORDER, ORDER)),
    Scenario("the order's form twice", (ORDER, ORDER), same_key=True),
    Scenario("two upsells of a product", ("upsell1", "upsell2")),
    Scenario("an upsell in two tabs", ("upsell1", "upsell1")),
)


class Cut(Exception):
    """The tree is not walked deeper than this here."""


class Path:
    """The choices of one case: those given first, then whatever `decide` says of the rest."""

    def __init__(self, given: Sequence[int], decide: Callable[[int], int] = lambda _: 0, *, depth: int = DEEP) -> None:
        self._given = given
        self._decide = decide
        self._depth = depth
        self.taken: list[int] = []
        self.widths: list[int] = []

    def choose(self, options: Sequence[Choice]) -> Choice:
        if len(self.taken) == self._depth:
            raise Cut
        at = len(self.taken)
        number = self._given[at] if at < len(self._given) else self._decide(len(options))
        self.taken.append(number)
        self.widths.append(len(options))
        return options[number]

    def next(self, floor: int) -> list[int] | None:
        """The choices of the case after this one; None when all below the first `floor` choices are done."""
        for at in reversed(range(floor, len(self.taken))):
            if self.taken[at] + 1 < self.widths[at]:
                return [*self.taken[:at], self.taken[at] + 1]
        return None


EVENT = "an event"
LONG = "the quiet time passes, a sweep"
TIMES = {
    "seconds pass, a sweep": (SECONDS, True),
    "the lease passes": (LEASE, False),
    "the lease passes, a sweep": (LEASE, True),
    "minutes pass, a sweep": (QUIET - LEASE, True),
    LONG: (QUIET + STALL, True),
}


def elapse(world: World, seconds: float, swept: bool) -> None:
    world.pass_time(seconds)
    if swept:
        world.sweep()


def ask(world: World) -> None:
    world.pass_time(SECONDS)
    world.ask()


def lag_behind(world: World) -> None:
    world.crm.lag = LONGEST_LAG


def events(world: World) -> dict[str, Callable[[], None]]:
    """What the world may do next, by name."""
    found: dict[str, Callable[[], None]] = {name: partial(elapse, world, *what) for name, what in TIMES.items()}
    for number, press in enumerate(world.presses, 1):
        if press.step not in ("begin", None):
            found[f"the process of press {number} dies"] = press.die
    found["Order Query's answer is on its way"] = partial(ask, world)
    found["Order Query lags"] = partial(lag_behind, world)
    return found


def movers(world: World) -> list[tuple[int, Press]]:
    """Who may move next, with their numbers."""
    moving = [(n, press) for n, press in enumerate(world.presses, 1) if press.step]
    alike = len({press.slot for _, press in moving}) == 1 and all(press.step == "begin" for _, press in moving)
    return moving[:1] if alike else moving


def play(world: World, path: Path, story: list[str]) -> None:
    """Moves and one event, after which the quiet time may pass at once, until both presses have ended."""
    last, happened = "", list[str]()
    while any(press.step for press in world.presses):
        possible = {f"press {n} moves": press.move for n, press in movers(world)}
        to_come: dict[str, Callable[[], None]] = {}
        if not happened:
            to_come = events(world)
        elif happened == [last] and last not in TIMES:
            to_come[LONG] = partial(elapse, world, *TIMES[LONG])
        # Whether before which: else a random path would have its event at the beginning almost always.
        last = path.choose([*possible, EVENT] if to_come else list(possible))
        if last == EVENT:
            last = path.choose(list(to_come))
            happened.append(last)
        story.append(last)
        (possible | to_come)[last]()
        world.check()


def run(bench: Bench, scenario: Scenario, path: Path) -> None:
    """One case. Raises Broken with its story when an invariant does not hold."""
    world, story = World(bench), list[str]()

    def meet() -> Fault:
        fault = path.choose((*FAULTS, NOT_READY))
        story.append(f"[{fault}]")
        return fault

    try:
        if scenario.slots[0] != ORDER:
            pay_the_order(world)
        keys = [new_key()] * 2 if scenario.same_key else [new_key(), new_key()]
        for slot, key in zip(scenario.slots, keys, strict=True):
            world.press(slot, meet, key=key)
        play(world, path, story)
        world.end()
    except Broken as broken:
        raise Broken(f"{scenario}: {', '.join(story)}: {broken}") from None
    finally:
        world.leave()


def walk(bench: Bench, scenario: Scenario, start: Sequence[int], *, depth: int = DEEP) -> Iterator[list[int]]:
    """Run every case below the first choices `start`; the choices of each."""
    given: list[int] | None = list(start)
    while given is not None:
        path = Path(given, depth=depth)
        with suppress(Cut):
            run(bench, scenario, path)
        yield path.taken
        given = path.next(len(start))


def count(scenario: Scenario, start: Sequence[int]) -> int:
    """Walk a part of the tree in a process of its own; how many cases it has."""
    with bench() as rooms:
        return sum(1 for _ in walk(rooms, scenario, start))


@pytest.fixture(scope="module")
def rooms() -> Iterator[Bench]:
    with bench() as rooms:
        yield rooms


if ALL:

    @pytest.mark.timeout(WHOLE_DAY)
    def test_every_interleaving_is_charged_once(rooms: Bench) -> None:
        parts = [(scenario, start) for scenario in SCENARIOS for start in walk(rooms, scenario, [], depth=SPLIT)]
        began, cases = time.monotonic(), 0
        with ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as cores:
            for done, more in enumerate(cores.map(count, *zip(*parts, strict=True)), 1):
                cases += more
                print(
                    f"\r{done} of {len(parts)} parts, {cases} cases, {time.monotonic() - began:.0f} s",
                    end="",
                    flush=True,
                )
        assert cases >= AT_LEAST

else:

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
    def test_a_sample_of_all_interleavings_is_charged_once(rooms: Bench, scenario: Scenario) -> None:
        dice = random.Random(SEED)  # noqa: S311  # the same sample every time
        for _ in range(SAMPLE):
            run(rooms, scenario, Path([], dice.randrange))
