"""In Chromium, with the bank and PayPal on another site: ways out and back, what the policies let in, and what not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import PHONE, OpenPage
from conftest import Crm, Funnel, eventually
from playwright.sync_api import BrowserContext, ConsoleMessage, Frame, Page, Request, expect
from shopper import JANE
from test_browser import fill_in, fill_in_address
from test_walk import _session_serializer
from travellers import SCRIPT_CARD, UPSALE, UPSALE_CARD, UPSALE_SCRIPT_CARD, URL_CARD, ledger, with_paypal

from funnel.attempt import Away, AwayKind, By, State, Verdict

LOUD = {"error", "warning"}
# Chromium warns of the frame in the bank's room, which keeps its own origin on purpose; it is no breach of a policy.
KNOWN = "can escape its sandboxing"
WAITS = 15_000  # milliseconds, for the relay to ask and the page to look
# What a bank's script could try beyond its frame; each try says how it went.
HOSTILE = """
(async () => {
  const tried = {};
  const attempt = async (name, act) => {
    try { tried[name] = String(await act()); } catch (e) { tried[name] = "refused"; }
  };
  await attempt("cookie", () => document.cookie || "none");
  await attempt("fetch", () => fetch("/checkout").then((answer) => answer.text()));
  await attempt("xhr", () => new Promise((ok, no) => {
    const call = new XMLHttpRequest();
    call.onload = () => ok("read");
    call.onerror = no;
    call.open("GET", "/checkout");
    call.send();
  }));
  await attempt("beacon", () => navigator.sendBeacon("/lead/partial", "x") && "queued");
  await attempt("popup", () => window.open("/checkout") === null ? "refused" : "open");
  await attempt("worker", () => navigator.serviceWorker.register("/away/run.js").then(() => "stays"));
  await attempt("eval", () => (0, eval)("1 + 1"));
  await attempt("frame", () => new Promise((ok) => {
    const frame = document.createElement("iframe");
    frame.src = "/checkout/confirming";
    frame.onload = () => {
      let seen = "";
      try { seen = frame.contentDocument.body.innerText; } catch (e) {}
      ok(seen ? "read" : "refused");
    };
    setTimeout(() => ok("refused"), 1500);
    document.body.append(frame);
  }));
  await attempt("picture", () => new Promise((ok) => {
    const picture = new Image(); picture.onload = () => ok("sent"); picture.onerror = () => ok("refused");
    picture.src = "BANK/_sandbox/pixel.gif?stolen";
  }));
  await attempt("base", () => { const base = document.createElement("base"); base.href = "https://evil.example/";
    document.head.append(base); return document.baseURI.includes("evil") ? "moved" : "refused"; });
  document.body.dataset.tried = JSON.stringify(tried);
})();
"""


@pytest.fixture
def campaign_file(tmp_path: Path) -> Path:
    file = with_paypal(tmp_path)
    file.write_text(file.read_text().replace("[checkout]\n", "[checkout]\nfraud_pixel = true\n"))
    return file


@pytest.fixture
def shop(funnel: Funnel) -> str:
    """The funnel's address on another site than the bank's, which is at 127.0.0.1."""
    return funnel.url.replace("127.0.0.1", "localhost")


@pytest.fixture(params=[True, False], ids=["with-javascript", "without-javascript"])
def java_script(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def phone(open_page: OpenPage, java_script: bool) -> Iterator[Page]:
    yield from watched(open_page(java_script_enabled=java_script))


@pytest.fixture
def scripted_phone(open_page: OpenPage) -> Iterator[Page]:
    yield from watched(open_page())


def watched(page: Page) -> Iterator[Page]:
    """A page on which the browser must have nothing to complain about: a breach of a policy is an error there."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in LOUD and KNOWN not in message.text:
            complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []


def open_checkout(page: Page, shop: str) -> None:
    page.goto(f"{shop}/checkout")
    fill_in(page, **JANE)
    fill_in_address(page)


def pay_by_card(page: Page, number: str) -> None:
    fill_in(page, cardNumber=number, cardExpiryDate="12/39", cardSecurityCode="123")
    page.get_by_role("button", name=re.compile(r"^Pay \$")).click()


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words).click()


