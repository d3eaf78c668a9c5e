"""What an operator sees of it: log lines, figures and probes; none of them tells of a person."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from conftest import Crm, Funnel, OpenFunnel, eventually
from processes import Installation
from shopper import DECLINED_CARD, Shopper

TOKEN = "a-token-for-figures"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def read(url: str, **headers: str) -> requests.Response:
    return requests.get(f"{url}/metrics", headers=headers, timeout=10)


def test_without_a_token_in_the_settings_there_are_no_figures(funnel: Funnel) -> None:
    assert read(funnel.url, **BEARER).status_code == 404


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer another"}, {"Authorization": f"Bearer {TOKEN}x"}])
def test_who_bears_another_token_sees_nothing(open_funnel: OpenFunnel, given: dict[str, str]) -> None:
    answer = read(open_funnel(relay=False, METRICS_TOKEN=TOKEN).url, **given)
    assert answer.status_code == 401
    assert "funnel_" not in answer.text


def test_what_is_owed_and_declined_and_whether_the_crm_is_up_is_told(open_funnel: OpenFunnel) -> None:
    funnel = open_funnel(relay=False, METRICS_TOKEN=TOKEN)
    with Shopper(funnel.url) as shopper:
        shopper.leave_lead()
        shopper.pay(**DECLINED_CARD)
    figures = read(funnel.url, **BEARER).text
    for line in (
        'funnel_outbox_calls{call="click",state="OWED"} 1.0',
        'funnel_attempts{state="DECLINED"} 1.0',
        "funnel_declines_last_hour 1.0",
        "funnel_crm_down 0.0",
        "funnel_store_up 1.0",
        'funnel_crm_call_seconds_count{call="ImportOrder",outcome="Refused-DECLINED"} 1.0',
        'funnel_request_seconds_count{method="POST",route="/checkout",status="422"} 1.0',
    ):
        assert line in figures.splitlines(), figures


def test_readiness_asks_the_store_and_never_the_crm(open_funnel: OpenFunnel, crm: Crm, tmp_path: Path) -> None:
    funnel = open_funnel(relay=False, METRICS_TOKEN=TOKEN)
    assert requests.get(f"{funnel.url}/readyz", timeout=10).text == "ok\n"
    (tmp_path / "instance" / "funnel.db").rename(tmp_path / "away.db")
    answer = requests.get(f"{funnel.url}/readyz", timeout=10)
    assert (answer.status_code, answer.text) == (503, "the store is away\n")
    assert requests.get(f"{funnel.url}/healthz", timeout=10).text == "ok\n"
    assert "funnel_store_up 0.0" in read(funnel.url, **BEARER).text
    assert crm.calls() == []


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[[str], list[dict[str, object]]]:
    caplog.set_level(logging.INFO)
    return lambda logger: [vars(record) for record in caplog.records if record.name == logger]


def test_a_request_is_one_line_with_its_route_and_no_address(
    funnel: Funnel, told: Callable[[str], list[dict[str, object]]]
) -> None:
    with Shopper(funnel.url) as shopper:
        shopper.get("/lead?emailAddress=jane@example.com")
        shopper.browser.get(f"{funnel.url}/jane@example.com", timeout=10)
    lines = told("funnel.access")
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("GET", "/lead", 200),
        ("GET", "none", 404),
    ]
    assert "jane@" not in str(lines)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("figures")
    (folder / "figures").mkdir()
    settings = {
        "METRICS_TOKEN": TOKEN,
        "LOG_LEVEL": "INFO",
        "PROXY_HOPS": "1",
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "figures"),
    }
    with Installation(folder, production=True, **settings) as opened:
        yield opened


def test_all_processes_figures_stand_on_one_page(installation: Installation) -> None:
    requests.get(f"{installation.url}/", headers={"User-Agent": "Mozilla/5.0 (a phone)"}, timeout=10)
    wanted = 'funnel_crm_call_seconds_count{call="ImportClick",outcome="ClickReply"} 1.0'
    assert eventually(lambda: wanted in read(installation.url, **BEARER).text), "what the relay has delivered"


def test_the_lines_of_all_processes_are_json_and_tell_whose_visit_it_was(installation: Installation) -> None:
    headers = {"User-Agent": "Mozilla/5.0 (a phone)", "X-Request-ID": "0123456789abcdef"}
    requests.get(f"{installation.url}/", headers=headers, timeout=10)

    def lines(name: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in installation.printed_by(name).splitlines()]

    def page() -> list[dict[str, object]]:
        return [line for line in lines("web") if line.get("request") == headers["X-Request-ID"]]

    assert eventually(page)
    (seen,) = page()
    assert (seen["event"], seen["route"], seen["status"]) == ("request", "/", 200)
    assert str(seen["timestamp"]).endswith("Z"), "in UTC"
    assert eventually(lambda: [line for line in lines("relay") if line.get("visit") == seen["visit"]])
    (call,) = [line for line in lines("relay") if line.get("visit") == seen["visit"]]
    assert (call["event"], call["call"], call["outcome"]) == ("crm call", "ImportClick", "ClickReply")
