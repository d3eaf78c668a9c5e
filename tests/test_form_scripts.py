"""The scripts of the forms in Chromium: the server's words at the right moment, cards spaced, one press sent once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import PHONE, OpenPage
from conftest import Crm, Funnel, eventually
from flask import Flask
from playwright.sync_api import Browser, Page, Request, expect
from shopper import ADDRESS, CARD, JANE

from funnel.forms.checkout import CheckoutForm, CheckoutRules
from funnel.forms.email_typos import COMMON, NO_SLIPS, likely_domain

SCRIPTS = Path(__file__).parent.parent / "static" / "js"
LIMIT = 10 * 1024  # bytes of JavaScript in all
BRANDS = ("Visa", "Mastercard", "American Express", "Discover")
NORTH_AMERICA = CheckoutRules(
    offers=("lamp-1",), countries=("US", "CA"), accepted_brands=BRANDS, test_card=True
)  # as tests/funnel.toml
FIELDS = "input:not([type=hidden], [type=radio], [type=checkbox]), select"
TYPED = {
    "firstName": ["", "Jane", "李", "O’Brien", "J" * 31, "\u200b", "  "],
    "emailAddress": ["", "jane", "jane@", "a b@example.com", "jane@example.com", "jöhn@exämple.com", "a@b.c"],
    "phoneNumber": ["", "12", "call me", "555 123 4567", "+44 20 7946 0018", "(555) 123-4567"],
    "shipAddress1": ["", "1 Main Street", "1 " + "Very " * 6 + "Long Street", "北京路 1"],
    "shipPostalCode": ["", "94105", "9410", "94105-1234", "94105–1234", "９４１０５", "H3Z 2Y7", "ABCDE"],
    "cardNumber": [
        "",
        "4242 4242 4242 4242",
        "4242424242424241",
        "3782 822463 10005",
        "5555-5555-5555-4444",
        "3056 9309 0259 04",
        "6011111111111117",
        "9999999999999995",
        "4242",
        "not a card",
        "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
        "0000000000000000",
    ],
    "cardExpiryDate": ["", "4/27", "0439", "04/2039", "04-39", "13/39", "01/20", "2039-04", "2020-01", "April 39"],
    "cardSecurityCode": ["", "123", "12", "1234", "abc"],
}
SLIPS = ("gmial.com", "gmail.con", "gmal.com", "gnail.com", "gmaill.com", "hotmial.com", "acme.com", "x", "")


@pytest.fixture(scope="module")
def shop() -> Flask:
    app = Flask("a shop")
    app.config.update({"SECRET_KEY": "a secret of the tests", "WTF_CSRF_ENABLED": False})
    return app


def server_says(shop: Flask, name: str, typed: str) -> str:
    filled = {**JANE, **ADDRESS, "shipState": "US-IL", **CARD, "offer": "lamp-1", "billShipSame": "y", name: typed}
    with shop.test_request_context("/checkout", method="POST", data=filled):
        form = CheckoutForm(NORTH_AMERICA)
        form.validate()
        return form[name].errors[0] if form[name].errors else ""


@pytest.fixture
def page(browser: Browser, funnel: Funnel) -> Iterator[Page]:
    """Checkout with the contact asked for; nothing may go wrong in a script of it."""
    context = browser.new_context(viewport=PHONE)
    page, broken = context.new_page(), list[str]()
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto(f"{funnel.url}/checkout")
    yield page
    context.close()
    assert broken == []


def sentence(page: Page, name: str) -> str:
    """What stands at a field, without the word that only screen readers hear."""
    line = page.locator(f"#{name}-error")
    return line.locator("span").last.inner_text() if line.is_visible() else ""


def leave(page: Page, name: str, typed: str) -> str:
    page.fill(f"#{name}", typed)
    page.locator(f"#{name}").dispatch_event("change")
    return sentence(page, name)


def test_the_script_says_what_the_server_says(page: Page, shop: Flask) -> None:
    page.select_option("#shipCountry", "US")
    for name, texts in TYPED.items():
        page.fill("#cardNumber", CARD["cardNumber"])
        said = {typed: leave(page, name, typed) for typed in texts}
        assert said == {typed: server_says(shop, name, typed) for typed in texts}


def test_words_follow_the_country(page: Page) -> None:
    page.select_option("#shipCountry", "US")
    assert leave(page, "shipPostalCode", "?") == "Enter your ZIP code, like 94105"
    page.select_option("#shipCountry", "CA")
    expect(page.locator("label[for=shipState]")).to_have_text("Province")
    expect(page.locator("#shipPostalCode-error")).to_contain_text("Enter your postal code, like H3Z 2Y7")


def test_both_ask_after_the_same_slips(page: Page) -> None:
    for domain in (*COMMON, *NO_SLIPS, *SLIPS):
        leave(page, "emailAddress", f"jane@{domain}")
        button = page.locator("#emailAddress-mend")
        asked = button.inner_text() if button.is_visible() else None
        likely = likely_domain(f"jane@{domain}")
        assert asked == (likely and f"Did you mean {likely}?"), domain
    leave(page, "emailAddress", "jane@gmial.com")
    page.get_by_role("button", name="Did you mean gmail.com?").click()
    expect(page.locator("#emailAddress")).to_have_value("jane@gmail.com")
    expect(page.locator("#emailAddress")).to_be_focused()


def test_nothing_is_said_while_one_types_or_looks(page: Page) -> None:
    for name in ("firstName", "lastName", "emailAddress"):
        page.locator(f"#{name}").focus()
    expect(page.locator(".wrong:visible")).to_have_count(0)
    page.locator("#emailAddress").press_sequentially("jane@")
    expect(page.locator(".wrong:visible")).to_have_count(0)
    page.keyboard.press("Tab")
    expect(page.locator("#emailAddress-error")).to_be_visible()
    expect(page.locator("#emailAddress")).to_have_attribute("aria-invalid", "true")
    page.locator("#emailAddress").press_sequentially("example.co")
    expect(page.locator("#emailAddress-error")).to_be_hidden()  # as soon as it is right
    expect(page.locator("#emailAddress")).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize(
    ("typed", "keys", "spaced", "caret"),
    [
        ("4242424242424242", [], "4242 4242 4242 4242", 19),
        ("378282246310005", [], "3782 822463 10005", 17),
        ("4242424242424242", ["Home", "ArrowRight", "ArrowRight", "9"], "4294 2424 2424 2424 2", 3),
        ("42424242", ["Home", *["ArrowRight"] * 5, "Backspace", "Backspace"], "4244 242", 3),
        ("4242 4242", ["Home", *["ArrowRight"] * 4, "7"], "4242 7424 2", 6),
    ],
)
def test_the_card_is_spaced_and_the_caret_stays(
    page: Page, typed: str, keys: list[str], spaced: str, caret: int
) -> None:
    number = page.locator("#cardNumber")
    number.press_sequentially(typed)
    for key in keys:
        page.keyboard.press(key)
    expect(number).to_have_value(spaced)
    assert number.evaluate("field => field.selectionStart") == caret


def test_the_brand_stands_in_words_and_the_whole_number_gets_its_tick(page: Page) -> None:
    page.fill("#cardNumber", "37")
    expect(page.locator("#cardNumber-brand")).to_have_text("American Express")
    expect(page.locator("#cardNumber-brand")).not_to_have_class("right")
    page.fill("#cardNumber", "378282246310005")
    expect(page.locator("#cardNumber-brand")).to_have_class("right")


def test_a_double_click_sends_once_and_the_page_says_that_it_works_on_it(crm: Crm, funnel: Funnel, page: Page) -> None:
    for name, typed in {**JANE, **ADDRESS, **CARD}.items():
        if name in ("shipCountry", "shipState"):
            page.select_option(f"#{name}", {"shipCountry": "US", "shipState": "US-IL"}[name])
        else:
            page.fill(f"#{name}", typed)
    page.clock.install()
    page.evaluate("document.forms[0].target = '_blank'")  # so that this page stays to be looked at
    button, sent = page.locator("button[value=pay]:not(.aside)"), list[Request]()
    page.context.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    button.dblclick()
    eventually(lambda: page.wait_for_timeout(50) or len(page.context.pages) > 1)
    _, answered = page.context.pages
    expect(button).to_have_text("Processing…")
    expect(button).to_have_attribute("aria-disabled", "true")
    status = page.locator("form > [role=status]")
    expect(status).to_have_text("Please wait. Do not close this page.")
    page.clock.run_for(10_000)
    expect(status).to_have_text("Still working. Banks can take up to a minute.")
    # Safari restores this page for the Back button as it was left. Chromium does not, for its answer is no-store.
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(button).to_contain_text("Pay $54.90")  # whoever comes back may press again
    expect(button).not_to_have_attribute("aria-disabled", "true")
    answered.wait_for_url("**/upsell/1")
    assert [request.url for request in sent] == [f"{funnel.url}/checkout"]
    assert crm.charges()["total"] == 1
    answered.evaluate("document.forms[0].target = '_blank'")
    answered.locator("[value=yes]").click()
    expect(answered.locator("[value=yes]")).to_have_text("Adding to your order…")
    for answer in ("yes", "no"):
        expect(answered.locator(f"[value={answer}]")).to_have_attribute("aria-disabled", "true")


def centre(page: Page, pressed: str) -> tuple[float, float]:
    page.locator(pressed).scroll_into_view_if_needed()
    box = page.locator(pressed).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "touch"])
@pytest.mark.parametrize(
    ("path", "left"), [("lead", "phoneNumber"), ("checkout", "cardSecurityCode")], ids=["Continue", "Pay"]
)
def test_a_press_arrives_though_the_field_just_left_gets_a_message(
    funnel: Funnel, open_page: OpenPage, path: str, left: str, touch: bool
) -> None:
    page = open_page(has_touch=touch)
    page.goto(f"{funnel.url}/{path}")
    page.locator(f"#{left}").press_sequentially("12")
    x, y = centre(page, "main form .button >> nth=-1")
    page.touchscreen.tap(x, y) if touch else page.mouse.click(x, y)
    expect(page.get_by_role("alert")).to_contain_text("There is a problem")  # the server says so


@pytest.mark.parametrize("pressed", ["#billShipSame", "label[for=billShipSame]"])
def test_a_box_is_ticked_by_a_press_that_leaves_a_field_with_a_message(page: Page, pressed: str) -> None:
    page.locator("#cardSecurityCode").press_sequentially("12")
    page.mouse.click(*centre(page, pressed))
    expect(page.locator("#billShipSame")).not_to_be_checked()
    expect(page.locator("#cardSecurityCode-error")).to_be_visible()


def test_a_message_waits_for_the_mouse_to_be_let_go(page: Page) -> None:
    page.locator("#phoneNumber").press_sequentially("12")
    page.mouse.move(*centre(page, "h1"))
    page.mouse.down()
    expect(page.locator("#phoneNumber")).not_to_be_focused()
    assert not sentence(page, "phoneNumber")
    page.mouse.up()
    expect(page.locator("#phoneNumber-error")).to_be_visible()
    page.locator("#emailAddress").press_sequentially("jane@")
    page.keyboard.press("Tab")
    assert sentence(page, "emailAddress")


def test_what_is_pressed_is_what_was_asked_though_the_address_was_mended_meanwhile(page: Page) -> None:
    leave(page, "emailAddress", "jane@gmial.com")
    page.fill("#emailAddress", "jane@gmail.co")
    page.locator("#emailAddress").press_sequentially("m")
    page.mouse.click(*centre(page, "#emailAddress-mend"))
    expect(page.locator("#emailAddress-mend")).to_be_hidden()
    expect(page.locator("#emailAddress")).to_have_value("jane@gmail.com")


def test_a_text_that_is_dragged_keeps_no_message_back(page: Page) -> None:
    page.locator("#emailAddress").press_sequentially("jane")
    page.locator("#emailAddress").select_text()
    page.evaluate("addEventListener('dragend', () => (window.dragged = true))")
    x, y = centre(page, "#emailAddress")
    left = page.locator("#emailAddress").evaluate("field => field.getBoundingClientRect().left")
    page.mouse.move(left + 25, y)
    page.mouse.down()
    page.mouse.move(x, y + 80, steps=8)
    page.mouse.up()
    page.wait_for_function("window.dragged")
    page.keyboard.press("Tab")
    assert sentence(page, "emailAddress")


def press(page: Page, name: str) -> None:
    """Tab until a button or link of this name has the focus, and press Enter."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText || ''").strip().startswith(name):
            return page.keyboard.press("Enter")
    raise AssertionError(f"no way to {name} by the keyboard")


