"""A card in production, by real processes with JSON lines: in no line, file or figure; what goes astray is scrubbed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from http.cookiejar import Cookie
from pathlib import Path
from typing import Any

import pytest
import requests
from canary import AMEX, Answers, kept_in, sightings
from careless import LOGGERS, PATH
from processes import Installation
from requests.cookies import RequestsCookieJar
from shopper import ADDRESS, Shopper

from config import ROOT

TOKEN = "a-token-for-figures"
CHATTY = {
    "LOG_LEVEL": "DEBUG",
    "GUNICORN_CMD_ARGS": "--log-level debug --access-logfile -",
    "WEB_CONCURRENCY": "1",
    "METRICS_TOKEN": TOKEN,
    "PYTHONPATH": str(ROOT / "tests"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("production")


@pytest.fixture(scope="module")
def installation(folder: Path) -> Iterator[Installation]:
    with Installation(folder, production=True, application="careless:careless_app()", **CHATTY) as opened:
        yield opened


class WithoutTls(RequestsCookieJar):
    """The cookies are for https alone, and no proxy stands in front."""

    def set_cookie(self, cookie: Cookie, *args: Any, **options: Any) -> None:
        cookie.secure = False
        super().set_cookie(cookie, *args, **options)


@pytest.fixture
def jane(installation: Installation) -> Iterator[Shopper]:
    with Shopper(installation.url) as shopper:
        shopper.browser.cookies = WithoutTls()
        yield shopper


def figures(installation: Installation) -> str:
    answer = requests.get(f"{installation.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)
    answer.raise_for_status()
    return answer.text


def lines_of(installation: Installation) -> list[dict[str, str]]:
    """What the web server has printed since it knows its form; gunicorn tells its own settings before."""
    printed = installation.printed_by("web").splitlines()
    begun = next(at for at, line in enumerate(printed) if line.startswith("{"))
    return [json.loads(line) for line in printed[begun:]]


def test_after_a_paid_order_the_card_is_in_no_line_file_or_figure(
    installation: Installation, jane: Shopper, folder: Path
) -> None:
    answers, card = Answers(jane.browser), {**ADDRESS, **AMEX.typed}
    jane.leave_lead()
    assert jane.submit(**{**card, "shipPostalCode": AMEX.digits}).status == 422
    assert jane.submit(**{**card, "csrf_token": "stale"}).status == 400
    assert jane.submit(**card).path == "upsell/1"
    assert jane.submit(choice="no").path == "upsell/2"
    assert 'funnel_request_seconds_count{method="POST",route="/checkout",status="303"} 1.0' in figures(installation)
    assert sightings(AMEX, iter([("the figures", figures(installation))])) == []
    assert sightings(AMEX, answers.traces()) == []
    assert [line for line in lines_of(installation) if line.get("call") == "ImportOrder"]
    assert sightings(AMEX, kept_in(folder)) == []


def test_what_goes_astray_in_a_log_is_scrubbed_last_whoever_writes_it(installation: Installation, folder: Path) -> None:
    assert requests.get(installation.url + PATH, timeout=10).text == "done"
    told = lines_of(installation)
    once = dict.fromkeys(LOGGERS, 1)
    assert Counter(line["logger"] for line in told if line["event"].startswith("as typed •••")) == once
    assert Counter(line["logger"] for line in told if "could not be drawn" in line["event"]) == once
    assert Counter(line["logger"] for line in told if line["event"] == "with a traceback") == once
    assert [line["event"] for line in told if line["level"] == "critical"] == ["a thread has failed"]
    assert len([line for line in told if "ValueError: odd card •••" in line.get("exception", "")]) == len(LOGGERS) + 1
    assert sightings(AMEX, kept_in(folder)) == []
