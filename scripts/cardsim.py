"""Card testing, in a model of hours and for real: how much of it reaches the CRM, and how many honest are kept out.

PYTHONPATH=.:tests .venv/bin/python scripts/cardsim.py            the model, in seconds
PYTHONPATH=.:tests .venv/bin/python scripts/cardsim.py --live     10,000 pay buttons pressed in 1,000 forged visits
"""

import argparse
import random
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from carders import PER_NETWORK, attack
from processes import Installation

from funnel.limits.tries import HOUR, TRIED_AGAIN, Limits
from scripts.cardshop import Place, Shop

DAY = 24 * HOUR
ORDERS = 2000  # honest ones in a day
SHARED = 0.3  # of the shoppers, behind one of so many addresses of mobile carriers:
CARRIERS = 40
DECLINED = 0.12  # of honest cards; who is declined tries again, twice at most
STOLEN_GOOD = 0.02  # of stolen cards
PER_SECOND = 5


SEEDS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Attack:
    """So many addresses, so many of them in each network, which try so many cards in each visit. `solved` is the share
    of challenges that bots pass; None: there is no challenge."""

    name: str
    addresses: int
    per_network: int = 5
    per_visit: int = 1
    hours: float = 6
    solved: float | None = None


ATTACKS = (
    Attack("nobody attacks", 0),
    Attack("one address", 1),
    Attack("500 addresses", 500),
    Attack("5,000 addresses", 5000),
    Attack("5,000, five cards in a visit", 5000, per_visit=5),
    Attack("5,000, each a network of its own", 5000, per_network=1),
    Attack("5,000, challenge never passed", 5000, solved=0),
    Attack("5,000, challenge passed by 1 in 5", 5000, solved=0.2),
)


@dataclass
class Result:
    tried: int = 0
    reached: int = 0
    shoppers: int = 0
    kept_out: int = 0


def simulate(attack: Attack, limits: Limits, *, seed: int = 1) -> Result:
    """A day; the attack begins in its sixth hour."""
    dice = random.Random(seed)  # noqa: S311  (a model)
    shop, result = Shop(limits, challenge=attack.solved is not None), Result()
    begins = 6 * HOUR
    honest = [(dice.uniform(0, DAY), "honest") for _ in range(ORDERS)]
    hostile = (
        [(begins + n / PER_SECOND, "hostile") for n in range(int(attack.hours * HOUR * PER_SECOND))]
        if attack.addresses
        else []
    )
    pressed: Counter[int] = Counter()
    for now, who in sorted(honest + hostile):
        if who == "hostile":
            _carder(shop, result, now, attack, pressed, dice)
        else:
            _shopper(shop, result, now, dice)
    return result


def _carder(shop: Shop, result: Result, now: float, attack: Attack, pressed: Counter[int], dice: random.Random) -> None:
    number = dice.randrange(attack.addresses)
    visit = f"bot{number}, visit {pressed[number] // attack.per_visit}"
    place = Place(f"bot{number}", f"botnet{number // attack.per_network}", visit)
    pressed[number] += 1
    result.tried += 1
    if shop.takes(now, place, solves=dice.random() < (attack.solved or 0)):
        result.reached += 1
        shop.ask_crm(now, place, good=dice.random() < STOLEN_GOOD)


def _shopper(shop: Shop, result: Result, now: float, dice: random.Random) -> None:
    carrier = dice.randrange(CARRIERS) if dice.random() < SHARED else None
    address = f"carrier{carrier}" if carrier is not None else f"home{result.shoppers}"
    network = f"{address}/24" if carrier is None else f"carriers{carrier // 2}"
    place = Place(address, network, f"shopper{result.shoppers}")
    result.shoppers += 1
    for again in range(3):
        if not shop.takes(now, place):
            result.kept_out += 1
            return
        good = dice.random() > (DECLINED if again == 0 else 0.5)
        shop.ask_crm(now, place, good=good)
        if good:
            return


def table(limits: Limits) -> None:
    """The worst of several days."""
    print(f"limits: {limits}; the worst of seeds {SEEDS}")
    print(f"{'attack':36}{'tried':>9}{'reach CRM':>11}{'share':>8}{'honest':>8}{'kept out':>10}{'share':>8}")
    for each in ATTACKS:
        days = [simulate(each, limits, seed=seed) for seed in SEEDS]
        tried, shoppers = days[0].tried, days[0].shoppers
        reached, kept_out = max(day.reached for day in days), max(day.kept_out for day in days)
        share = f"{reached / tried:.1%}" if tried else "-"
        print(f"{each.name:36}{tried:>9}{reached:>11}{share:>8}{shoppers:>8}{kept_out:>10}{kept_out / shoppers:>8.1%}")


def live(*, visits: int, addresses: int, presses: int) -> bool:
    """Against gunicorn and the sandbox; whether the CRM heard no more than the limits allow."""
    limits = Limits()
    with tempfile.TemporaryDirectory() as folder, Installation(Path(folder), PROXY_HOPS="1") as shop:
        statuses = attack(shop.url, visits=visits, addresses=addresses, presses=presses)
        heard = len(shop.crm.calls("/order/import/"))
        broken = "Traceback" in shop.printed
    under_way = 2 * 32  # at the last moment, in two workers
    second_tries = limits.alarm * TRIED_AGAIN
    one_each = limits.alarm + -(-addresses // PER_NETWORK) + second_tries
    allowed = min(limits.shop, addresses * limits.address, one_each) + under_way
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
