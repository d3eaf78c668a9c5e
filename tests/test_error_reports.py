"""Reports to Sentry, where somebody wants them: what failed and where arrives, and nothing of a shopper or a card."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from typing import Any

import pytest
from canary import AMEX
from conftest import served
from flask import Flask, request
from test_settings import PRODUCTION, home, mistakes

from funnel.watch import error_reports

__all__ = ["home"]

PROGRAM = """
import logging, sys
import sentry_sdk
from funnel.watch import error_reports, logs

number, code = sys.argv[2:]
logs.install("INFO", as_json=True)
error_reports.install(sys.argv[1], "production")
scope, log = sentry_sdk.get_isolation_scope(), logging.getLogger("funnel.web")
scope.set_user({"email": "jane@example.com", "ip_address": "192.0.2.1"})
scope.set_extra("form", {"cardNumber": number, "cardSecurityCode": code})
scope.set_tag("card", number)
scope.add_breadcrumb(message=f"typed {number}")
request = {"data": {"cardSecurityCode": code}, "cookies": {"funnel": "signed"}, "query_string": f"card={number}"}
scope.add_event_processor(lambda event, hint: {**event, "request": request})


def pay(cardNumber, cardSecurityCode):
    raise ValueError(f"odd card {cardNumber}, cardSecurityCode={cardSecurityCode}")


try:
    pay(number, code)
except ValueError:
    log.exception("no charge for %s with %s", number, {"cardSecurityCode": code})
log.warning("card %s", number)
pay(number, code)
"""


def reported() -> list[dict[str, Any]]:
    """The events that a program which fails twice sends to a stand-in for Sentry."""
    sentry, bodies = Flask("sentry"), []

    @sentry.post("/api/1/envelope/")
    def take() -> str:
        bodies.append(gzip.decompress(request.get_data()) if request.content_encoding == "gzip" else request.get_data())
        return "{}"

    with served(sentry) as url:
        dsn = f"{url.replace('//', '//key@')}/1"
        command = [sys.executable, "-c", PROGRAM, dsn, AMEX.number, AMEX.code]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert AMEX.seen_in(ended.stdout + ended.stderr) == []
    assert b"jane@" not in b"".join(bodies)
    return [json.loads(body.splitlines()[2]) for body in bodies]


def test_what_failed_and_where_is_told_and_nothing_of_the_shopper() -> None:
    first, last = reported()
    assert AMEX.seen_in(json.dumps([first, last], ensure_ascii=False)) == []
    allowed = {*error_reports.KEPT, *error_reports.SCRUBBED, "logentry"}
    assert first.keys() | last.keys() <= allowed
    assert first["logentry"]["formatted"].startswith("no charge for •••")
    (failed,) = first["exception"]["values"]
    assert (failed["type"], failed["value"]) == ("ValueError", "odd card •••, cardSecurityCode=•••")
    frames = failed["stacktrace"]["frames"]
    assert frames[-1]["function"] == "pay"
    assert [frame for frame in frames if "vars" in frame or "context_line" in frame] == []
    assert last["logentry"]["formatted"] == "the process has failed"


@pytest.mark.parametrize("dsn", ["key@sentry.example/1", "http://key@sentry.example/1", "https://sentry.example/1"])
def test_an_address_that_is_none_is_told(home: Any, dsn: str) -> None:
    (told,) = mistakes(home, **PRODUCTION, SENTRY_DSN=dsn)
    assert told.startswith("environment: SENTRY_DSN: ")
