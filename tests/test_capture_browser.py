"""Progressive capture in Chromium: when its script sends, what it reads, and that nothing needs it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from browser import OpenPage
from conftest import Crm, Funnel, eventually
from playwright.sync_api import Page, Request, Route, expect
from shopper import ADDRESS, CARD, JANE

SCRIPTS = Path(__file__).parent.parent / "static" / "js"
LEAD = "/leads/import/"
APART = 5000  # milliseconds
FIELDS = {"firstName", "lastName", "emailAddress", "phoneNumber", "csrf_token"}
SENTENCE = "We save what you type so you can finish later."
SOON = 1500  # milliseconds in which what must not be sent would have been


@dataclass
class Watched:
    """A page on a phone, and what its script sent."""

    page: Page
    sent: list[Request] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def values(self, number: int) -> dict[str, str]:
        """Of one send, without what is empty."""
        return {name: value for name, (value,) in parse_qs(self.sent[number].post_data or "").items()}

    def wait_for(self, count: int) -> None:
        """Until so much was sent and answered."""
        while len(self.sent) < count:
            self.page.wait_for_event("request", lambda request: request.url.endswith("/lead/partial"), timeout=10_000)
        self.sent[count - 1].response()

    def type(self, **fields: str) -> None:
        """As a person does: into the field, key by key, and on to the next one."""
        for name, value in fields.items():
            self.page.locator(f"[name={name}]:visible").fill("")
            self.page.locator(f"[name={name}]:visible").press_sequentially(value)
            self.page.keyboard.press("Tab")


@pytest.fixture
def watch(open_page: OpenPage) -> Callable[..., Watched]:
    def watch(url: str, **options: bool) -> Watched:
        watched = Watched(open_page(**options))
        watched.page.on(
            "request", lambda request: watched.sent.append(request) if request.url.endswith("/partial") else None
        )
        watched.page.on("pageerror", lambda error: watched.broken.append(str(error)))
        watched.page.goto(url)
        return watched

    return watch


Watch = Callable[..., Watched]


def test_typing_and_leaving_the_fields_sends_one_partial(crm: Crm, funnel: Funnel, watch: Watch) -> None:
    shopper = watch(f"{funnel.url}/lead")
    shopper.type(firstName="Jane", lastName="O’Brien")
    shopper.page.wait_for_timeout(SOON)
    assert shopper.sent == [], "names alone are no lead"
    shopper.type(emailAddress="jane@example.com")
    shopper.wait_for(1)
    response = shopper.sent[0].response()
    assert response
    assert response.status == 204
    assert shopper.values(0).keys() == FIELDS - {"phoneNumber"}
    for name in ("firstName", "lastName", "emailAddress"):  # to look at them again changes nothing
        shopper.page.locator(f"[name={name}]").focus()
    shopper.page.wait_for_timeout(SOON)
    assert len(shopper.sent) == 1
    (lead,) = crm.wait_for(LEAD)
    assert lead["params"]["emailAddress"] == "jane@example.com"
    assert lead["params"]["sessionId"]
    shopper.page.reload()
    expect(shopper.page.locator("[name=lastName]")).to_have_value("O’Brien")
    assert shopper.broken == []


def test_a_change_soon_after_waits_until_five_seconds_have_passed(funnel: Funnel, watch: Watch) -> None:
    shopper = watch(f"{funnel.url}/lead")
    shopper.type(firstName="Jane", lastName="O’Brien", emailAddress="jane@example.com")
    shopper.wait_for(1)
    shopper.type(emailAddress="jane2@example.com")
    shopper.type(phoneNumber="555 123 4567")
    shopper.wait_for(2)
    first, second = (request.timing["startTime"] for request in shopper.sent)
    assert second - first >= APART
    assert shopper.values(1)["emailAddress"] == "jane2@example.com"
    assert shopper.values(1)["phoneNumber"] == "555 123 4567"
    shopper.page.wait_for_timeout(SOON)
    assert len(shopper.sent) == 2


# Headless Chromium hides no tab, so the page is told that it was hidden.
HIDE = """() => {
    Object.defineProperty(document, "visibilityState", {get: () => "hidden"});
    document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.mark.parametrize("leave", ["away", "closed", "hidden"])
def test_who_leaves_in_the_middle_of_a_field_is_kept(crm: Crm, funnel: Funnel, watch: Watch, leave: str) -> None:
    shopper = watch(f"{funnel.url}/lead")
    shopper.type(firstName="Jane", lastName="O’Brien")
    shopper.page.locator("[name=emailAddress]").press_sequentially("jane@example.com")
    if leave == "away":
        shopper.page.goto("about:blank")
    elif leave == "closed":
        shopper.page.close(run_before_unload=True)
    else:
        shopper.page.evaluate(HIDE)
    (lead,) = crm.wait_for(LEAD)
    assert lead["params"]["emailAddress"] == "jane@example.com"


def test_a_page_that_is_hidden_sends_at_once_what_would_have_waited(crm: Crm, funnel: Funnel, watch: Watch) -> None:
    """The CRM is told five seconds apart all the same: the server sees to it."""
    shopper = watch(f"{funnel.url}/lead")
    shopper.type(firstName="Jane", lastName="O’Brien", emailAddress="jane@example.com")
    shopper.wait_for(1)
    crm.wait_for(LEAD)
    shopper.type(emailAddress="jane2@example.com")
    shopper.page.goto("about:blank")
    second = crm.wait_for(LEAD, 2)[1]
    assert second["params"]["emailAddress"] == "jane2@example.com"


def test_the_button_brings_the_fields_itself(crm: Crm, funnel: Funnel, watch: Watch) -> None:
    """The last field is left by pressing the button, and leaving the page hides it: neither sends a partial."""
    shopper = watch(f"{funnel.url}/lead")
    with shopper.page.expect_navigation():
        shopper.page.evaluate(
            """typed => {
                const form = document.querySelector("form");
                for (const [name, value] of Object.entries(typed)) {
                    form.elements[name].focus();
                    form.elements[name].value = value;
                }
                form.querySelector("button").focus();
                form.querySelector("button").click();
            }""",
            JANE,
        )
    expect(shopper.page).to_have_url(f"{funnel.url}/checkout")
    shopper.page.wait_for_timeout(SOON)
    assert shopper.sent == []
    assert len(crm.calls(LEAD)) == 1


def test_at_checkout_only_the_contact_is_read(crm: Crm, funnel: Funnel, watch: Watch) -> None:
    shopper = watch(f"{funnel.url}/checkout")
    expect(shopper.page.get_by_text(SENTENCE)).to_be_visible()
    shopper.type(**JANE)
    shopper.wait_for(1)
    shopper.page.locator("[name=shipCountry]").select_option("US")
    typed = {name: value for name, value in {**ADDRESS, **CARD}.items() if name not in ("shipCountry", "shipState")}
    shopper.type(**typed)
    shopper.type(emailAddress="jane2@example.com", cardSecurityCode="987")
    shopper.wait_for(2)
    shopper.page.goto("about:blank")
    crm.wait_for(LEAD, 2)
    assert len(shopper.sent) == 2, "a card field is no reason to send"
    for number, email in enumerate(("jane@example.com", "jane2@example.com")):
        sent = shopper.values(number)
        assert sent.pop("csrf_token")
        assert sent == {**JANE, "emailAddress": email}


@pytest.mark.parametrize("broken", ["**/capture.js*", "**/lead/partial"])
def test_the_form_works_where_the_script_or_its_sending_fails(
    crm: Crm, funnel: Funnel, open_page: OpenPage, broken: str
) -> None:
    page, failed, errors = open_page(), [], []

    def fail(route: Route) -> None:
        failed.append(route.request.url)
        route.abort()

    page.route(broken, fail)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{funnel.url}/lead")
    Watched(page).type(**JANE)
    page.wait_for_timeout(SOON)
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(f"{funnel.url}/checkout")
    assert failed
    assert errors == []
    assert len(crm.calls(LEAD)) == 1


def test_a_failed_send_is_made_good_by_the_next_one(crm: Crm, funnel: Funnel, watch: Watch) -> None:
    shopper = watch(f"{funnel.url}/lead")
    shopper.page.route("**/lead/partial", lambda route: route.abort(), times=1)
    shopper.type(firstName="Jane", lastName="O’Brien", emailAddress="jane@example.com")
    assert eventually(lambda: shopper.page.wait_for_timeout(50) or shopper.sent)
    shopper.page.locator("[name=emailAddress]").focus()
    shopper.page.locator("[name=phoneNumber]").focus()
    (lead,) = crm_lead(crm, shopper.page)
    assert lead["params"]["emailAddress"] == "jane@example.com"


def crm_lead(crm: Crm, page: Page) -> list[dict[str, object]]:
    found = eventually(lambda: page.wait_for_timeout(50) or crm.calls(LEAD))
    assert isinstance(found, list)
    return found


def test_without_javascript_nothing_is_sent_before_the_button(crm: Crm, funnel: Funnel, watch: Watch) -> None:
    shopper = watch(f"{funnel.url}/lead", java_script_enabled=False)
    expect(shopper.page.get_by_text(SENTENCE)).to_be_visible()
    shopper.type(**JANE)
    shopper.page.wait_for_timeout(SOON)
    assert crm.calls(LEAD) == []
    shopper.page.get_by_role("button", name="Continue").click()
    expect(shopper.page).to_have_url(f"{funnel.url}/checkout")
    assert shopper.sent == []


def test_without_the_sentence_the_script_sends_nothing(funnel: Funnel, watch: Watch) -> None:
    """A theme that lost it."""
    shopper = watch("about:blank")
    shopper.page.route(
        "**/lead", lambda route: route.fulfill(body=re.sub("<p[^>]*data-capture.*?</p>", "", route.fetch().text()))
    )
    shopper.page.goto(f"{funnel.url}/lead")
    expect(shopper.page.get_by_text(SENTENCE)).to_have_count(0)
    shopper.type(**JANE)
    shopper.page.wait_for_timeout(SOON)
    assert shopper.sent == []
    assert shopper.broken == []


def test_the_script_stays_small() -> None:
    assert (SCRIPTS / "capture.js").stat().st_size < 2 * 1024
