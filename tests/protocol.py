"""One visit's charges moved step by step: the real ledger, judge, relay and charging, a faulty CRM, a simulated clock.

Every press and every question of the relay runs in a greenlet that pauses at each step, so a test chooses who moves
next. The order of the steps is charging.py's own. What is assumed of the world, and kept by it here: a charge that
the CRM carries out late is visible to Order Query before the quiet time ends, and Order Query lags less than the
read lag. A process may stand still anywhere and for any time, but not between its last look at the clock and the
first byte.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from greenlet import GreenletExit, getcurrent, greenlet

from config import load_settings
from funnel import steps
from funnel.attempt import ORDER, By, Claim, Reason, State, Verdict, new_key
from funnel.attempts import Attempts
from funnel.attribution import Arrival
from funnel.basket import Basket, Line
from funnel.breaker import Breaker
from funnel.charge import Charge, Deadlines, NotReady
from funnel.charging import Charging
from funnel.crm import errors
from funnel.crm.calls import OrderQuery
from funnel.crm.errors import CrmError, Garbled, NoAnswer, NotSent, Refused
from funnel.crm.replies import OrderItem, OrderReply, RedirectReply
from funnel.judge import Judge
from funnel.outbox import Outbox
from funnel.relay import Relay
from funnel.store import Store
from funnel.unresolved import Unresolved
from funnel.visit import Visit
from funnel.whereabouts import Whereabouts

HERE = Path(__file__).parent
MEMORY = Path("/dev/shm")  # noqa: S108  # files that are never written to a disk, where the system has such a place
QUIET, LAG, REDIRECT, GIVE_UP = 900.0, 30.0, 3600.0, 86400.0  # seconds
READY, SEND = 10.0, 60.0  # seconds: the deadlines of making ready and of the call
LATEST = QUIET - LAG - 30.0  # seconds after sending at which the CRM may still carry a charge out
LONGEST_LAG = LAG - 1.0  # seconds Order Query may lag behind
STALL = 15.0  # seconds that may pass between mark_sent and the first byte
DECLINE_LIMIT = 3
PAGES = ("presell", "lead", "checkout", "upsell1", "upsell2", "thank-you")
PAUSES = (3.0, 100.0, QUIET, REDIRECT, REDIRECT, GIVE_UP)  # seconds between the last sweeps, until all has ended
CARD = "4539578763621486"
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


@dataclass(frozen=True)
class Fault:
    """What the CRM does with one charge. `charged_after` and `takes` are seconds; None: it takes no money."""

    name: str
    answer: Callable[[Request], OrderReply | RedirectReply]
    charged_after: float | None = None
    declines: bool = False
    takes: float = 0.0
    ready: bool = True
    at_bank: bool = False  # the money moves only for a shopper who was led there, so counted from then

    def __repr__(self) -> str:
        return self.name


class Request(NamedTuple):
    """One charge as it reaches the CRM; `key` tells our tests which press it was."""

    order_id: str
    slot: str
    key: str
    basket: Basket


class Fact(NamedTuple):
    """Something that happened to an order at the CRM: a charge, or a decline."""

    at: float
    request: Request
    charged: bool


def _order(order_id: str, status: str, items: Sequence[tuple[int, int]] = ()) -> OrderReply:
    lines = [OrderItem(str(product), None, qty, None, None, None, None, None) for product, qty in items]
    return OrderReply(
        orderId=order_id,
        orderStatus=status,
        reviewStatus=None,
        customerId=None,
        dateCreated=None,
        currencyCode="USD",
        totalAmount=Decimal("1.00"),
        subTotal=None,
        shipTotal=None,
        taxTotal=None,
        totalDiscount=None,
        salesTax=None,
        items=tuple(lines),
        paypalUrl=None,
        paypalSdkParams=None,
        gatewayUrl=None,
        gatewaySdkParams=None,
    )


def _raising(error: CrmError) -> Callable[[Request], OrderReply]:
    def answer(_: Request) -> OrderReply:
        raise error

    return answer


def _refused(kind: errors.Kind, **fields: str) -> Callable[[Request], OrderReply]:
    return _raising(Refused(kind, f"Not this one: {CARD}", fields))


def _success(request: Request) -> OrderReply:
    return _order(request.order_id, "COMPLETE")


def _foreign(_: Request) -> OrderReply:
    return _order("SOMEBODY-ELSES", "COMPLETE")


def _partial(request: Request) -> OrderReply:
    return _order(request.order_id, "PARTIAL")


def _redirect(_: Request) -> RedirectReply:
    return RedirectReply(url="https://bank.example/", script=None)


def _to_paypal(request: Request) -> OrderReply:
    return replace(_partial(request), paypalUrl="https://paypal.example/")


SILENCE, DEADLINE = _raising(NoAnswer("ConnectionResetError")), _raising(NoAnswer("deadline"))
FINE = Fault("fine", _success, 0.0)
NOT_READY = Fault("the lead fails, so it is never sent", SILENCE, ready=False)
PAYPAL = Fault("PayPal's legacy page, where nothing is charged", _to_paypal)
FAULTS = (
    FINE,
    PAYPAL,
    Fault("slow, yet answered", _success, 50.0, takes=50.0),
    Fault("connection refused", _raising(NotSent("ConnectionRefusedError"))),
    Fault("dropped before processing", SILENCE),
    Fault("processed, then dropped", SILENCE, 0.0),
    Fault("dropped, processed ten minutes late", SILENCE, 600.0),
    Fault("hangs, never processed", DEADLINE, takes=SEND),
    Fault("hangs, processed at the latest", DEADLINE, LATEST, takes=SEND),
    Fault("declined", _refused(errors.Kind.DECLINED), declines=True),
    Fault("declined, then dropped", SILENCE, declines=True),
    Fault("fields refused", _refused(errors.Kind.INVALID, cardNumber=f"{CARD} is invalid")),
    Fault("garbled, processed", _raising(Garbled("html")), 0.0),
    Fault("garbled, not processed", _raising(Garbled("html"))),
    Fault("500, processed five minutes late", _raising(Garbled("500", answered=False)), 300.0),
    Fault("unknown ERROR, processed", _refused(errors.Kind.UNKNOWN), 0.0),
    Fault("unknown ERROR, not processed", _refused(errors.Kind.UNKNOWN)),
    Fault("another order's success, processed", _foreign, 0.0),
    Fault("success that is still PARTIAL", _partial),
    Fault("a bank's challenge, passed half an hour later", _redirect, 1800.0, at_bank=True),
)


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Crm:
    """Takes money as its faults say, counts it, and answers Order Query, `lag` seconds behind."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.facts: list[Fact] = []
        self.lag = 0.0
        self.away = False

    def take(self, request: Request, fault: Fault) -> None:
        if fault.charged_after is not None:
            self.facts.append(Fact(self._clock() + fault.charged_after, request, charged=True))
        elif fault.declines:
            self.facts.append(Fact(self._clock(), request, charged=False))

    def charges(self, order_id: str, *, until: float | None = None) -> list[Request]:
        """What was charged to an order by now, or will have been by a moment to come."""
        return [fact.request for fact in self._known(order_id, until or self._clock()) if fact.charged]

    def order_query(self, call: OrderQuery, *, deadline: float) -> tuple[OrderReply, ...]:
        if self.away:
            raise NoAnswer("deadline")
        then = self._clock() - self.lag
        charged = self.charges(call.orderId, until=then)
        declined = len(self._known(call.orderId, then)) > len(charged)
        if any(request.slot == ORDER for request in charged):
            status = "COMPLETE"
        else:
            status = "DECLINED" if declined else "PARTIAL"
        items = Counter[int]()
        for line in (line for request in charged for line in request.basket.lines):
            items[line.productId] += line.quantity
        answer = (_order(call.orderId, status, list(items.items())),)
        pause("answered")
        return answer

    def _known(self, order_id: str, until: float) -> list[Fact]:
        return [fact for fact in self.facts if fact.request.order_id == order_id and fact.at <= until]


