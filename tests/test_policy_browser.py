"""The policy in a real browser: nothing of ours is kept out, what is smuggled in is, and the browser tells of it."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from browser import OpenPage
from conftest import OpenFunnel, eventually
from playwright.sync_api import Page, expect
from shopper import JANE
from test_browser import fill_in, fill_in_address
from test_slots import PIXEL, PURCHASE, written

VIOLATIONS = """addEventListener("securitypolicyviolation", (told) => {
    sessionStorage.kept = `${sessionStorage.kept || ""} ${told.effectiveDirective}`;
})"""
SLOTS = {"templates/slots/head.html": PIXEL, "templates/slots/thankyou-body.html": PURCHASE}


def watched(open_page: OpenPage) -> Page:
    """A page whose tab keeps the violations of any policy on its way."""
    page = open_page()
    page.add_init_script(VIOLATIONS)
    return page


def violations(page: Page) -> set[str]:
    return set(page.evaluate("sessionStorage.kept || ''").split())


def test_a_walk_with_pixels_violates_nothing_and_the_pixels_run(
    open_funnel: OpenFunnel, open_page: OpenPage, tmp_path: Path
) -> None:
    funnel = open_funnel(FUNNEL_FILE=str(written(tmp_path, SLOTS)))
    page = watched(open_page)
    page.goto(funnel.url)
    assert page.evaluate("window.ran") == 1
    page.goto(f"{funnel.url}/checkout")
    assert page.evaluate("window.ran") is None, "no pixel where a card is typed"
    fill_in(page, **JANE)
    fill_in_address(page)
    fill_in(page, cardNumber="4242424242424242", cardExpiryDate="1239", cardSecurityCode="123")
    page.get_by_role("button", name=re.compile("^Pay")).click()
    for step in ("upsell/1", "upsell/2"):
        expect(page).to_have_url(f"{funnel.url}/{step}")
        assert page.evaluate("window.ran") == 1
        page.get_by_role("button", name="No thanks").click()
    expect(page).to_have_url(f"{funnel.url}/thank-you")
    assert page.evaluate("window.bought.value") == 54.9
    page.reload()
    assert page.evaluate("window.bought") is None
    assert violations(page) == set()


def test_what_is_smuggled_into_the_card_form_does_not_run_and_is_told(
    open_funnel: OpenFunnel, open_page: OpenPage, caplog: pytest.LogCaptureFixture
) -> None:
    page = watched(open_page)
    with caplog.at_level(logging.WARNING, "funnel.csp"):
        page.goto(f"{open_funnel().url}/checkout")
        ran = page.evaluate("""() => {
            const script = document.createElement("script");
            script.append("window.stolen = 1");
            document.head.append(script);
            const frame = document.createElement("iframe");
            frame.src = "http://127.0.0.1:9/";
            document.body.append(frame);
            const text = "<img src=x onerror='window.stolen = 2'>";
            try { document.body.innerHTML += text; } catch { return window.stolen; }
            return "markup of text";
        }""")
        assert ran is None
        assert eventually(lambda: {"frame-src", "require-trusted-types-for"} <= violations(page)), violations(page)
        assert eventually(lambda: any("directive=frame-src" in line for line in caplog.messages)), caplog.messages
    assert not any("csrf" in line for line in caplog.messages)
