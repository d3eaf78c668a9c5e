"""The sandbox misbehaves when asked to, as often as asked, and its books say what really happened."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from flask import Flask
from sandbox_caller import CREDENTIALS, MAYA, PATIENCE, Caller, order_params, sandbox

from funnel.sandbox.app import create_sandbox
from funnel.sandbox.switches import Switches

LOST = "no answer"
SOON = 10.0  # seconds


@pytest.fixture
def crm() -> Iterator[Caller]:
    with sandbox() as caller:
        yield caller


def answer_to(crm: Caller, path: str, **params: object) -> str:
    try:
        answer = crm.post(path, **params)
    except requests.ConnectionError:
        return LOST
    return f"{answer.status_code} {answer.text}"


@pytest.mark.parametrize(
    ("kind", "begins", "charged"),
    [
        ("refuse", LOST, False),
        ("drop", LOST, False),
        ("process_then_drop", LOST, True),
        ("process_late", LOST, True),
        ("hang", LOST, False),
        ("500", "500 <html>", False),
        ("html", "200 <html>", True),
        ("truncated", '200 {"result":"SUCCESS"', True),
        ("unknown_error", '200 {"result":"ERROR","message":"Sandbox fault', False),
        ("decline", '200 {"result":"ERROR","message":"Transaction Declined: ', False),
        ("latency", '200 {"result":"SUCCESS"', True),
    ],
)
def test_a_fault_plays_once_and_the_books_know_whether_money_moved(
    crm: Caller, kind: str, begins: str, charged: bool
) -> None:
    orderId = crm.lead()
    crm.desk("faults", path="/order/import/", kind=kind, seconds=0.1)
    answer = answer_to(crm, "/order/import/", **order_params(orderId))
    assert answer.startswith(begins)
    assert crm.charges(orderId) == ({"order": 1} if charged else {})
    assert crm.desk("calls")[-1]["fault"] == kind
    assert crm.desk("faults") == []


def test_truncated_json_cannot_be_read(crm: Caller) -> None:
    crm.desk("faults", path="/leads/import/", kind="truncated")
    with pytest.raises(requests.JSONDecodeError):
        crm.post("/leads/import/", campaignId=7).json()


def test_a_fault_meets_its_path_and_its_number_of_calls(crm: Caller) -> None:
    crm.desk("faults", path="/order/query", kind="500", times=2)
    assert crm.post("/leads/import/").status_code == 200
    assert [crm.post("/order/query/").status_code for _ in range(3)] == [500, 500, 200]


def test_a_fault_without_number_lasts_until_it_is_cleared(crm: Caller) -> None:
    crm.desk("faults", path="*", kind="500", times=0)
    assert [crm.post(path).status_code for path in ("/order/query/", "/leads/import/", "/any/")] == [500] * 3
    requests.delete(f"{crm.url}/_sandbox/faults", timeout=PATIENCE).raise_for_status()
    assert crm.post("/order/query/").status_code == 200


def test_faults_are_met_in_the_order_they_were_asked_for(crm: Caller) -> None:
    crm.desk("faults", path="*", kind="500")
    crm.desk("faults", path="/order/query/", kind="html")
    answers = [answer_to(crm, "/order/query/")[:4] for _ in range(3)]
    assert answers == ["500 ", "200 ", "200 "]
    assert [call["fault"] for call in crm.desk("calls")] == ["500", "html", None]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "nonsense"},
        {},
        {"kind": "drop", "times": "many"},
        {"kind": "drop", "times": -1},
        {"kind": "hang", "seconds": "nan"},
        {"kind": "hang", "seconds": 1e9},
        {"kind": "drop", "colour": "red"},
    ],
)
def test_a_fault_nobody_knows_is_refused_in_words(crm: Caller, fault: dict[str, object]) -> None:
    answer = requests.post(f"{crm.url}/_sandbox/faults", json=fault, timeout=PATIENCE)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_late_charge_happens_though_the_caller_has_left(crm: Caller) -> None:
    orderId = crm.lead()
    crm.desk("faults", path="/order/import/", kind="process_late", seconds=0.5)
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{crm.url}/order/import/", data={**CREDENTIALS, **order_params(orderId)}, timeout=(5, 0.1))
    assert soon(lambda: crm.charges(orderId) == {"order": 1})


def test_a_late_charge_does_not_reach_a_sandbox_that_was_reset(crm: Caller) -> None:
    orderId = crm.lead()
    crm.desk("faults", path="/order/import/", kind="process_late", seconds=0.5)
    call = threading.Thread(target=answer_to, args=(crm, "/order/import/"), kwargs=order_params(orderId))
    call.start()
    assert soon(lambda: crm.desk("calls")[-1]["fault"] == "process_late")
    requests.post(f"{crm.url}/_sandbox/reset", timeout=PATIENCE).raise_for_status()
    call.join()
    assert crm.desk("charges") == {"orders": {}, "total": 0, "amounts": {}, "declines": 0}


def test_a_hanging_call_ends_when_its_caller_leaves_and_keeps_nobody_waiting(crm: Caller) -> None:
    before = threading.active_count()
    crm.desk("faults", path="/order/query/", kind="hang")
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{crm.url}/order/query/", data=CREDENTIALS, timeout=(5, 0.2))
    assert crm.call("/order/query/", orderId="FFFFFFFFFF")["result"] == "ERROR"
    assert soon(lambda: threading.active_count() <= before)


def test_slow_calls_do_not_hold_up_the_others(crm: Caller) -> None:
    crm.desk("faults", path="/leads/import/", kind="hang", times=0, seconds=60)
    hanging = [threading.Thread(target=leave_soon, args=(crm,)) for _ in range(10)]
    for call in hanging:
        call.start()
    assert soon(lambda: len(crm.desk("calls")) == len(hanging))
    assert crm.call("/order/query/", orderId="FFFFFFFFFF")["result"] == "ERROR"
    for call in hanging:
        call.join()


def leave_soon(crm: Caller) -> None:
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{crm.url}/leads/import/", data=CREDENTIALS, timeout=(5, 1))


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads that interrupt each other as often as they can, so that a missing lock shows."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("restless")
@pytest.mark.parametrize(("choice", "charged"), [("error", 1), ("charge-again", 10)])
def test_many_presses_at_once_are_counted_one_by_one(choice: str, charged: int) -> None:
    app = create_sandbox(switches=Switches(complete_order_import=choice, partial_reuse=False))
    lead = {**CREDENTIALS, **MAYA, "campaignId": 7}
    for _ in range(10):
        orderId = app.test_client().post("/leads/import/", data=lead).get_json(force=True)["message"]["orderId"]
        press_together(app, {**CREDENTIALS, **order_params(orderId)}, times=10)
        assert app.test_client().get("/_sandbox/charges").get_json()["orders"][orderId] == {"order": charged}


def press_together(app: Flask, order: dict[str, object], times: int) -> None:
    start = threading.Barrier(times)

    def press(_: int) -> None:
        client = app.test_client()
        start.wait()
        client.post("/order/import/", data=order)

    with ThreadPoolExecutor(times) as crowd:
        list(crowd.map(press, range(times)))


def soon(happens: Callable[[], bool]) -> bool:
    """Whether it becomes true before patience ends."""
    until = time.monotonic() + SOON
    while not happens():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
