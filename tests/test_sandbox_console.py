"""The sandbox's front page and desk: what it shows, what it hides, and that no input brings it down."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from browser import OpenPage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox_caller import CREDENTIALS, PATIENCE, Caller, order_params, sandbox

from funnel.sandbox.app import create_sandbox
from funnel.sandbox.catalogue import Catalogue

CARD = "5105105105105100"
TOO_NARROW = "all => all.filter(each => each.scrollWidth > each.clientWidth).map(each => each.textContent)"
PATHS = [
    "/landers/clicks/import/",
    "/leads/import/",
    "/order/import/",
    "/upsale/import/",
    "/transactions/confirmPaypal",
    "/order/confirm/",
    "/order/coupon/",
    "/order/salestax/",
    "/order/qa/",
    "/order/query/",
    "/transactions/query/",
    "/campaign/query/",
    "/no/such/call",
]


@pytest.fixture
def crm() -> Iterator[Caller]:
    with sandbox(funnel_url="http://127.0.0.1:5999") as caller:
        yield caller


def front_page(crm: Caller) -> str:
    return requests.get(crm.url, timeout=PATIENCE).text


def test_the_front_page_shows_sessions_partials_orders_and_calls(crm: Caller) -> None:
    click = {"pageType": "presellPage", "campaignId": 7, "requestUri": "https://shop.test/?affId=A7"}
    sessionId = crm.call("/landers/clicks/import/", **click)["message"]["sessionId"]
    bought, waiting = crm.bought(), crm.lead()
    crm.upsale(bought)
    page = front_page(crm)
    for shown in (
        sessionId,
        "affId = A7",
        bought,
        waiting,
        "Spare bulbs",
        "68.90 USD",
        "upsale:201 charged once",
    ):
        assert shown in page
    assert 'href="http://127.0.0.1:5999"' in page


def test_of_an_empty_list_the_front_page_says_that_it_is_empty() -> None:
    with sandbox(catalogue=Catalogue(None, coupons=(), shipProfiles=(), taxes={})) as crm:
        page = front_page(crm)
    for told in ("No coupons.", "No shipping profiles.", "No sales taxes."):
        assert told in page


@pytest.mark.parametrize("width", [320, 1280])
def test_no_button_runs_out_of_its_frame(crm: Caller, open_page: OpenPage, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 800})
    page.goto(crm.url)
    assert "process_then_drop" in page.locator("button").all_text_contents()
    assert page.locator("button").evaluate_all(TOO_NARROW) == []


def test_what_people_typed_is_text_and_never_markup(crm: Caller) -> None:
    crm.lead(firstName="<script>alert(1)</script>", lastName='"><img src=x>')
    page = front_page(crm)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page
    assert "<img" not in page


@pytest.mark.parametrize("typed", [CARD, "5105 1051 0510 5100", "5105-1051-0510-5100"])
def test_a_card_is_masked_wherever_it_was_sent(crm: Caller, typed: str) -> None:
    orderId = crm.lead()
    crm.order(orderId, typed, cardSecurityCode="987", custom1=f"my card is {typed}")
    requests.get(f"{crm.url}/order/import/", params={**CREDENTIALS, **order_params(orderId, typed)}, timeout=PATIENCE)
    calls = crm.desk("calls")
    assert {call["params"]["cardNumber"] for call in calls[1:]} == {"••••5100"}
    assert {call["params"]["cardSecurityCode"] for call in calls[1:]} == {"•••"}
    assert {call["params"]["password"] for call in calls} == {"•••"}
    assert "cardSecurityCode = •••" in front_page(crm)
    for text in (json.dumps(calls), front_page(crm), json.dumps(crm.row(orderId))):
        assert typed not in text
        assert CARD not in text


def test_the_calls_are_listed_oldest_first(crm: Caller) -> None:
    orderId = crm.lead()
    crm.order(orderId)
    first, second = crm.desk("calls")
    assert (first["n"], first["path"], first["method"], first["result"]) == (
        1,
        "/leads/import/",
        "POST",
        "SUCCESS",
    )
    assert (second["n"], second["path"], second["params"]["orderId"]) == (2, "/order/import/", orderId)
    assert first["at"] <= second["at"]


def test_reset_forgets_everything_and_puts_the_switches_back(crm: Caller) -> None:
    crm.bought()
    crm.desk("switches", price_rule="line")
    crm.desk("faults", path="/order/query/", kind="500")
    requests.post(f"{crm.url}/_sandbox/reset", timeout=PATIENCE).raise_for_status()
    assert crm.desk("calls") == crm.desk("faults") == []
    assert crm.desk("charges") == {"orders": {}, "total": 0, "amounts": {}, "declines": 0}
    assert crm.desk("switches")["price_rule"] == "unit"


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [("partial_reuse", "false", False), ("query_lag", "2.5", 2.5), ("unknown_session", "new", "new")],
)
def test_switches_are_set_by_json_and_by_the_front_page_s_forms(
    crm: Caller, name: str, value: str, stored: object
) -> None:
    assert crm.desk("switches", **{name: value})[name] == stored
    browser = {"Accept": "text/html,*/*;q=0.8"}
    answer = requests.post(f"{crm.url}/_sandbox/switches", data={name: value}, headers=browser, timeout=PATIENCE)
    assert answer.url == f"{crm.url}/"


@pytest.mark.parametrize(
    "wrong", [{"price_rule": "guess"}, {"nonsense": 1}, {"query_lag": "inf"}, {"partial_reuse": 7}]
)
def test_a_switch_nobody_knows_is_refused_in_words(crm: Caller, wrong: dict[str, object]) -> None:
    answer = requests.post(f"{crm.url}/_sandbox/switches", json=wrong, timeout=PATIENCE)
    assert answer.status_code == 400
    assert next(iter(wrong)) in answer.json()["error"]


NAMES = [
    *order_params("x"),
    "sessionId",
    "pageType",
    "requestUri",
    "productId",
    "startDate",
    "endDate",
    "page",
    "token",
]
VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["\0", "9" * 5000, "-1", "1e9", "NaN", "٤", "7", "101", "http://[", "02/30/2020", "PAYPAL", "[]"]),
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(PATHS), params=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8))
def test_no_parameter_brings_a_call_down(path: str, params: dict[str, str]) -> None:
    client = create_sandbox().test_client()
    answer = client.post(path, data={**{k: v.encode("utf-8", "replace") for k, v in params.items()}, **CREDENTIALS})
    assert answer.status_code == 200
    reply = json.loads(answer.text)
    assert reply["result"] in ("SUCCESS", "ERROR", "MERC_REDIRECT")
    assert "The sandbox failed" not in str(reply["message"])


RAW_REQUESTS = [
    b"POST /leads/import/?%FF=%00&loginId=%ED%A0%80 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    b"POST /leads/import/ HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data\r\nContent-Length: 3\r\n\r\nabc",
    b"POST /leads/import/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{]",
    b"POST /leads/import/ HTTP/1.1\r\nHost: b@d/host\r\nContent-Length: 0\r\n\r\n",
    b"POST /%00%FF//..//x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    b"DELETE /order/import/ HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /leads/import/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 2000000\r\n\r\n" + b"a" * 2_000_000,
]


@pytest.mark.parametrize("raw", RAW_REQUESTS, ids=lambda raw: raw[:40].decode("latin-1"))
def test_a_request_that_is_hardly_one_is_an_error(crm: Caller, raw: bytes) -> None:
    host, port = crm.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["result"] == "ERROR"


@pytest.mark.parametrize("signal_sent", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_a_catalogue_and_ends_cleanly(tmp_path: Path, signal_sent: int) -> None:
    catalogue = tmp_path / "catalogue.json"
    catalogue.write_text(json.dumps([{"campaignId": 3, "productId": 9, "name": "Kettle", "price": "19.00"}]))
    command = [
        sys.executable,
        "-m",
        "funnel.sandbox",
        "--port",
        "0",
        "--login-id",
        "me",
        "--catalogue",
        str(catalogue),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().split()[-1]
            crm = Caller(url)
            campaigns = crm.call("/campaign/query/", loginId="me", campaignId=3)["message"]["data"]
            process.send_signal(signal_sent)
            _, errors = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert campaigns["3"]["products"][0]["productName"] == "Kettle"
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    "content", ["{", "[1]", '[{"campaignId": 3}]', '[{"campaignId":1,"productId":1,"name":"x","price":"y"}]']
)
def test_a_catalogue_that_is_none_stops_the_command_in_words(tmp_path: Path, content: str) -> None:
    catalogue = tmp_path / "catalogue.json"
    catalogue.write_text(content)
    command = [sys.executable, "-m", "funnel.sandbox", "--port", "0", "--catalogue", str(catalogue)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 1
    assert "is no catalogue" in ended.stderr
    assert "Traceback" not in ended.stderr
