"""Whether somebody has asked this process to stop."""

import signal
import time
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignal:
    """Set by the first of the usual signals.

    A handler runs in the middle of whatever the main thread does, another handler included, so this one takes no lock:
    Event.set would wait for one that the thread below it holds, and nothing would ever stop.
    """

    def __init__(self) -> None:
        self._asked = False
        for each in SIGNALS:
            signal.signal(each, self._ask)

    def is_set(self) -> bool:
        return self._asked

    def wait(self, seconds: float) -> None:
        """Seconds are short: who is asked to stop meanwhile is told at their end."""
        if not self._asked:
            time.sleep(seconds)

    def _ask(self, _signal: int, _frame: FrameType | None) -> None:
        self._asked = True
