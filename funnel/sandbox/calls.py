"""The calls the CRM received, oldest first, with card data and passwords masked before anything is kept."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from funnel.sandbox.cards import CARD_LENGTHS, digits_of

CALLS_KEPT = 10_000
HIDDEN = "•••"
SECRETS = (
    *("cardSecurityCode", "password", "achAccountNumber", "achRoutingNumber"),
    *("iban", "applePayToken", "googlePayToken"),
)
SHOWN_DIGITS = 4


@dataclass
class Call:
    """One call. result is the envelope's, or None without one; fault names what was played, if anything."""

    n: int
    at: float
    path: str
    method: str
    in_query: bool
    params: dict[str, str]
    result: str | None = None
    text: str = ""
    fault: str | None = None

    def as_json(self) -> dict[str, Any]:
        at = datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds")
        return {**vars(self), "at": at}


class Calls:
    """A bounded log, safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Call] = deque(maxlen=CALLS_KEPT)
        self._number = 0

    def begin(self, at: float, path: str, method: str, params: Mapping[str, str], in_query: bool) -> Call:
        """Notes a call's arrival."""
        with self._lock:
            self._number += 1
            call = Call(self._number, at, path, method, in_query, masked(params))
            self._kept.append(call)
            return call

    def all(self) -> list[Call]:
        with self._lock:
            return list(self._kept)


def masked(params: Mapping[str, str]) -> dict[str, str]:
    """A copy without card number, security code and password; a number repeated elsewhere goes too."""
    typed = params.get("cardNumber", "")
    shown = {name: HIDDEN if name in SECRETS else value for name, value in params.items()}
    if len(digits_of(typed)) >= min(CARD_LENGTHS):
        for form in (typed, digits_of(typed)):
            shown = {name.replace(form, HIDDEN): value.replace(form, HIDDEN) for name, value in shown.items()}
    if typed:
        shown["cardNumber"] = masked_number(digits_of(typed))
    return shown


def masked_number(digits: str) -> str:
    return "••••" + (digits[-SHOWN_DIGITS:] if len(digits) >= min(CARD_LENGTHS) else "")
