"""One thread for all calls of a process, which ends those that outlive their deadline."""

import time
from heapq import heappop, heappush
from itertools import count
from threading import Condition, Thread
from typing import Protocol


class Watched(Protocol):
    @property
    def landed(self) -> bool:
        """Whether it is over, and nothing is left to be ended."""

    def expire(self) -> None:
        """End it now. It neither waits nor raises, and does nothing to what has landed."""


class Watchdog:
    """Its thread begins with the first call and ends when none is left. A thread for each call took its tenth of the
    work of a delivery."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._watched: list[tuple[float, int, Watched]] = []
        self._numbers = count()
        self._thread: Thread | None = None

    def watch(self, until: float, call: Watched) -> None:
        """`until` is a time of the monotonic clock. Raises RuntimeError where no thread can be had."""
        with self._changed:
            heappush(self._watched, (until, next(self._numbers), call))
            if self._thread is None or not self._thread.is_alive():
                thread = Thread(target=self._run, name="watchdog", daemon=True)
                thread.start()
                self._thread = thread
            elif self._watched[0][2] is call:
                self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while self._watched:
                until, _, call = self._watched[0]
                left = until - time.monotonic()
                if call.landed or left <= 0:
                    heappop(self._watched)
                    call.expire()
                else:
                    self._changed.wait(left)
            self._thread = None
