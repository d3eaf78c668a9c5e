"""One visit's charges moved step by step: the real ledger, judge, relay and charging, a faulty CRM, a simulated clock.

Every press and every question of the relay runs in a greenlet that pauses at each step, so a test chooses who moves
next. The order of the steps is charging.py's own. What is assumed of the world, and kept by it here: a charge that
the CRM carries out late is visible to Order Query before the quiet time ends, and Order Query lags less than the
read lag. A process may stand still anywhere and for any time, but not between its last look at the clock and the
first byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from greenlet import GreenletExit, greenlet
from protocol_crm import CARD, FINE, Crm, Fault, Request
from protocol_rooms import GIVE_UP, QUIET, READY, REDIRECT, SEND, Bench, pause

from funnel import steps
from funnel.attempt import ORDER, Claim, Reason, State, new_key
from funnel.basket import Basket
from funnel.charges.charge import Charge, NotReady
from funnel.charges.unresolved import Unresolved
from funnel.crm.errors import NoAnswer
from funnel.crm.replies import OrderReply, RedirectReply
from funnel.outbox.breaker import Breaker
from funnel.outbox.outbox import Outbox
from funnel.outbox.relay import Relay
from funnel.visits.attribution import Arrival
from funnel.visits.visit import Visit
from funnel.whereabouts import Whereabouts

STALL = 15.0  # seconds that may pass between mark_sent and the first byte
PAGES = ("presell", "lead", "checkout", "upsell1", "upsell2", "thank-you")
PAUSES = (3.0, 100.0, QUIET, REDIRECT, REDIRECT, GIVE_UP)  # seconds between the last sweeps, until all has ended
UPSELL_QUANTITY = {"upsell1": 1, "upsell1b": 3, "upsell2": 2}

STATES = "SELECT key, state FROM attempts WHERE visit_id = ?"
ROWS = "SELECT * FROM attempts WHERE visit_id = ?"
TIMES_AND_STATES = (
    "SELECT key, state, reason, baseline, order_id IS NULL, asked, lease_until, sent_at, settle_at, ask_at "
    "FROM attempts WHERE visit_id = ? ORDER BY created_at, rowid"
)
WORDS = 6  # of its columns; the rest are times
LEAVE = "DELETE FROM attempts WHERE visit_id = ?"


class Broken(AssertionError):
    """An invariant does not hold."""


class Press:
    """One press of a pay button. `step` says what it does next: begin, ready, mark_sent, send, reply, settle."""

    def __init__(self, world: World, slot: str, key: str, fault: Callable[[], Fault]) -> None:
        self._world = world
        self.slot = slot
        self.key = key
        self._fault = fault
        self.claim: Claim | None = None
        self.step: str | None = "begin"
        self.met: Fault | None = None
        self._moved: list[float] = []
        self._greenlet = greenlet(self._run)

    def move(self) -> None:
        self._moved.append(self._world.bench.clock())
        self.step = self._greenlet.switch()

    def stands(self) -> tuple[object, ...]:
        """Where it is in its code, and all that it has in its hands there; of an ended one nothing matters."""
        if self.step is None:
            return ()
        now = self._world.bench.clock()
        mine = self.claim and self.claim.mine
        return (self.slot, self.step, self.met, mine, *(round(now - moved, 3) for moved in self._moved))

    def die(self) -> None:
        """The process that served it is gone, wherever it stood."""
        self._greenlet.throw(GreenletExit)
        self.step = None

    def _run(self) -> None:
        bench = self._world.bench
        lease = READY + STALL
        basket = self._world.basket(self.slot)
        self.claim = bench.attempts.claim(self.key, self._world.visit_id, self.slot, basket, lease=lease)
        if self.claim.attempt and self.claim.mine:
            charge = Charge(self.key, self._world.visit_id, self.slot, basket, self._make_ready, self._send)
            bench.charging._make(charge, self.claim.attempt)
            self._go_to_the_bank()

    def _make_ready(self) -> str:
        pause("ready")
        if not (fault := self._fault()).ready:
            self.met = fault
            raise NotReady(Reason.UNREACHABLE)
        self.met, self._fault = fault, lambda: fault
        return self._world.order_id

    def _send(self, order_id: str) -> OrderReply | RedirectReply:
        fault, began = self._fault(), self._world.bench.clock()
        request = Request(order_id, self.slot, self.key, self._world.basket(self.slot))
        if not fault.at_bank:
            self._world.crm.take(request, fault)
        pause("reply")
        return self._answer(request, fault, began)

    def _go_to_the_bank(self) -> None:
        if self._world.states()[self.key] is State.AWAIT_REDIRECT:
            basket = self._world.basket(self.slot)
            self._world.crm.take(Request(self._world.order_id, self.slot, self.key, basket), self._fault())

    def _answer(self, request: Request, fault: Fault, began: float) -> OrderReply | RedirectReply:
        """The clock moves to when the answer comes; after the deadline nobody listens for it."""
        clock = self._world.bench.clock
        if clock() > began + SEND:
            raise NoAnswer("deadline")
        clock.now = max(clock.now, began + fault.takes)
        return fault.answer(request)


class Return(Press):
    """A tab that is back from PayPal, and sends the second call of the press with this key."""

    def _run(self) -> None:
        bench = self._world.bench
        mine = bench.attempts.resume(self.key, lease=SEND + STALL)
        attempt = bench.attempts.find(self.key)
        self.claim = Claim(attempt, mine)
        if mine and attempt:
            self.met = fault = self._fault()
            self._fault = lambda: fault
            basket = self._world.basket(self.slot)
            charge = Charge(self.key, self._world.visit_id, self.slot, basket, self._make_ready, self._send)
            bench.charging._send(charge, attempt)
            self._go_to_the_bank()


class World:
    """One visit, its presses, the relay and the CRM."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.visit_id = new_key()
        self.order_id = f"ORDER-{self.visit_id}"
        self.crm = Crm(bench.clock)
        self.presses: list[Press] = []
        self._told_free: set[str] = set()
        self._on_the_roads: object = None
        self._question: greenlet | None = None
        self._asked: tuple[object, ...] = ()
        self._relay = Relay(
            store=bench.store,
            outbox=Outbox(bench.store),
            tidy=lambda: None,
            attempts=bench.attempts,
            unresolved=Unresolved(bench.store),
            delivery=None,  # type: ignore[arg-type]  # nothing is owed here
            client=self.crm,  # type: ignore[arg-type]
            breaker=Breaker(bench.store, when_back=Outbox(bench.store).hasten),
            campaign_id=1,
            judge=bench.judge,
            deadline=READY,
            quiet_time=QUIET,
        )

    def basket(self, slot: str) -> Basket:
        """The same product in every slot, so that Order Query's quantities are as ambiguous as can be."""
        return Basket(lines=(self.bench.lamp.model_copy(update={"quantity": UPSELL_QUANTITY.get(slot, 1)}),))

    def press(self, slot: str, fault: Callable[[], Fault], *, key: str | None = None) -> Press:
        self.presses.append(Press(self, slot, key or new_key(), fault))
        return self.presses[-1]

    def come_back(self, key: str, fault: Callable[[], Fault]) -> Press:
        """From PayPal, in one more tab, with the agreement to what a press asked for."""
        slot = next(press.slot for press in self.presses if press.key == key)
        self.presses.append(Return(self, slot, key, fault))
        return self.presses[-1]

    def cancel(self, key: str) -> None:
        """The shopper comes back from PayPal without having agreed."""
        self.bench.attempts.cancel(key)

    def finish(self, press: Press) -> None:
        while press.step:
            press.move()

    def states(self) -> dict[str, State]:
        """What the ledger says, by key."""
        return {key: State(state) for key, state in self._look(STATES)}

    def pass_time(self, seconds: float) -> None:
        self.bench.clock.now += seconds

    def ask(self) -> None:
        """The relay sweeps and asks; the first answer is on its way back and not yet written down."""
        self.hear()
        self._asked = (self.bench.clock(), self._ledger(), self._known_to_the_crm(), self.crm.lag)
        self._question = greenlet(self._relay.run_once)
        self._question.switch()

    def hear(self) -> None:
        """The relay's question, and all that it still has to ask, comes to its end."""
        while self._question:
            self._question.switch()
        self._question = None

    def relay_dies(self) -> None:
        if self._question:
            self._question.throw(GreenletExit)
        self._question = None

    def sweep(self) -> None:
        self.ask()
        self.hear()

    def snapshot(self) -> tuple[object, ...]:
        """All that the future depends on: where two ways lead to the same snapshot, what follows is the same.

        Times are told from now. What a press has in its hands follows from where it is, what it met and when it
        moved; what the relay heard follows from what there was to hear when it asked.
        """
        now = self.bench.clock()
        asked = (now - self._asked[0], *self._asked[1:]) if self._question else None  # type: ignore[operator]
        presses = tuple(press.stands() for press in self.presses)
        told = frozenset(self._names(self._told_free))
        return (presses, self._ledger(), self._known_to_the_crm(), self.crm.lag, self.crm.away, told, asked)

    def _ledger(self) -> tuple[object, ...]:
        now = self.bench.clock()
        return tuple(
            (*self._names(row[:1]), *row[1:WORDS], *(at and round(at - now, 3) for at in row[WORDS:]))
            for row in self._look(TIMES_AND_STATES)
        )

    def _known_to_the_crm(self) -> tuple[object, ...]:
        now = self.bench.clock()
        return tuple(
            (round(fact.at - now, 3), *self._names([fact.request.key]), fact.charged) for fact in self.crm.facts
        )

    def _names(self, keys: Iterable[str]) -> list[int]:
        """The presses' numbers, for their keys are random."""
        numbers = {press.key: number for number, press in enumerate(self.presses)}
        return [numbers[key] for key in keys]

    def check(self) -> dict[str, State]:
        """What must hold at every moment; what the ledger says."""
        charged = self.crm.charges(self.order_id)
        slots = Counter(request.slot for request in charged)
        if max(slots.values(), default=0) > 1:
            raise Broken(f"charged more than once: {slots}")
        states, paid = self.states(), {request.key for request in charged}
        self._told_free |= {key for key, state in states.items() if state in (State.DECLINED, State.NOT_CHARGED)}
        if self._told_free & paid:
            raise Broken("said to be not charged, and charged")
        if {key for key, state in states.items() if state is State.CHARGED} - paid:
            raise Broken("said to be charged, and not charged")
        return states

    def check_the_roads(self, whereabouts: Whereabouts) -> None:
        """Who has paid never meets a pay button again, and behind the last offer there is the receipt."""
        standing = (self.states(), len(self.crm.charges(self.order_id)))
        if standing == self._on_the_roads:
            return
        self._on_the_roads = standing
        progress = whereabouts.of(Visit(self.visit_id, Arrival("", "", "", ""), stored=True))
        paid = any(request.slot == ORDER for request in self.crm.charges(self.order_id))
        here = steps.current(progress)
        if paid and (here == "checkout" or not steps.detour(PAGES, "checkout", progress, fresh=False)):
            raise Broken("paid, and a pay button is shown")
        decided = replace(progress, decided=progress.decided | UPSELL_QUANTITY.keys(), next_offer=None)
        if progress.ordered and steps.detour(PAGES, "thank-you", decided, fresh=False):
            raise Broken("paid, and led away from the receipt")

    def end(self) -> None:
        """Every press comes to its end, the sweeps go on, and then the books must balance."""
        for press in self.presses:
            self.finish(press)
        self.hear()
        for seconds in PAUSES:
            if not any(state.in_flight for state in self.check().values()):
                break
            self.pass_time(seconds)
            self.sweep()
        self.pass_time(REDIRECT)  # whatever the CRM still has in its queue happens
        self._balance(self.check())

    def leave(self) -> None:
        """Nothing of this visit stays in the store."""
        self.relay_dies()
        for press in self.presses:
            press.die()
        self._look(LEAVE)

    def _balance(self, states: dict[str, State]) -> None:
        if any(state.in_flight for state in states.values()):
            raise Broken(f"an attempt that never ends: {states}")
        booked = {key for key, state in states.items() if state is State.CHARGED}
        with_a_human = {key for key, state in states.items() if state is State.NEEDS_HUMAN}
        paid = {request.key for request in self.crm.charges(self.order_id)}
        if booked != paid - with_a_human:
            raise Broken(f"the books say {len(booked)} charges, the CRM {len(paid)}")
        if CARD in repr(self._look(ROWS)):
            raise Broken("a card number was written down")

    def _look(self, statement: str) -> list[Any]:
        return self.bench.looks.execute(statement, (self.visit_id,)).fetchall()


def pay_the_order(world: World) -> None:
    """As it must be before any upsell."""
    world.finish(world.press(ORDER, lambda: FINE))