def pause(step: str) -> None:
    """Let the test choose who moves next; nothing where nobody chooses."""
    if (parent := getcurrent().parent) is not None:
        parent.switch(step)


class SteppedAttempts(Attempts):
    """The real ledger, with a pause before each commit of the charge."""

    def mark_sent(self, key: str, order_id: str, *, lease: float) -> bool:
        pause("mark_sent")
        marked = super().mark_sent(key, order_id, lease=lease)
        pause("send")
        return marked

    def resume(self, key: str, *, lease: float) -> bool:
        pause("resume")
        resumed = super().resume(key, lease=lease)
        pause("send")
        return resumed

    def settle(
        self, key: str, verdict: Verdict, *, by: By, seen: Sequence[State], settle_at: float | None = None
    ) -> bool:
        pause("settle")
        return super().settle(key, verdict, by=by, seen=seen, settle_at=settle_at)


@dataclass(frozen=True)
class Bench:
    """The rooms that all cases share."""

    clock: Clock
    store: Store
    attempts: SteppedAttempts
    charging: Charging
    judge: Judge
    lamp: Line
    directory: Path
    looks: sqlite3.Connection  # past the code under test, and faster than it: the books are read after every step

    def whereabouts(self) -> Whereabouts:
        settings = load_settings({"FUNNEL_FILE": str(HERE / "funnel.toml")}, root=self.directory)
        return Whereabouts(
            store=self.store,
            attempts=self.attempts,
            campaign=settings.campaign,
            upsell_window=settings.timing.upsell_window,
        )


@contextmanager
def bench() -> Iterator[Bench]:
    """The rooms over a store in a file of their own."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as directory:
        clock = Clock()
        store = Store(f"sqlite:///{directory}/protocol.db", clock=clock)
        store.prepare()
        attempts = SteppedAttempts(store, decline_limit=DECLINE_LIMIT)
        judge = Judge(quiet_time=QUIET, read_lag=LAG, redirect_time=REDIRECT, give_up=GIVE_UP)
        charging = Charging(
            attempts=attempts,
            judge=judge,
            deadlines=Deadlines(ready=READY, send=SEND, wait=0.0),
            seats=1,
            clock=clock,
            crm_is_down=lambda: False,
        )
        lamp = Line(productId=101, name="Lamp", each=Decimal("49.95"), ship_each=Decimal("4.95"))
        looks = sqlite3.connect(f"{directory}/protocol.db", isolation_level=None)
        try:
            yield Bench(clock, store, attempts, charging, judge, lamp, Path(directory), looks)
        finally:
            looks.close()
            charging.drain()
            store.close()


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
