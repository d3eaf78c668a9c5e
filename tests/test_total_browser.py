"""The total in a real browser: it follows what is picked, and the card is typed once."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import OpenPage
from conftest import Crm, Funnel, OpenFunnel
from playwright.sync_api import Page, expect
from shopper import CARD, JANE
from test_choices import charged


@pytest.fixture
def campaign_file() -> Path:
    return Path(__file__).parent / "choices.toml"


@pytest.fixture
def funnel(open_funnel: OpenFunnel) -> Funnel:
    return open_funnel(FUNNEL_ANSWER_DEADLINE="10")


def at_checkout(page: Page, funnel: Funnel) -> None:
    page.goto(f"{funnel.url}/lead")
    for name in ("firstName", "lastName", "emailAddress"):
        page.fill(f"[name={name}]", JANE[name])
    page.click("main form .button")
    page.select_option("[name=shipCountry]", "US")
    page.select_option("[name=shipState]", "US-IL")
    for name, typed in (("shipAddress1", "1 Main Street"), ("shipCity", "Springfield"), ("shipPostalCode", "62701")):
        page.fill(f"[name={name}]", typed)


def type_card(page: Page) -> None:
    for name, typed in CARD.items():
        page.fill(f"[name={name}]", typed)


def test_the_total_follows_what_is_picked_and_the_card_is_typed_once(
    crm: Crm, funnel: Funnel, open_page: OpenPage
) -> None:
    page = open_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None)
    at_checkout(page, funnel)
    type_card(page)
    sent.clear()
    page.check("#bump-1")
    expect(page.locator(".pay .total").first).to_contain_text("$63.90")
    page.get_by_role("radio", name="Express, tomorrow").check()
    expect(page.get_by_role("button", name="Pay $71.90")).to_be_visible()
    assert len(sent) == 2
    for body in sent:
        assert "4242" not in body
        assert "Main" not in body, "nothing that is typed leaves the page"
    page.click("button:has-text('Pay $71.90')")
    page.wait_for_url("**/upsell/1")
    assert charged(crm) == ["71.90"]


def test_of_two_picks_in_a_row_the_later_total_stands(funnel: Funnel, open_page: OpenPage) -> None:
    page = open_page()
    at_checkout(page, funnel)
    with page.expect_event("requestfailed"):  # the first one is not waited for
        page.evaluate("document.querySelectorAll('#bump-1, #shipping-2').forEach((box) => box.click())")
    expect(page.get_by_role("button", name="Pay $71.90")).to_be_visible()


def test_without_javascript_a_changed_choice_is_shown_before_it_is_charged(
    crm: Crm, funnel: Funnel, open_page: OpenPage
) -> None:
    page = open_page(java_script_enabled=False)
    at_checkout(page, funnel)
    page.check("#bump-1")
    type_card(page)
    page.click("button:has-text('Pay $54.90')")
    expect(page.get_by_text("Your total has changed, and you have not been charged yet")).to_be_visible()
    expect(page.get_by_role("button", name="Pay $63.90")).to_be_visible()
    assert charged(crm) == []
    type_card(page)
    page.click("button:has-text('Pay $63.90')")
    page.wait_for_url("**/upsell/1")
    assert charged(crm) == ["63.90"]


def test_a_package_changes_the_total_without_any_script(funnel: Funnel, open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    at_checkout(page, funnel)
    page.get_by_role("radio", name="2 × Desk lamp, Steel").check()
    expect(page.get_by_role("button", name="Pay $104.85")).to_be_visible()


def test_the_total_is_on_a_phones_first_screen_and_nothing_is_wider_than_it(
    funnel: Funnel, open_page: OpenPage
) -> None:
    page = open_page(viewport={"width": 360, "height": 640})
    at_checkout(page, funnel)
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator(".bar summary")).to_be_in_viewport()
    expect(page.locator(".bar summary")).to_contain_text("$54.90")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
