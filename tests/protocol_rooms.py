"""The rooms in which charges move step by step: the real ledger, judge and charging, over a simulated clock."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from campaigns import CAMPAIGN
from greenlet import getcurrent
from stores import Clock

from config import load_settings
from funnel.attempt import By, State, Verdict
from funnel.basket import Line
from funnel.charges.attempts import Attempts
from funnel.charges.charge import Deadlines
from funnel.charges.charging import Charging
from funnel.charges.judge import Judge
from funnel.charges.refusals import Refusals
from funnel.store.store import Store
from funnel.whereabouts import Whereabouts

MEMORY = Path("/dev/shm")  # noqa: S108  # files that are never written to a disk, where the system has such a place
QUIET, LAG, REDIRECT, GIVE_UP = 900.0, 30.0, 3600.0, 86400.0  # seconds
READY, SEND = 10.0, 60.0  # seconds: the deadlines of making ready and of the call
DECLINE_LIMIT = 3


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
        settings = load_settings({"FUNNEL_FILE": str(CAMPAIGN)}, root=self.directory)
        return Whereabouts(
            store=self.store,
            attempts=self.attempts,
            refusals=Refusals(self.store),
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
