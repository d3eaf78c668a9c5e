"""Small scope, all of it: every interleaving of two presses, every pair of faults, every world event at every position.

A case is one path through a tree of choices: who moves next, which of the 21 faults a press meets when it comes to
that, which of ten world events happens and when; a death, a lagging query or a question under way may be followed at
once by the quiet time. A fault that no press comes to meet makes no case, so none is run twice.
Two presses in one slot are alike, so press 1 is the one that moves first: the mirror image of a case is no case.
An ordinary run takes 2,000 cases, always the same. `PROTOCOL_ALL=1 python -m pytest -s
tests/test_protocol_exhaustive.py` walks the whole tree and prints how many cases it has. Where two ways lead to the
same snapshot of the world (World.snapshot), what follows is walked once and counted for both; with `PROTOCOL_ALL=each`
every case is run by itself, which takes hours.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from hashlib import blake2b
from multiprocessing import get_context
from typing import NamedTuple, TypeVar

import pytest
from protocol import STALL, Broken, Press, Return, World, pay_the_order
from protocol_crm import FAULTS, LONGEST_LAG, NOT_READY, PAYPAL, Fault
from protocol_rooms import QUIET, SEND, Bench, bench

from funnel.attempt import ORDER, new_key

ALL, EACH = os.environ.get("PROTOCOL_ALL"), "each"
SAMPLE = 500  # cases of each scenario in an ordinary run
SEED = 3
CORES = 2
AT_LEAST = 700_000  # cases in the whole tree
WHOLE_DAY = 86_400
SECONDS = 5.0
LEASE = SEND + STALL + 1.0
Choice = TypeVar("Choice")


class Scenario(NamedTuple):
    """The slots of the two presses, and whether the same form was sent twice."""

    name: str
    slots: tuple[str, str]
    same_key: bool = False
    returns: bool = False  # both are tabs that are back from PayPal with the agreement to one press

    def __str__(self) -> str:
        return self.name


SCENARIOS = (
    Scenario("the order in two tabs", (ORDER, ORDER)),
    Scenario("the order's form twice", (ORDER, ORDER), same_key=True),
    Scenario("two upsells of a product", ("upsell1", "upsell2")),
    Scenario("an upsell in two tabs", ("upsell1", "upsell1")),
    Scenario("back from PayPal in two tabs", (ORDER, ORDER), returns=True),
    Scenario("an upsell back from PayPal in two tabs", ("upsell1", "upsell1"), returns=True),
)


class Known(Exception):
    """What follows from here was walked before; so many cases it has."""

    def __init__(self, cases: int) -> None:
        super().__init__(cases)
        self.cases = cases


class Path:
    """The choices of one case: those given first, then whatever `decide` says of the rest."""

    def __init__(
        self,
        given: Sequence[int],
        decide: Callable[[int], int] = lambda _: 0,
        *,
        known: Mapping[bytes, int] | None = None,
    ) -> None:
        self._given = given
        self._decide = decide
        self._known = known
        self.taken: list[int] = []
        self.widths: list[int] = []
        self.places: list[bytes | None] = []

    def choose(self, options: Sequence[Choice], place: Callable[[], object] | None = None) -> Choice:
        """`place` tells where in the tree this is. Raises Known when all that follows from there was walked."""
        at = len(self.taken)
        here = _digest(place()) if place and self._known is not None and at >= len(self._given) else None
        if here and self._known and here in self._known:
            raise Known(self._known[here])
        number = self._given[at] if at < len(self._given) else self._decide(len(options))
        self.taken.append(number)
        self.widths.append(len(options))
        self.places.append(here)
        return options[number]


def _digest(place: object) -> bytes:
    return blake2b(repr(place).encode(), digest_size=16).digest()


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
    if back := next((press for press in world.presses if isinstance(press, Return)), None):
        found["the shopper cancels in a third tab"] = partial(world.cancel, back.key)
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
        here = partial(_here, world, tuple(to_come))
        last = path.choose([*possible, EVENT] if to_come else list(possible), here)
        if last == EVENT:
            last = path.choose(list(to_come))
            happened.append(last)
        story.append(last)
        (possible | to_come)[last]()
        world.check()


def _here(world: World, to_come: tuple[str, ...]) -> object:
    return (world.snapshot(), to_come)


def run(bench: Bench, scenario: Scenario, path: Path) -> None:
    """One case. Raises Broken with its story when an invariant does not hold."""
    world, story = World(bench), list[str]()

    def meet() -> Fault:
        fault = path.choose(FAULTS if scenario.returns else (*FAULTS, NOT_READY))
        story.append(f"[{fault}]")
        return fault

    try:
        if scenario.slots[0] != ORDER:
            pay_the_order(world)
        present(world, scenario, meet)
        play(world, path, story)
        world.end()
    except Broken as broken:
        raise Broken(f"{scenario}: {', '.join(story)}: {broken}") from None
    finally:
        world.leave()


def present(world: World, scenario: Scenario, meet: Callable[[], Fault]) -> None:
    """The two presses, before either has begun."""
    if scenario.returns:
        left = world.press(scenario.slots[0], lambda: PAYPAL)
        world.finish(left)
        for _ in scenario.slots:
            world.come_back(left.key, meet)
        return
    keys = [new_key()] * 2 if scenario.same_key else [new_key(), new_key()]
    for slot, key in zip(scenario.slots, keys, strict=True):
        world.press(slot, meet, key=key)


def count(scenario: Scenario) -> int:
    """Walk a scenario's whole tree, the deepest choices first; how many cases it has."""
    known: dict[bytes, int] | None = None if ALL == EACH else {}
    given: list[int] | None = []
    cases: list[int] = []  # of each choice on the present path, as far as they are walked
    places: list[bytes | None] = []
    with bench() as rooms:
        while given is not None:
            path = Path(given, known=known)
            found = 1
            try:
                run(rooms, scenario, path)
            except Known as walked:
                found = walked.cases
            places[len(given) :] = path.places[len(given) :]
            cases += [0] * (len(path.taken) - len(cases))
            given = None
            for at in reversed(range(len(path.taken))):
                cases[at] += found
                if path.taken[at] + 1 < path.widths[at]:
                    given = [*path.taken[:at], path.taken[at] + 1]
                    break
                found = cases.pop()
                if known is not None and (place := places[at]):
                    known[place] = found
    return found


@pytest.fixture(scope="module")
def rooms() -> Iterator[Bench]:
    with bench() as rooms:
        yield rooms


if ALL:

    @pytest.mark.timeout(WHOLE_DAY)
    def test_every_interleaving_is_charged_once() -> None:
        began, cases = time.monotonic(), 0
        with ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as cores:
            for scenario, found in zip(SCENARIOS, cores.map(count, SCENARIOS), strict=True):
                cases += found
                print(f"{scenario}: {found:,} cases; {time.monotonic() - began:.0f} s", flush=True)
        print(f"{cases:,} cases in all")
        assert cases >= AT_LEAST

else:

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
    def test_a_sample_of_all_interleavings_is_charged_once(rooms: Bench, scenario: Scenario) -> None:
        dice = random.Random(SEED)  # noqa: S311  # the same sample every time
        for _ in range(SAMPLE):
            run(rooms, scenario, Path([], dice.randrange))