def type_into(page: Page, **typed: str) -> None:
    """Tab from field to field and type into those named."""
    left = dict(typed)
    for _ in range(60):
        if not left:
            return
        page.keyboard.press("Tab")
        page.keyboard.type(left.pop(page.evaluate("document.activeElement.name || ''"), ""))
    raise AssertionError(f"no way to {left} by the keyboard")


def test_who_has_only_a_keyboard_buys(crm: Crm, funnel: Funnel, open_page: OpenPage) -> None:
    page = open_page()
    page.goto(funnel.url)
    press(page, page.locator("main a.button").first.inner_text())
    page.wait_for_url("**/lead")
    type_into(page, **JANE)
    press(page, "Continue")
    page.wait_for_url("**/checkout")
    assert page.locator(f"main :is({FIELDS}):visible").count() <= 8, "of the fields there are to fill in"
    address = {"shipCountry": "United States", **{name: ADDRESS[name] for name in ADDRESS if name != "shipCountry"}}
    type_into(page, **{**address, "shipState": "Illinois"}, **CARD)
    press(page, "Pay")
    page.wait_for_url("**/upsell/1")
    press(page, "Yes")
    page.wait_for_url("**/upsell/2")
    press(page, "No thanks")
    page.wait_for_url("**/thank-you")
    assert crm.charges()["total"] == 2


def test_all_scripts_together_are_small() -> None:
    assert sum(script.stat().st_size for script in SCRIPTS.rglob("*.js")) <= LIMIT
