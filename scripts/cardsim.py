"""Card testing, in a model of hours and for real: how much of it reaches the CRM, and how many honest are kept out.

PYTHONPATH=.:tests .venv/bin/python scripts/cardsim.py            the model, in seconds
PYTHONPATH=.:tests .venv/bin/python scripts/cardsim.py --live     10,000 pay buttons pressed in 1,000 forged visits
"""

import argparse
import random
import sys
import tempfile
from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from pathlib import Path

from carders import attack
from processes import Installation

from funnel.tries import ALARM_TIME, ALARMED_SHARE, HOUR, STILL_ALARMED, Limits

DAY = 24 * HOUR
ORDERS = 2000  # honest ones in a day
SHARED = 0.3  # of the shoppers, behind one of so many addresses of mobile carriers:
CARRIERS = 40
DECLINED = 0.12  # of honest cards; who is declined tries again, twice at most
STOLEN_GOOD = 0.02  # of stolen cards
PER_SECOND = 5
VISIT_DECLINES = 5


@dataclass(frozen=True)
class Attack:
    """So many addresses, five in each network. `solved` is the share of challenges that bots pass; None: none."""

    name: str
    addresses: int
    hours: float = 6
    solved: float | None = None


ATTACKS = (
    Attack("nobody attacks", 0),
    Attack("one address", 1),
    Attack("500 addresses", 500),
    Attack("5,000 addresses", 5000),
    Attack("5,000, challenge never passed", 5000, solved=0),
    Attack("5,000, challenge passed by 1 in 5", 5000, solved=0.2),
)


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


@dataclass
class Shop:
    """The rules of funnel/tries.py, in memory."""

    limits: Limits
    challenge: bool
    declines: dict[str, Window] = field(default_factory=lambda: defaultdict(lambda: Window(HOUR)))
    hour: Window = field(default_factory=lambda: Window(HOUR))
    lately: Window = field(default_factory=lambda: Window(ALARM_TIME))
    sent: Window = field(default_factory=lambda: Window(HOUR))

    def takes(self, now: float, address: str, network: str, *, solves: bool) -> bool:
        limits = self.limits
        alarmed = self.lately.count(now) >= limits.alarm or self.hour.count(now) >= limits.alarm * STILL_ALARMED
        share = ALARMED_SHARE if alarmed and limits.wary else 1
        from_address, from_network = self.declines[address].count(now), self.declines[network].count(now)
        if from_address >= -(-limits.address // share) or from_network >= -(-limits.network // share):
            return False
        if self.hour.count(now) >= limits.shop or (limits.charges and self.sent.count(now) >= limits.charges):
            return False
        suspect = alarmed or from_address * 2 >= limits.address or from_network * 2 >= limits.network
        return solves or not (suspect and self.challenge)

    def ask_crm(self, now: float, address: str, network: str, *, good: bool) -> None:
        self.sent.add(now)
        if not good:
            for window in (self.declines[address], self.declines[network], self.hour, self.lately):
                window.add(now)


@dataclass
class Result:
    tried: int = 0
    reached: int = 0
    shoppers: int = 0
    kept_out: int = 0


def simulate(attack: Attack, limits: Limits, *, seed: int = 1) -> Result:
    """A day; the attack begins in its sixth hour."""
    dice = random.Random(seed)  # noqa: S311  (a model)
    challenge = attack.solved is not None
    shop, result = Shop(replace(limits, wary=not challenge), challenge), Result()
    begins = 6 * HOUR
    honest = [(dice.uniform(0, DAY), "honest") for _ in range(ORDERS)]
    hostile = (
        [(begins + n / PER_SECOND, "hostile") for n in range(int(attack.hours * HOUR * PER_SECOND))]
        if attack.addresses
        else []
    )
    for now, who in sorted(honest + hostile):
        if who == "hostile":
            _carder(shop, result, now, attack, dice)
        else:
            _shopper(shop, result, now, dice)
    return result


def _carder(shop: Shop, result: Result, now: float, attack: Attack, dice: random.Random) -> None:
    number = dice.randrange(attack.addresses)
    address, network = f"bot{number}", f"botnet{number // 5}"
    result.tried += 1
    if shop.takes(now, address, network, solves=dice.random() < (attack.solved or 0)):
        result.reached += 1
        shop.ask_crm(now, address, network, good=dice.random() < STOLEN_GOOD)


def _shopper(shop: Shop, result: Result, now: float, dice: random.Random) -> None:
    carrier = dice.randrange(CARRIERS) if dice.random() < SHARED else None
    address = f"carrier{carrier}" if carrier is not None else f"home{result.shoppers}"
    network = f"{address}/24" if carrier is None else f"carriers{carrier // 2}"
    result.shoppers += 1
    for again in range(3):
        if not shop.takes(now + 60 * again, address, network, solves=True):
            result.kept_out += 1
            return
        good = dice.random() > (DECLINED if again == 0 else 0.5)
        shop.ask_crm(now, address, network, good=good)
        if good:
            return


def table(limits: Limits) -> None:
    print(f"limits: {limits}")
    print(f"{'attack':36}{'tried':>9}{'reach CRM':>11}{'share':>8}{'honest':>8}{'kept out':>10}{'share':>8}")
    for each in ATTACKS:
        got = simulate(each, limits)
        share = f"{got.reached / got.tried:.1%}" if got.tried else "-"
        print(
            f"{each.name:36}{got.tried:>9}{got.reached:>11}{share:>8}{got.shoppers:>8}{got.kept_out:>10}"
            f"{got.kept_out / got.shoppers:>8.1%}"
        )


def live(*, visits: int, addresses: int, presses: int) -> bool:
    """Against gunicorn and the sandbox; whether the CRM heard no more than the limits allow."""
    limits = Limits()
    with tempfile.TemporaryDirectory() as folder, Installation(Path(folder), PROXY_HOPS="1") as shop:
        statuses = attack(shop.url, visits=visits, addresses=addresses, presses=presses)
        heard = len(shop.crm.calls("/order/import/"))
        broken = "Traceback" in shop.printed
    allowed = (
        min(limits.shop, addresses * limits.address) + 2 * 32
    )  # those under way at the last moment, in two workers
    print(f"pressed {sum(statuses.values())} times in {visits} visits behind {addresses} addresses: {dict(statuses)}")
    print(f"Import Order heard {heard}, allowed {allowed}; tracebacks: {broken}")
    return heard <= allowed and not broken and not any(status >= 500 for status in statuses)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--live", action="store_true")
    asked.add_argument("--visits", type=int, default=1000)
    asked.add_argument("--addresses", type=int, default=200)
    asked.add_argument("--presses", type=int, default=10)
    given = asked.parse_args()
    if given.live:
        return 0 if live(visits=given.visits, addresses=given.addresses, presses=given.presses) else 1
    table(Limits())
    print()
    table(Limits(shop=60))
    return 0


if __name__ == "__main__":
    sys.exit(main())
