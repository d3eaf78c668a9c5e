"""An offer that ends: the page counts on, speaks to screen readers twice, and says at the end that it has ended."""

from __future__ import annotations

from pathlib import Path

from browser import OpenPage
from campaigns import written
from conftest import OpenFunnel
from playwright.sync_api import expect
from shopper import Shopper

ENDING = '[upsell1]\noffer = "shade"\nends_after_minutes = 10\n[upsell2]\noffer = "bulbs"\n'


def test_the_countdown_counts_speaks_and_ends(open_funnel: OpenFunnel, open_page: OpenPage, tmp_path: Path) -> None:
    with Shopper(open_funnel(FUNNEL_FILE=str(written(tmp_path, ENDING))).url) as shopper:
        assert shopper.buy().path == "upsell/1"
        page = open_page()
        page.clock.install()
        for each in shopper.browser.cookies:
            page.context.add_cookies([{"name": each.name, "value": str(each.value), "url": shopper.url}])
        page.goto(f"{shopper.url}/upsell/1")
    status, yes = page.get_by_role("status"), page.get_by_role("button", name="Yes, add it")
    page.clock.run_for(2_000)
    assert page.locator(".clock").inner_text().startswith("9:"), "for eyes"
    expect(status).to_have_text("")
    page.clock.run_for(300_000)
    expect(status).to_have_text("This offer ends in 5 minutes.")
    page.clock.run_for(240_000)
    expect(status).to_have_text("This offer ends in 1 minute.")
    expect(yes).to_be_visible()
    page.clock.run_for(61_000)
    expect(status).to_have_text("This offer has ended.")
    expect(yes).to_be_hidden()
    expect(page.get_by_role("link", name="Continue")).to_be_visible()
