"""Every answer says what a browser may do with it, whatever the page and whatever went wrong."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from conftest import OpenFunnel
from flask import Flask
from shopper import Page, Shopper
from travellers import SCRIPT_CARD, URL_CARD

from app import create_app
from config import load_settings
from funnel.rooms import Rooms

NONCE = re.compile(r"'nonce-([\w-]{22})'")
CLOSED = {
    "default-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "worker-src 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
    "report-uri /csp-report",
}
ALWAYS = {
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(self), usb=()",
    "Cache-Control": "no-store",
}
CLASSIC = b'{"csp-report":{"document-uri":"https://shop.example/checkout?email=jane@example.com","effective-directive":"script-src-elem","blocked-uri":"https://evil.example/x.js?card=4242424242424242","source-file":"https://shop.example/return/bank/%s","line-number":7,"script-sample":"jane"}}'
MODERN = b'[{"type":"csp-violation","body":{"documentURL":"https://shop.example/lead?x=jane","effectiveDirective":"img-src","blockedURL":"data"}}]'


def directives(page: Page) -> set[str]:
    return {each.strip() for each in page.headers["Content-Security-Policy"].split(";")}


def is_safe(page: Page, **other: str) -> None:
    """All of it, on this one page."""
    expected = {**ALWAYS, **{name.replace("_", "-"): value for name, value in other.items()}}
    assert {name: page.headers.get(name) for name in expected} == expected, page.url
    policy = page.headers["Content-Security-Policy"]
    assert directives(page) >= CLOSED, page.url
    assert "unsafe" not in policy
    (nonce,) = NONCE.findall(policy)
    scripts = [given for tag, given in page.elements if tag == "script"]
    assert [given.get("nonce") for given in scripts] == [nonce] * len(scripts), page.url


def test_every_page_of_the_walk_is_closed_to_others(shopper: Shopper) -> None:
    is_safe(shopper.get("/"), Cache_Control="private, no-cache")
    is_safe(shopper.get("/lead"))
    is_safe(shopper.leave_lead())
    is_safe(shopper.reckon())
    is_safe(shopper.pay(cardNumber="4000 0000 0000 0002"))
    is_safe(shopper.pay())
    is_safe(shopper.submit(choice="yes"))
    is_safe(shopper.submit(choice="no"))
    assert shopper.page.path == "thank-you"


def test_so_is_the_way_to_a_bank(shopper: Shopper) -> None:
    shopper.leave_lead()
    is_safe(shopper.pay(cardNumber=URL_CARD))
    assert shopper.page.path == "away"
    is_safe(shopper.get("/checkout/confirming"))


@pytest.mark.parametrize(
    ("method", "path", "status", "options"),
    [
        ("GET", "/nothing", 404, {}),
        ("PUT", "/lead", 405, {}),
        ("POST", "/lead", 400, {}),
        ("POST", "/lead", 403, {"headers": {"Sec-Fetch-Site": "cross-site"}}),
        ("POST", "/lead", 413, {"data": {"firstName": "x" * 20_000}}),
        ("GET", "/lead", 400, {"headers": {"Host": "evil.example"}}),
    ],
)
def test_so_is_what_goes_wrong(
    open_funnel: OpenFunnel, method: str, path: str, status: int, options: dict[str, dict[str, str]]
) -> None:
    funnel = open_funnel(TRUSTED_HOSTS="127.0.0.1", relay=False)
    answer = requests.request(method, funnel.url + path, timeout=10, **options)  # type: ignore[arg-type]
    assert answer.status_code == status
    is_safe(Page(answer))


def test_each_answer_has_a_nonce_of_its_own_and_the_word_in_its_place_never_leaves(
    app: Flask,
) -> None:
    browser = app.test_client()
    app.config["TEMPLATES_AUTO_RELOAD"] = False  # as in production, where presell is drawn once
    answers = [browser.get(path) for path in ("/", "/", "/lead", "/lead", "/nothing")]
    nonces = [NONCE.findall(answer.headers["Content-Security-Policy"])[0] for answer in answers]
    assert len(set(nonces)) == len(answers)
    stand_in = app.jinja_env.globals["nonce"]
    for answer, nonce in zip(answers, nonces, strict=True):
        assert stand_in not in answer.text + str(answer.headers)
        assert answer.text.count(f'nonce="{nonce}"') == answer.text.count("<script")


@pytest.fixture
def app(campaign_file: Path, tmp_path: Path) -> Iterator[Flask]:
    yield from opened(campaign_file, tmp_path)


def opened(campaign_file: Path, tmp_path: Path, **environment: str) -> Iterator[Flask]:
    app = create_app(load_settings({"FUNNEL_FILE": str(campaign_file), **environment}, root=tmp_path))
    yield app
    rooms: Rooms = app.extensions["funnel"]
    rooms.charging.drain()
    rooms.store.close()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"PUBLIC_URL": "http://127.0.0.1:5000"}, None),
        ({"PUBLIC_URL": "https://shop.example"}, "max-age=63072000"),
        ({"PUBLIC_URL": "https://shop.example", "HSTS_SUBDOMAINS": "1"}, "max-age=63072000; includeSubDomains"),
    ],
)
def test_browsers_are_kept_to_https_where_shoppers_come_by_it(
    campaign_file: Path, tmp_path: Path, environment: dict[str, str], expected: str | None
) -> None:
    for app in opened(campaign_file, tmp_path, **environment):
        browser = app.test_client()
        page = browser.get("/", base_url="https://shop.example")
        style = browser.get(re.findall(r'href="(/static/css[^"]+)"', page.text)[0], buffered=True)
        missing = browser.get("/static/nothing.css")
        for answer in (page, style, missing):
            assert answer.headers.get("Strict-Transport-Security") == expected


def test_files_are_taken_for_what_they_say_they_are_and_run_nothing_by_themselves(app: Flask) -> None:
    files = {
        path: app.test_client().get(f"/static/{path}", buffered=True).headers
        for path in ("js/total.js", "img/favicon.svg")
    }
    for headers in files.values():
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "script-src 'none'" in headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in headers
    assert files["js/total.js"]["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Cross-Origin-Resource-Policy" not in files["img/favicon.svg"], "a mail may show it"


def test_the_page_of_a_banks_script_has_a_policy_of_its_own(shopper: Shopper) -> None:
    shopper.leave_lead()
    shopper.pay(cardNumber=SCRIPT_CARD)
    page = shopper.get("/away/run")
    known = directives(page)
    assert known >= {"connect-src 'none'", "worker-src 'none'", "object-src 'none'", "base-uri 'none'"}
    assert "sandbox allow-scripts allow-forms allow-same-origin allow-top-navigation" in known
    (nonce,) = NONCE.findall(page.headers["Content-Security-Policy"])
    assert page.attributes("script", src="/away/run.js")["nonce"] == nonce
    assert "unsafe" not in page.headers["Content-Security-Policy"]


# What browsers report


@pytest.mark.parametrize(
    ("body", "kind", "told"),
    [
        (
            CLASSIC % (b"t" * 60),
            "application/csp-report",
            "csp page=https://shop.example/checkout directive=script-src-elem blocked=https://evil.example/x.js "
            "source=https://shop.example/return/bank/... line=7",
        ),
        (
            MODERN,
            "application/reports+json",
            "csp page=https://shop.example/lead directive=img-src blocked=data source=- line=-",
        ),
    ],
)
def test_a_report_is_a_line_in_the_log_without_anybody_in_it(
    app: Flask, caplog: pytest.LogCaptureFixture, body: bytes, kind: str, told: str
) -> None:
    with caplog.at_level(logging.WARNING, "funnel.csp"):
        answer = app.test_client().post(
            "/csp-report", data=body, content_type=kind, headers={"Sec-Fetch-Site": "cross-site"}
        )
    assert answer.status_code == 204
    assert "Set-Cookie" not in answer.headers
    assert caplog.messages == [told]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[" * 5000,
        b"[1, null, {}]",
        b'{"csp-report": 3}',
        b'{"csp-report": {"document-uri": ["x"], "blocked-uri": "http://[x", "line-number": "7\\nERROR forged"}}',
        b"\xff\xfe",
    ],
)
def test_a_report_that_is_none_is_taken_calmly(app: Flask, caplog: pytest.LogCaptureFixture, body: bytes) -> None:
    assert app.test_client().post("/csp-report", data=body).status_code == 204
    assert all("\n" not in line for line in caplog.messages)


def test_reports_do_not_flood_the_log_and_are_no_place_for_large_things(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    browser = app.test_client()
    with caplog.at_level(logging.WARNING, "funnel.csp"):
        assert {browser.post("/csp-report", data=MODERN).status_code for _ in range(100)} == {204}
    assert len(caplog.messages) <= 2 * 20, "twenty a minute, and a minute may end meanwhile"
    assert browser.post("/csp-report", data=b"x" * 8193).status_code == 413
    assert browser.get("/csp-report").status_code == 405
