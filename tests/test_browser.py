"""The whole funnel in Chromium on a phone: with JavaScript, without it, and by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browser import OpenPage
from conftest import Crm, Funnel
from playwright.sync_api import ConsoleMessage, Page, Request, expect
from shopper import JANE

LOUD = {"error", "warning"}


@pytest.fixture(params=[True, False], ids=["with-javascript", "without-javascript"])
def phone(request: pytest.FixtureRequest, open_page: OpenPage) -> Iterator[Page]:
    """A page on which the browser must have nothing to complain about."""
    page = open_page(java_script_enabled=request.param)
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in LOUD and "status of 422" not in message.text:  # it reports each form that was mended
            complaints.append(message.text)

    def listen_to_failure(request: Request) -> None:
        if not request.url.endswith("/lead/partial"):  # one under way arrives, though its page was left meanwhile
            complaints.append(f"{request.url} failed")

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", listen_to_failure)
    yield page
    assert complaints == []


def fill_in(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        field = page.locator(f"[name={name}]:visible")
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def fill_in_address(page: Page) -> None:
    fill_in(page, shipCountry="US", shipAddress1="1 Main Street", shipCity="Springfield", shipPostalCode="62701")
    page.locator("[name=shipState]").select_option(label="Illinois")


def test_a_shopper_buys_on_a_phone(crm: Crm, funnel: Funnel, phone: Page) -> None:
    phone.goto(f"{funnel.url}/?affId=7")
    phone.get_by_role("link", name=re.compile("Continue|See if")).first.click()
    fill_in(phone, **JANE)
    phone.get_by_role("button", name="Continue").click()
    expect(phone).to_have_url(f"{funnel.url}/checkout")
    fill_in_address(phone)
    fill_in(phone, cardNumber="4242424242424242", cardExpiryDate="1239", cardSecurityCode="123")
    phone.get_by_role("button", name=re.compile("Pay")).click()
    expect(phone).to_have_url(f"{funnel.url}/upsell/1")
    phone.get_by_role("button", name=re.compile("^Yes")).click()
    expect(phone).to_have_url(f"{funnel.url}/upsell/2")
    phone.get_by_role("button", name="No thanks").click()
    expect(phone).to_have_url(f"{funnel.url}/thank-you")
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Thank you, Jane")
    assert crm.charges()["total"] == 2
    crm.wait_for("/order/confirm/")


def test_mistakes_are_shown_and_mended(crm: Crm, funnel: Funnel, phone: Page) -> None:
    phone.goto(f"{funnel.url}/checkout")
    fill_in(phone, **{**JANE, "emailAddress": "jane@"})
    phone.get_by_role("button", name=re.compile("Pay")).click()
    summary = phone.get_by_role("alert")
    expect(summary).to_contain_text("There is a problem")
    expect(phone.locator("[name=firstName]")).to_have_value("Jane")
    summary.get_by_role("link", name=re.compile("email")).click()
    expect(phone.locator("[name=emailAddress]")).to_be_focused()
    fill_in(phone, emailAddress="jane@example.com")
    fill_in_address(phone)
    fill_in(phone, cardNumber="4000000000000002", cardExpiryDate="12/39", cardSecurityCode="123")
    phone.get_by_role("button", name=re.compile("Pay")).click()
    declined = phone.get_by_role("alert").get_by_role("link", name=re.compile("declined. You have not been charged."))
    expect(declined).to_have_attribute("href", "#cardNumber")
    expect(phone.locator("[name=cardNumber]")).to_have_value("")
    expect(phone.locator("[name=shipAddress1]")).to_have_value("1 Main Street")
    fill_in(phone, cardNumber="5555 5555 5555 4444", cardExpiryDate="12 / 39", cardSecurityCode="123")
    phone.get_by_role("button", name=re.compile("Pay")).click()
    expect(phone).to_have_url(f"{funnel.url}/upsell/1")
    assert crm.charges()["total"] == 1


@pytest.mark.parametrize("path", ["/", "/lead", "/checkout", "/thank-you", "/nothing"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_is_wider_than_the_screen(funnel: Funnel, open_page: OpenPage, path: str, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 800})
    page.goto(funnel.url + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_back_and_reload_after_paying_charge_nothing(crm: Crm, funnel: Funnel, open_page: OpenPage) -> None:
    page = open_page()
    page.goto(f"{funnel.url}/checkout")
    fill_in(page, **JANE)
    fill_in_address(page)
    fill_in(page, cardNumber="4242424242424242", cardExpiryDate="12/39", cardSecurityCode="123")
    page.get_by_role("button", name=re.compile("Pay")).click()
    expect(page).to_have_url(f"{funnel.url}/upsell/1")
    page.go_back()
    expect(page).to_have_url(f"{funnel.url}/upsell/1")
    expect(page.get_by_role("status").first).to_contain_text("already placed")
    page.reload()
    assert crm.charges()["total"] == 1


def test_back_to_a_form_that_had_a_mistake_sends_no_form_again(crm: Crm, funnel: Funnel, open_page: OpenPage) -> None:
    page = open_page()
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)

    def go_back_to(step: str) -> None:
        sent.clear()
        page.go_back()
        expect(page).to_have_url(f"{funnel.url}/{step}")
        assert sent == []

    def press(name: str) -> None:
        page.get_by_role("button", name=re.compile(f"^{name}")).click()

    page.goto(f"{funnel.url}/lead")
    press("Continue")
    expect(page.get_by_role("alert")).to_contain_text("There is a problem")
    fill_in(page, **JANE)
    press("Continue")
    page.wait_for_url("**/checkout")
    go_back_to("lead")
    page.go_forward()
    fill_in_address(page)
    fill_in(page, cardNumber="4000000000000002", cardExpiryDate="12/39", cardSecurityCode="123")
    press("Pay")
    expect(page.get_by_role("alert")).to_contain_text("declined")
    fill_in(page, cardNumber="4242424242424242", cardExpiryDate="12/39", cardSecurityCode="123")
    press("Pay")
    page.wait_for_url("**/upsell/1")
    go_back_to("upsell/1")
    expect(page.get_by_role("status").first).to_contain_text("already placed")
    page.evaluate("document.forms[0].elements.attempt.value = 'of yesterday'")
    press("Yes")
    expect(page.get_by_role("status").first).not_to_contain_text("already placed")
    press("No thanks")
    page.wait_for_url("**/upsell/2")
    go_back_to("upsell/1")
    assert crm.charges()["total"] == 1
