"""A shop that takes and refuses cards by the rules of funnel/limits/tries.py, in memory, for models of many hours.

tests/test_cardsim.py holds it against the real ones.
"""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field

from funnel.limits.tries import ALARM_TIME, HOUR, MEMORY, STILL_ALARMED, TRIED_AGAIN, Limits

VISIT_DECLINES = 5


class Window:
    """Moments of the last seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._moments: deque[float] = deque()

    def add(self, now: float) -> None:
        self._moments.append(now)

    def count(self, now: float) -> int:
        while self._moments and self._moments[0] <= now - self._seconds:
            self._moments.popleft()
        return len(self._moments)


class Visits:
    """Declines of the last seconds, and of how many visits they are."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._declines: deque[tuple[float, str]] = deque()
        self._of = Counter[str]()

    def add(self, now: float, visit: str) -> None:
        self._declines.append((now, visit))
        self._of[visit] += 1

    def second_tries(self, now: float) -> int:
        while self._declines and self._declines[0][0] <= now - self._seconds:
            visit = self._declines.popleft()[1]
            self._of[visit] -= 1
            if not self._of[visit]:
                del self._of[visit]
        return len(self._declines) - len(self._of)


def _windows(seconds: float) -> defaultdict[str, Window]:
    return defaultdict(lambda: Window(seconds))


@dataclass(frozen=True)
class Place:
    address: str
    network: str
    visit: str


@dataclass
class Shop:
    """The rules of funnel/limits/tries.py, and the ledger's limit for a visit, in memory."""

    limits: Limits
    challenge: bool = False
    tried: Counter[str] = field(default_factory=Counter)
    in_hour: defaultdict[str, Window] = field(default_factory=lambda: _windows(HOUR))
    in_vain: defaultdict[str, Window] = field(default_factory=lambda: _windows(MEMORY))
    paid: defaultdict[str, Window] = field(default_factory=lambda: _windows(MEMORY))
    declines: Window = field(default_factory=lambda: Window(MEMORY))
    visits: Visits = field(default_factory=lambda: Visits(MEMORY))
    lately: Window = field(default_factory=lambda: Window(ALARM_TIME))
    sent: Window = field(default_factory=lambda: Window(HOUR))

    def takes(self, now: float, place: Place, *, solves: bool = True) -> bool:
        limits, declines = self.limits, self.declines.count(now)
        from_address, from_network = self.in_hour[place.address].count(now), self.in_hour[place.network].count(now)
        if self.tried[place.visit] >= VISIT_DECLINES:
            return False
        if from_address >= limits.address or from_network >= limits.network or declines >= limits.shop:
            return False
        if limits.charges and self.sent.count(now) >= limits.charges:
            return False
        alarmed = self.lately.count(now) >= limits.alarm or declines >= limits.alarm * STILL_ALARMED
        if alarmed and self._holds(now, place):
            return False
        suspect = alarmed or from_address * 2 >= limits.address or from_network * 2 >= limits.network
        return solves or not (suspect and self.challenge)

    def _holds(self, now: float, place: Place) -> bool:
        in_vain = self.in_vain[place.network].count(now)
        if self.tried[place.visit] and self.visits.second_tries(now) < self.limits.alarm * TRIED_AGAIN:
            in_vain -= self.in_vain[place.network + place.visit].count(now)
        return in_vain > (self.paid[place.network].count(now) if in_vain else 0)

    def ask_crm(self, now: float, place: Place, *, good: bool) -> None:
        self.sent.add(now)
        if good:
            self.paid[place.network].add(now)
            return
        self.visits.add(now, place.visit)
        self.tried[place.visit] += 1
        windows = (self.in_hour[place.address], self.in_hour[place.network], self.declines, self.lately)
        for window in (*windows, self.in_vain[place.network], self.in_vain[place.network + place.visit]):
            window.add(now)
