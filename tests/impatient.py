"""Impatient shoppers: they double-click, use two tabs, press again, and pay with cards that do something."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import requests
from shopper import ADDRESS, CARD, Form, Page, Shopper

GOOD_CARD = "4242 4242 4242 4242"
LOST_ANSWERS = ("4000 0000 0000 6009", "4000 0000 0000 6025", "4000 0000 0000 6082")
# The good card comes up most often, as in life.
CARDS = (
    *[GOOD_CARD] * 6,
    *LOST_ANSWERS,
    "4000 0000 0000 0002",
    "4000 0000 0000 0069",
    "4000 0000 0000 0259",
    "4000 0000 0000 0341",
    "4000 0000 0000 4954",
    "4000 0000 0000 6017",
    "4000 0000 0000 6033",
    "4000 0000 0000 6041",
    "4000 0000 0000 6058",
    "4000 0000 0000 6066",
    "4000 0000 0000 6074",
    "4000 0000 0000 6090",
)
HABITS = ("once", "double-click", "two tabs", "again")
MOST_TRIES = 3  # of one shopper at one button
LEAVES = 0.3  # of those who may
GLANCE = 0.5  # seconds between two looks at the confirming page
PATIENCE = 15.0  # seconds a shopper waits there, or tries to get through
NOT_CHARGED = "not been charged"
NOT_ADDED = re.compile(r"We could not add (.+?), so you were not charged for it")
ORDER_NUMBER = re.compile(r"Order number (\S+)")
MOST_OFFERS = 4
Seen = TypeVar("Seen")


class Stopped(Exception):
    """The shopper could not get through, or the chaos is over."""


def come_back(shopper: Shopper) -> str | None:
    """Later, with the same cookie, to see the receipt and buy no more; the order's number on it."""
    with shopper:
        page = shopper.get("/thank-you")
        for _ in range(MOST_OFFERS):
            if page.path.startswith("upsell/") and page.forms:
                page = shopper.submit(choice="no")
        return receipt_on(page)


def receipt_on(page: Page) -> str | None:
    """The order's number on a receipt; None where the page is no receipt."""
    found = ORDER_NUMBER.search(page.text) if page.path == "thank-you" else None
    return found.group(1) if found else None


class Visit:
    """One shopper's way through the shop, with bad habits and a card that does something."""

    def __init__(self, shopper: Shopper, email: str, dice: random.Random, stop: threading.Event) -> None:
        self.email = email
        self.left_unpaid = False
        self.told_not_added: set[str] = set()
        self.receipt: str | None = None  # the order's number, once the shopper has seen it there
        self._shopper = shopper
        self._dice = dice
        self._stop = stop

    def shop(self) -> None:
        self._insist(lambda: self._shopper.leave_lead(emailAddress=self.email))
        card = self._dice.choice(CARDS)
        for _ in range(MOST_TRIES):
            self._press("/checkout", **ADDRESS, **{**CARD, "cardNumber": card})
            page = self._wait_for_the_outcome()
            if page.path != "checkout":
                break
            if NOT_CHARGED in page.text and self._dice.random() < LEAVES:
                self.left_unpaid = True
                return
            card = GOOD_CARD
        for path in ("upsell/1", "upsell/2"):
            if self._shopper.page.path == path:
                self._press(f"/{path}", choice=self._dice.choice(("yes", "yes", "yes", "no")))
                self._look(self._insist(lambda: self._shopper.get("/thank-you")))
        self.receipt = receipt_on(self._shopper.page)

    def _press(self, path: str, **typed: str) -> None:
        page = self._insist(lambda: self._shopper.get(path))
        if page.path != path.strip("/") or not page.forms:
            return
        habit = self._dice.choice(HABITS)
        tabs = [page.form] if habit in ("once", "again") else [page.form, page.form]
        if habit == "two tabs":
            tabs[1] = self._insist(lambda: self._shopper.get(path)).form
        with ThreadPoolExecutor(len(tabs)) as hands:
            pressed = [hands.submit(self._submit, form, typed) for form in tabs]
        for press in pressed:
            press.result()
        if habit == "again":
            self._submit(page.form, typed)

    def _submit(self, form: Form, typed: dict[str, str]) -> None:
        """In a browser tab of its own: the same cookie, and again when the connection breaks."""
        with Shopper(self._shopper.url) as tab:
            tab.browser.cookies.update(self._shopper.browser.cookies.get_dict())
            tab.page = self._shopper.page
            self._look(self._insist(lambda: tab.submit(form, **typed)))

    def _look(self, page: Page) -> None:
        self.told_not_added.update(NOT_ADDED.findall(page.text))

    def _wait_for_the_outcome(self) -> Page:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            page = self._insist(lambda: self._shopper.get("/checkout/confirming"))
            if page.path != "checkout/confirming":
                return page
            self._stop.wait(GLANCE)
        raise Stopped

    def _insist(self, action: Callable[[], Seen]) -> Seen:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and not self._stop.is_set():
            try:
                return action()
            except requests.RequestException:
                self._stop.wait(GLANCE)
        raise Stopped
