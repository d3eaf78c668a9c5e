"""How long it takes until a charge is known again: its answer was lost, or the process that made it was killed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import cycle

import requests
from conftest import eventually
from impatient import LOST_ANSWERS
from processes import Installation
from shopper import Shopper

from funnel.attempt import State

HANDS = 2  # so few that the funnel is not what is waited for
SLOW_CARD = "4000 0000 0000 0259"

Shoppers = Mapping[str, Shopper]  # by e-mail address


def lose_answers(shoppers: Shoppers) -> None:
    """Each pays, and the CRM charges and does not say so."""

    def pay(email: str, card: str) -> None:
        with shoppers[email] as shopper:
            shopper.leave_lead(emailAddress=email)
            shopper.pay(cardNumber=card)

    with ThreadPoolExecutor(HANDS) as hands:
        list(hands.map(pay, shoppers, cycle(LOST_ANSWERS)))


def kill_during(installation: Installation, shoppers: Shoppers, *, slow: float) -> float:
    """Kill the web server while the CRM charges them, for which it takes `slow` seconds; the moment after it."""
    installation.crm.switch(slow_seconds=slow)
    for email, shopper in shoppers.items():
        shopper.leave_lead(emailAddress=email)

    def pay(shopper: Shopper) -> None:
        with suppress(requests.RequestException), shopper:
            shopper.pay(cardNumber=SLOW_CARD)

    with ThreadPoolExecutor(len(shoppers)) as hands:
        pressed = hands.map(pay, shoppers.values())
        eventually(lambda: _under_way(installation, shoppers, slow=slow))
        installation.kill("web")
        killed_at = time.time()  # nothing is recovered before a lease has passed, which is later by far
        list(pressed)
    installation.start("web")
    return killed_at


def _under_way(installation: Installation, shoppers: Shoppers, *, slow: float) -> bool:
    """Whether all have been sent; or the first one half through, where the machine is too busy for all at once."""
    entries = [entry for entry in installation.books.entries() if entry.email in shoppers]
    sent = [entry.sent_at for entry in entries if entry.state is State.SENT and entry.sent_at]
    return len(sent) == len(shoppers) or (bool(sent) and time.time() - min(sent) > slow / 2)


def until_charged(installation: Installation, shoppers: Shoppers, *, after: float = 0.0) -> list[float]:
    """Seconds from sending to CHARGED, of the charges that were known later than the moment `after`."""
    return [
        entry.settled_at - entry.sent_at
        for entry in installation.books.entries()
        if entry.email in shoppers and entry.state is State.CHARGED and entry.sent_at and entry.settled_at
        if entry.settled_at > after
    ]
