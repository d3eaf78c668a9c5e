"""Charged once, played at random: presses, faults, time, sweeps, deaths and second tabs, in any order Hypothesis likes.

`PROTOCOL_EXAMPLES=20000 python -m pytest tests/test_protocol_random.py` plays more of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from protocol import Press, World
from protocol_crm import FAULTS, LONGEST_LAG, NOT_READY, PAYPAL, Fault
from protocol_rooms import REDIRECT, Bench, bench

from funnel.attempt import ORDER, State
from funnel.whereabouts import Whereabouts

EXAMPLES = int(os.environ.get("PROTOCOL_EXAMPLES", "2000"))
STEPS = 10  # at most, in one example
PLAYING_TIME = 120 + EXAMPLES // 2  # seconds
SLOTS = (ORDER, "upsell1", "upsell1b", "upsell2")


@pytest.fixture(scope="module")
def rooms() -> Iterator[Bench]:
    with bench() as rooms:
        yield rooms


class OneVisit(RuleBasedStateMachine):
    """A shopper with any number of tabs, at a funnel whose processes die and a CRM that misbehaves."""

    def __init__(self, bench: Bench, whereabouts: Whereabouts) -> None:
        super().__init__()
        self.whereabouts = whereabouts
        self.world = World(bench)

    @rule(slot=st.sampled_from(SLOTS), fault=st.sampled_from((*FAULTS, NOT_READY)), steps=st.integers(1, 6))
    def press(self, slot: str, fault: Fault, steps: int) -> None:
        """A form with a key of its own: a new page, a second tab, Back and again; it comes so many steps far."""
        if not self._with_a_human():
            self._move(self.world.press(slot, lambda: fault), steps)

    @precondition(lambda self: self.world.presses)
    @rule(data=st.data(), fault=st.sampled_from(FAULTS), steps=st.integers(1, 6))
    def press_the_same_form_again(self, data: st.DataObject, fault: Fault, steps: int) -> None:
        """A double click, a proxy that sends the POST twice, or an old page with its old cookie."""
        twin = data.draw(st.sampled_from(self.world.presses))
        if not self._with_a_human():
            self._move(self.world.press(twin.slot, lambda: fault, key=twin.key), steps)

    @precondition(lambda self: self._at_paypal())
    @rule(data=st.data(), fault=st.sampled_from(FAULTS), steps=st.integers(1, 6))
    def come_back_from_paypal(self, data: st.DataObject, fault: Fault, steps: int) -> None:
        """In any number of tabs, and again after it has ended long ago."""
        self._move(self.world.come_back(data.draw(st.sampled_from(self._at_paypal())), lambda: fault), steps)

    @precondition(lambda self: self._at_paypal())
    @rule(data=st.data())
    def cancel_at_paypal(self, data: st.DataObject) -> None:
        self.world.cancel(data.draw(st.sampled_from(self._at_paypal())))

    @precondition(lambda self: self._under_way())
    @rule(data=st.data(), steps=st.integers(1, 6))
    def go_on(self, data: st.DataObject, steps: int) -> None:
        self._move(data.draw(st.sampled_from(self._under_way())), steps)

    @precondition(lambda self: self._under_way())
    @rule(data=st.data())
    def a_request_dies(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self._under_way())).die()

    @precondition(lambda self: self._under_way())
    @rule()
    def the_web_process_dies(self) -> None:
        for press in self._under_way():
            press.die()

    @rule(seconds=st.one_of(st.sampled_from((5.0, 31.0, 80.0, 905.0, REDIRECT)), st.floats(0.1, 1_000.0)))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @rule()
    def the_relay_sweeps(self) -> None:
        self.world.sweep()

    @rule()
    def the_relay_asks(self) -> None:
        """The answer is on its way back until the relay works again."""
        self.world.ask()

    @rule()
    def the_relay_hears(self) -> None:
        self.world.hear()

    @rule()
    def the_relay_dies(self) -> None:
        self.world.relay_dies()

    @rule(lag=st.sampled_from((0.0, 5.0, LONGEST_LAG)), away=st.sampled_from((False, False, True)))
    def order_query_changes(self, lag: float, away: bool) -> None:
        self.world.crm.lag, self.world.crm.away = lag, away

    @invariant()
    def nobody_is_charged_twice_or_told_a_lie(self) -> None:
        self.world.check()

    @invariant()
    def who_has_paid_is_led_to_the_receipt(self) -> None:
        self.world.check_the_roads(self.whereabouts)

    def teardown(self) -> None:
        try:
            self.world.end()
            self.world.check_the_roads(self.whereabouts)
        finally:
            self.world.leave()

    def _move(self, press: Press, steps: int) -> None:
        for _ in range(steps):
            if press.step:
                press.move()

    def _under_way(self) -> list[Press]:
        return [press for press in self.world.presses if press.step]

    def _at_paypal(self) -> list[str]:
        """The keys of presses that were ever led there."""
        return sorted({press.key for press in self.world.presses if press.met is PAYPAL})

    def _with_a_human(self) -> bool:
        """A charge that a human has to look at: the pages offer nothing more then."""
        return State.NEEDS_HUMAN in self.world.states().values()


@pytest.mark.timeout(PLAYING_TIME)
def test_charged_once_whatever_happens(rooms: Bench) -> None:
    whereabouts = rooms.whereabouts()
    run_state_machine_as_test(
        lambda: OneVisit(rooms, whereabouts),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=bool(os.environ.get("CI")),
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
