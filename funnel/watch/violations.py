"""What browsers report of a policy, in a log line each: no query, nobody's ticket, and only so many in a minute."""

import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

log = logging.getLogger("funnel.csp")

MINUTE = 60.0  # seconds
MOST_IN_A_MINUTE = 20  # in one process; one page that is broken for everybody is known after the first
MOST_AT_ONCE = 5  # of one browser's report
LONGEST = 120  # characters of an address
UNPRINTABLE = re.compile(r"[^\x21-\x7e]+")
TICKET = re.compile(r"[\w.~-]{32,}")  # a part of an address that may be signed for one shopper
# What it is called in application/csp-report, and in application/reports+json.
NAMES = {
    "page": ("document-uri", "documentURL"),
    "directive": ("effective-directive", "effectiveDirective"),
    "blocked": ("blocked-uri", "blockedURL"),
    "source": ("source-file", "sourceFile"),
    "line": ("line-number", "lineNumber"),
}


class Violations:
    """`clock` in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._minute = -1.0
        self._told = 0

    def tell(self, body: bytes) -> None:
        for told in list(_read(body))[:MOST_AT_ONCE]:
            if not self._one_more():
                return
            log.warning("csp %s", " ".join(f"{name}={value}" for name, value in told.items()))

    def _one_more(self) -> bool:
        minute = self._clock() // MINUTE
        with self._lock:
            self._told = self._told + 1 if minute == self._minute else 1
            self._minute = minute
            return self._told <= MOST_IN_A_MINUTE


def _read(body: bytes) -> Iterator[dict[str, str]]:
    """The same few facts from either format; nothing from what is neither."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return
    for each in given if isinstance(given, list) else [given]:
        if isinstance(each, dict) and isinstance(report := each.get("csp-report", each.get("body")), dict):
            yield {name: _short(_one_of(report, names)) for name, names in NAMES.items()}


def _one_of(report: dict[str, Any], names: tuple[str, ...]) -> object:
    return next((report[name] for name in names if name in report), None)


def _short(value: object) -> str:
    """An address without its query; a word as it is. Everything here is somebody else's text."""
    if not isinstance(value, str | int) or value == "":
        return "-"
    text = str(value)
    try:
        url = urlsplit(text)
    except ValueError:
        return "unreadable"
    address = url._replace(netloc=url.hostname or "", query="", fragment="").geturl()
    return UNPRINTABLE.sub("_", TICKET.sub("...", address))[:LONGEST]
