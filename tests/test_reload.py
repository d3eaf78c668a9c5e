"""A reload and a polite stop under load: every request that was begun is answered."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from conftest import eventually
from processes import Installation

HANDS = 6
RELOADS = 2


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with Installation(tmp_path, WEB_CONCURRENCY="2") as opened:
        yield opened


def visits(url: str, stop: threading.Event) -> Counter[str]:
    """What one visitor gets, page after page, each over a connection of its own."""
    seen: Counter[str] = Counter()
    while not stop.is_set():
        try:
            seen[str(requests.get(f"{url}/lead", headers={"Connection": "close"}, timeout=20).status_code)] += 1
        except requests.RequestException as error:
            seen[type(error).__name__] += 1
    return seen


def test_a_reload_loses_no_request(installation: Installation) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(HANDS) as hands:
        crowd = [hands.submit(visits, installation.url, stop) for _ in range(HANDS)]
        try:
            for _ in range(RELOADS):
                before = set(installation.web.children())
                os.kill(installation.web.pid, signal.SIGHUP)
                renewed = eventually(lambda: not before & set(installation.web.children()), within=60)  # noqa: B023
                assert renewed, "the workers are new ones"
        finally:
            stop.set()
    seen = sum((each.result() for each in crowd), Counter())
    assert set(seen) == {"200"}, seen
    assert seen["200"] > HANDS


def test_a_stop_answers_who_is_inside(installation: Installation) -> None:
    installation.crm.switch(slow_seconds=2)
    installation.crm.fault("/leads/import/", "latency", times=0, seconds=1)
    with ThreadPoolExecutor(HANDS) as hands:
        inside = [hands.submit(requests.get, f"{installation.url}/lead", timeout=20) for _ in range(HANDS)]
        assert [each.result().status_code for each in inside] == [200] * HANDS
        forms = [hands.submit(_leave_lead, installation.url) for _ in range(HANDS)]
        installation.crm.wait_for("/leads/import/", HANDS)
        assert installation.web.stop() == 0
        assert [each.result() for each in forms] == ["checkout"] * HANDS


def _leave_lead(url: str) -> str:
    with requests.Session() as browser:
        page = browser.get(f"{url}/lead", timeout=20)
        token = page.text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
        values = {"csrf_token": token, "firstName": "Jane", "lastName": "Doe", "emailAddress": "jane@example.com"}
        values["phoneNumber"] = "555 123 4567"
        answer = browser.post(f"{url}/lead", data=values, allow_redirects=False, timeout=20)
        return answer.headers.get("Location", str(answer.status_code)).strip("/")
