"""Shoppers on their way to a bank or PayPal and back, without JavaScript; the sandbox plays both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import requests
from campaigns import CAMPAIGN
from conftest import Crm, eventually
from shopper import ADDRESS, PATIENCE, Page, Shopper

from funnel.attempt import Attempt
from funnel.rooms import Rooms

CONFIRM = "/transactions/confirmPaypal/"
ORDER, UPSALE = "/order/import/", "/upsale/import/"
URL_CARD, SCRIPT_CARD = "4000 0000 0000 3220", "4000 0000 0000 3063"
UPSALE_CARD, UPSALE_SCRIPT_CARD = "4000 0000 0000 3246", "4000 0000 0000 3311"  # the order is approved without a bank
# The quiet times of minutes, so short that a test can wait for them.
HASTY = {
    "FUNNEL_QUIET_TIME": "2",
    "FUNNEL_READ_LAG": "1",
    "FUNNEL_CHARGE_DEADLINE": "1.5",
    "FUNNEL_PAY_WAIT": "4",
    "FUNNEL_OWED_DEADLINE": "2",
}


def campaign_with(folder: Path, *, first: str = "", last: str = "") -> Path:
    """The tests' campaign with more lines, before its tables and after them."""
    file = folder / "campaign.toml"
    file.write_text(f"{first}\n{CAMPAIGN.read_text()}\n{last}\n")
    return file


def with_paypal(folder: Path) -> Path:
    return campaign_with(folder, first='pay_sources = ["card", "paypal"]', last="[paypal]\npaypalBillerId = 7")


def way_out(page: Page) -> str:
    """Where the hand-over page leads to: by its link, and by itself."""
    assert page.path == "away", page.path
    target = page.attributes("a", **{"class": "button"})["href"]
    assert page.headers["Refresh"].endswith(f"url={target}")
    return target


def decide(address: str, decision: str) -> requests.Response:
    return requests.post(address, data={"decision": decision}, timeout=PATIENCE, allow_redirects=False)


def to_paypal(shopper: Shopper) -> str:
    """Press the PayPal button of the checkout at hand; where PayPal is."""
    return way_out(shopper.submit(**ADDRESS, do="paypal"))


def agreed(address: str) -> str:
    """The address PayPal sends the shopper back to."""
    return decide(address, "agree").headers["Location"]


def cancelled(address: str) -> str:
    return decide(address, "cancel").headers["Location"]


def at_once(shopper: Shopper, count: int, act: Callable[[Shopper, int], Page]) -> list[Page]:
    """In so many tabs with the same cookie, all at the same moment."""
    gate, pages = threading.Barrier(count), list[Page]()
    cookies, page = shopper.browser.cookies.get_dict(), shopper.page

    def use(number: int) -> None:
        with Shopper(shopper.url) as tab:
            tab.browser.cookies.update(cookies)
            tab.page = page
            gate.wait()
            pages.append(act(tab, number))

    threads = [threading.Thread(target=use, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return pages


def waits_for(shopper: Shopper, path: str, *, within: float = 15.0) -> Page:
    """Looks at the page at hand again and again, as its Refresh does, until it leads to `path`."""
    here = shopper.page.url

    def look() -> bool:
        return shopper.get(here).path == path

    assert eventually(look, within=within), f"{path}, but it is {shopper.page.path}: {shopper.page.text}"
    return shopper.page


def ledger(rooms: Rooms, crm: Crm) -> Sequence[Attempt]:
    """The attempts of the newest order, oldest first."""
    order_id = crm.calls(ORDER)[-1]["params"]["orderId"]
    return rooms.attempts.by_order(0.0)[order_id]