def press_yes(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Yes")).click()


@pytest.fixture
def sends_itself(java_script: bool) -> bool:
    """Whether the page after PayPal needs no button."""
    return java_script


def test_paypal_and_back_and_an_upsell_by_paypal(crm: Crm, shop: str, phone: Page, sends_itself: bool) -> None:
    open_checkout(phone, shop)
    press(phone, "Pay with PayPal")
    press(phone, "Agree and pay")
    if not sends_itself:
        press(phone, "Complete the payment")
    expect(phone).to_have_url(f"{shop}/upsell/1")
    assert crm.charges()["total"] == 1
    press_yes(phone)
    press(phone, "Agree and pay")
    if not sends_itself:
        press(phone, "Complete the payment")
    expect(phone).to_have_url(f"{shop}/upsell/2")
    expect(phone.get_by_role("status").first).to_contain_text("Added to your order: Linen shade")
    phone.go_back()
    phone.reload()
    assert crm.charges()["total"] == 2


def test_a_cancel_at_paypal_leads_to_checkout(crm: Crm, shop: str, phone: Page, sends_itself: bool) -> None:
    open_checkout(phone, shop)
    press(phone, "Pay with PayPal")
    press(phone, "Cancel")
    if not sends_itself:
        press(phone, "Continue")
    expect(phone).to_have_url(f"{shop}/checkout")
    expect(phone.get_by_role("status").first).to_contain_text("You have not been charged")
    pay_by_card(phone, "4242424242424242")
    expect(phone).to_have_url(f"{shop}/upsell/1")
    assert crm.charges()["total"] == 1


def test_the_new_workflow_of_paypal(crm: Crm, shop: str, scripted_phone: Page) -> None:
    crm.switch(paypal_workflow="new")
    open_checkout(scripted_phone, shop)
    press(scripted_phone, "Pay with PayPal")
    press(scripted_phone, "Agree and pay")
    expect(scripted_phone).to_have_url(f"{shop}/upsell/1", timeout=WAITS)
    assert crm.charges()["total"] == 1


def test_the_bank_by_url_also_without_javascript(crm: Crm, shop: str, phone: Page, java_script: bool) -> None:
    open_checkout(phone, shop)
    pay_by_card(phone, URL_CARD)
    press(phone, "Confirm")
    if not java_script:
        press(phone, "Continue")  # the bank's own page posts the order by a script
    expect(phone).to_have_url(f"{shop}/upsell/1", timeout=WAITS)
    assert crm.charges()["total"] == 1


def test_the_banks_post_has_no_cookie_and_costs_none(crm: Crm, shop: str, scripted_phone: Page) -> None:
    """SameSite=Lax: the cookie is not sent with a POST of another site, and is there again with the GET after it."""
    sent: dict[str, list[str | None]] = {"GET": [], "POST": []}

    def note(request: Request) -> None:
        if "/return/bank/" in request.url:
            sent[request.method].append(request.all_headers().get("cookie"))

    open_checkout(scripted_phone, shop)
    cookie = _cookie(scripted_phone.context, shop)
    pay_by_card(scripted_phone, URL_CARD)
    scripted_phone.on("requestfinished", note)
    press(scripted_phone, "Confirm")
    expect(scripted_phone).to_have_url(f"{shop}/upsell/1", timeout=WAITS)
    assert sent["POST"] == [None]
    assert sent["GET"]
    assert all(sent["GET"])
    assert _cookie(scripted_phone.context, shop)["sameSite"] == cookie["sameSite"] == "Lax"


def _cookie(context: BrowserContext, shop: str) -> dict[str, object]:
    (cookie,) = context.cookies(shop)
    return dict(cookie)


def test_the_bank_by_script_in_a_frame(crm: Crm, shop: str, scripted_phone: Page) -> None:
    open_checkout(scripted_phone, shop)
    pay_by_card(scripted_phone, SCRIPT_CARD)
    expect(scripted_phone).to_have_url(f"{shop}/away/run")
    scripted_phone.frame_locator("iframe").get_by_role("button", name="Confirm").click()
    expect(scripted_phone).to_have_url(f"{shop}/upsell/1", timeout=WAITS)
    assert crm.charges()["total"] == 1


@pytest.mark.parametrize("card", [URL_CARD, SCRIPT_CARD])
def test_a_check_that_fails_shows_no_pay_button_and_can_be_tried_again(
    crm: Crm, shop: str, scripted_phone: Page, card: str
) -> None:
    open_checkout(scripted_phone, shop)
    pay_by_card(scripted_phone, card)
    place = scripted_phone if card == URL_CARD else scripted_phone.frame_locator("iframe")
    place.get_by_role("button", name="Fail the check").click()
    expect(scripted_phone).to_have_url(f"{shop}/checkout/confirming")
    expect(scripted_phone.get_by_role("heading", level=1)).to_contain_text("not complete yet")
    assert scripted_phone.locator("form").count() == 0
    scripted_phone.get_by_role("link", name="Continue to your bank").click()
    place.get_by_role("button", name="Confirm").click()
    expect(scripted_phone).to_have_url(f"{shop}/upsell/1", timeout=WAITS)
    assert crm.charges()["total"] == 1


@pytest.mark.parametrize("card", [UPSALE_CARD, UPSALE_SCRIPT_CARD])
def test_an_upsell_behind_the_bank(crm: Crm, shop: str, scripted_phone: Page, card: str) -> None:
    open_checkout(scripted_phone, shop)
    pay_by_card(scripted_phone, card)
    expect(scripted_phone).to_have_url(f"{shop}/upsell/1")
    press_yes(scripted_phone)
    place = scripted_phone if card == UPSALE_CARD else scripted_phone.frame_locator("iframe")
    place.get_by_role("button", name="Confirm").click()
    expect(scripted_phone).to_have_url(f"{shop}/upsell/2", timeout=WAITS)
    assert crm.charges()["total"] == 2
    assert len(crm.calls(UPSALE)) == 1


def test_a_hostile_script_of_the_bank_stays_in_its_room(
    crm: Crm, funnel: Funnel, shop: str, open_page: OpenPage
) -> None:
    page = open_page()
    open_checkout(page, shop)
    pay_by_card(page, SCRIPT_CARD)
    expect(page).to_have_url(f"{shop}/away/run")
    (attempt,) = ledger(funnel.rooms, crm)
    hostile = Away(AwayKind.SCRIPT, HOSTILE.replace("BANK", crm.url))
    settle_at = attempt.settle_at
    asked = Verdict(State.AWAIT_REDIRECT, settle_at=settle_at, away=hostile)
    assert funnel.rooms.attempts.settle(attempt.key, asked, by=By.CHARGE, seen=(State.AWAIT_REDIRECT,))
    page.reload()
    page.wait_for_selector("body[data-tried]", state="attached")
    tried = json.loads(page.locator("body").get_attribute("data-tried") or "")
    assert tried.pop("cookie") == "none"
    assert tried.pop("beacon") in ("refused", "false", "queued")  # what the policy stops there shows in the calls only
    assert set(tried.values()) == {"refused"}, tried
    assert not [call for call in crm.calls() if "pixel.gif" in call["path"]]
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0


def test_no_other_page_may_show_the_banks_room_in_a_frame(shop: str, open_page: OpenPage) -> None:
    page = open_page()
    open_checkout(page, shop)
    pay_by_card(page, SCRIPT_CARD)
    expect(page).to_have_url(f"{shop}/away/run")
    page.goto("about:blank")
    page.set_content(f'<iframe src="{shop}/away/run"></iframe>')
    assert eventually(lambda: len(page.frames) > 1 and page.frames[-1].content())
    assert "Your bank" not in page.frames[-1].content()


@pytest.mark.parametrize("slow", [False, True])
def test_the_fraud_pixel_is_shown_and_holds_nothing_up(crm: Crm, shop: str, scripted_phone: Page, slow: bool) -> None:
    if slow:
        crm.fault("/landers/clicks/import/", "latency", seconds=2)
    scripted_phone.goto(f"{shop}/checkout")
    expect(scripted_phone.get_by_role("button", name=re.compile(r"^Pay \$"))).to_be_visible()
    if slow:
        assert not _pixels(scripted_phone, crm), "the page is there before the CRM has answered"
    assert eventually(lambda: _wait_a_little(scripted_phone) and _pixels(scripted_phone, crm), within=20)
    (frame,) = _pixels(scripted_phone, crm)
    assert frame.title() == "Fraud pixel", "the CSP lets it in"
    assert scripted_phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    fill_in(scripted_phone, **JANE)
    fill_in_address(scripted_phone)
    pay_by_card(scripted_phone, "4242424242424242")
    expect(scripted_phone).to_have_url(f"{shop}/upsell/1")


def _pixels(page: Page, crm: Crm) -> list[Frame]:
    return [frame for frame in page.frames if frame.url.startswith(f"{crm.url}/_sandbox/pixel")]


def _wait_a_little(page: Page) -> bool:
    """The browser's events are only heard while Playwright waits."""
    page.wait_for_timeout(50)
    return True


def test_a_pixel_of_an_unknown_place_is_not_shown(crm: Crm, funnel: Funnel, shop: str, scripted_phone: Page) -> None:
    scripted_phone.goto(f"{shop}/checkout")
    assert eventually(lambda: _wait_a_little(scripted_phone) and _pixels(scripted_phone, crm), within=20)
    visit_id = _session_serializer(funnel).loads(_cookie(scripted_phone.context, shop)["value"])["visit"]
    elsewhere = funnel.url + "/thank-you"
    funnel.rooms.visits.learn_pixel(visit_id, f'<iframe src="{elsewhere}"></iframe><script>alert(1)</script>')
    scripted_phone.reload()
    scripted_phone.wait_for_load_state("load")
    assert [frame.url for frame in scripted_phone.frames] == [f"{shop}/checkout", f"{shop}/pixel"]
