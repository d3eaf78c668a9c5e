"""Misbehaviour on demand: which calls are to go wrong, how, and how often."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

Number = TypeVar("Number", int, float)
ANY_PATH = "*"
MOST_SECONDS = 600.0
MOST_TIMES = 1_000_000

KINDS = {
    "refuse": "Connection closed at once, before the call is read. Not processed.",
    "drop": "Call read, connection closed without an answer. Not processed.",
    "process_then_drop": "Processed, then closed without an answer.",
    "process_late": "No answer; processed after so many seconds, whether the caller waits or not.",
    "hang": "No answer until the caller leaves, or for so many seconds. Not processed.",
    "500": "HTTP 500 with an HTML page. Not processed.",
    "html": "Processed, answered with an HTML page.",
    "truncated": "Processed, but the JSON breaks off half way.",
    "unknown_error": "An ERROR whose text nobody knows. Not processed.",
    "decline": "An ERROR that says that the payment was declined. Not processed.",
    "latency": "Processed and answered as usual, so many seconds later.",
}
PROCESSED = ("process_then_drop", "process_late", "html", "truncated", "latency")


@dataclass(frozen=True)
class Fault:
    """What goes wrong at the next `times` calls of a path (0: until cleared). The path ends in / or is *."""

    path: str
    kind: str
    times: int = 1
    seconds: float = 0.0

    @property
    def processed(self) -> bool:
        """Whether the call has its effect all the same."""
        return self.kind in PROCESSED


class Faults:
    """The faults waiting to be played, safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def all(self) -> list[Fault]:
        with self._lock:
            return list(self._waiting)

    def take(self, path: str) -> Fault | None:
        """The fault this call meets: the oldest that fits, used up by one."""
        with self._lock:
            fault = next((each for each in self._waiting if each.path in (ANY_PATH, path)), None)
            if fault:
                self._use(fault)
            return fault

    def _use(self, fault: Fault) -> None:
        at = self._waiting.index(fault)
        if fault.times > 1:
            self._waiting[at] = replace(fault, times=fault.times - 1)
        elif fault.times == 1:
            del self._waiting[at]


def read_fault(given: Mapping[str, object]) -> Fault:
    """A fault as it was posted. Raises ValueError, in words."""
    unknown = set(given) - {"path", "kind", "times", "seconds"}
    if unknown:
        raise ValueError(f"a fault has path, kind, times and seconds, not {', '.join(sorted(unknown))}")
    kind = str(given.get("kind", ""))
    if kind not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}, not {kind!r}")
    return Fault(
        path=with_slashes(str(given.get("path") or ANY_PATH)),
        kind=kind,
        times=bounded("times", given.get("times", 1), int, MOST_TIMES),
        seconds=bounded("seconds", given.get("seconds") or 0, float, MOST_SECONDS),
    )


def with_slashes(path: str) -> str:
    return path if path == ANY_PATH else f"/{path.strip('/')}/"


def bounded(name: str, value: object, kind: Callable[[str], Number], most: float) -> Number:
    try:
        read = kind(str(value))
    except ValueError:
        raise ValueError(f"{name} is a number, not {value!r}") from None
    if not 0 <= read <= most:
        raise ValueError(f"{name} is from 0 to {most:g}, not {value!r}")
    return read
