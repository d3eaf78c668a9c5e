"""The one thread that ends calls at their deadline."""

import threading
import time
from threading import Event

from funnel.crm.watchdog import Watchdog

NEVER, SOON = 3600.0, 0.05  # seconds
PATIENCE = 30.0


class Call:
    def __init__(self) -> None:
        self.is_over = False
        self.looked_at, self.ended = Event(), Event()

    @property
    def landed(self) -> bool:
        self.looked_at.set()
        return self.is_over

    def expire(self) -> None:
        self.ended.set()


def watch(watchdog: Watchdog, call: Call, seconds: float) -> None:
    watchdog.watch(time.monotonic() + seconds, call)


def test_a_call_that_began_later_and_is_due_sooner_is_ended_first() -> None:
    watchdog, patient, hasty = Watchdog(), Call(), Call()
    watch(watchdog, patient, NEVER)
    assert patient.looked_at.wait(PATIENCE), "so that the thread waits for this one"
    watch(watchdog, hasty, SOON)
    assert hasty.ended.wait(PATIENCE)
    assert not patient.ended.is_set()
    patient.is_over = True
    watch(watchdog, Call(), SOON)  # with which the thread ends


def test_its_thread_ends_with_the_last_call_and_a_later_one_is_watched_again() -> None:
    watchdog, others = Watchdog(), set(threading.enumerate())
    for _ in range(2):
        watch(watchdog, call := Call(), SOON)
        (thread,) = set(threading.enumerate()) - others
        assert call.ended.wait(PATIENCE)
        thread.join(PATIENCE)
        assert not thread.is_alive()
