"""Progressive capture over HTTP: what is kept and told while a shopper types, and what never is."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import requests
from conftest import Crm, Funnel, OpenFunnel, eventually
from shopper import JANE, Shopper

from funnel.outbox.outbox import Kind
from funnel.people import Contact
from funnel.visits.visit import Visit

CLICK = "/landers/clicks/import/"
LEAD = "/leads/import/"
APART = 5.0  # seconds
AT_ONCE = 3.0  # seconds within which the answer is there, on a busy machine; the CRM takes longer
SENTENCE = "We save what you type so you can finish later."
NAMES = {"firstName": "Jane", "lastName": "O’Brien"}
EMAIL = {"emailAddress": "jane@example.com"}
PHONE = {"phoneNumber": "555 123 4567"}


def type_in(shopper: Shopper, headers: dict[str, str] | None = None, **fields: str) -> requests.Response:
    """What the page's script sends: the contact fields as they stand, and the form's token."""
    sent = fields if "csrf_token" in fields else {"csrf_token": shopper.page.form.values["csrf_token"], **fields}
    return shopper.browser.post(f"{shopper.url}/lead/partial", data=sent, headers=headers, timeout=20)


def deliver_all(funnel: Funnel) -> None:
    """The relay's work, where there is none: all that is due now."""
    while funnel.rooms.relay.run_once():
        pass


def kept(funnel: Funnel) -> Visit:
    """The only visit in the store."""
    with funnel.rooms.store.read() as connection:
        (visit_id,) = connection.exec_driver_sql("SELECT id FROM visits").scalars()
    visit = funnel.rooms.visits.find(visit_id)
    assert visit
    return visit


def test_what_is_typed_is_told_after_the_click_and_the_lead_is_the_same_order(
    crm: Crm, funnel: Funnel, shopper: Shopper
) -> None:
    shopper.get("/lead")
    answer = type_in(shopper, **NAMES, **EMAIL)
    assert (answer.status_code, answer.content) == (204, b"")
    (partial,) = crm.wait_for(LEAD)
    click = crm.calls(CLICK)[0]
    assert partial["n"] > click["n"]
    assert eventually(lambda: kept(funnel).order_id)
    assert partial["params"]["sessionId"] == kept(funnel).session_id
    assert NAMES.items() | EMAIL.items() <= partial["params"].items()
    assert "orderId" not in partial["params"]
    assert shopper.submit(**JANE).path == "checkout"
    lead = crm.wait_for(LEAD, 2)[1]
    assert lead["params"]["orderId"] == kept(funnel).order_id
    assert lead["params"]["phoneNumber"] == "1-555-123-4567"
    assert kept(funnel).lead_is_known


def test_leads_of_a_draft_are_five_seconds_apart_and_the_newest_facts_arrive(crm: Crm, shopper: Shopper) -> None:
    shopper.get("/lead")
    type_in(shopper, **NAMES, **EMAIL)
    crm.wait_for(LEAD)
    for email in ("janet@example.com", "jane2@example.com"):
        type_in(shopper, **NAMES, emailAddress=email)
    first, second = crm.wait_for(LEAD, 2)
    apart = datetime.fromisoformat(second["at"]) - datetime.fromisoformat(first["at"])
    assert apart.total_seconds() >= APART
    assert second["params"]["emailAddress"] == "jane2@example.com"
    assert second["params"]["orderId"]


def test_what_was_told_already_is_not_told_again(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_funnel(relay=False)
    with Shopper(funnel.url) as shopper:
        shopper.get("/lead")
        for _ in range(2):
            type_in(shopper, **NAMES, **EMAIL)
            deliver_all(funnel)
    assert len(crm.calls(LEAD)) == 1
    assert not funnel.rooms.outbox.owes(kept(funnel).id, Kind.LEAD)


@pytest.mark.parametrize("fault", ["hang", "500"])
def test_nobody_waits_for_the_crm(crm: Crm, shopper: Shopper, fault: str) -> None:
    crm.fault("*", fault, times=0, seconds=5)
    shopper.get("/lead")
    asked = time.monotonic()
    assert type_in(shopper, **NAMES, **EMAIL).status_code == 204
    assert time.monotonic() - asked < AT_ONCE
    crm.heal()


def test_a_lead_follows_a_draft_that_is_still_on_its_way(crm: Crm, funnel: Funnel, shopper: Shopper) -> None:
    """The button does not wait for long, and the whole lead arrives afterwards, in the same order."""
    crm.fault(LEAD, "hang", seconds=3)
    shopper.get("/lead")
    type_in(shopper, **NAMES, **EMAIL)
    crm.wait_for(LEAD)
    assert shopper.submit(**JANE).path == "checkout"
    assert eventually(lambda: kept(funnel).lead_is_known, within=20)
    lead = crm.calls(LEAD)[-1]["params"]
    assert lead["phoneNumber"] == "1-555-123-4567"
    assert crm.calls(LEAD)[-1]["result"] == "SUCCESS"
    assert kept(funnel).draft is None


@pytest.mark.parametrize(
    ("typed", "draft"),
    [
        (NAMES | EMAIL | PHONE, Contact("Jane", "O’Brien", "jane@example.com", "1-555-123-4567")),
        (NAMES | PHONE | {"emailAddress": "jane@"}, Contact("Jane", "O’Brien", "", "1-555-123-4567")),
        (NAMES | EMAIL | {"phoneNumber": "555"}, Contact("Jane", "O’Brien", "jane@example.com", "")),
        (EMAIL | {"firstName": " Jane\u200b  Ann ", "lastName": "Li"}, Contact("Jane Ann", "Li", "jane@example.com")),
        (
            NAMES | PHONE | {"emailAddress": "4242424242424242@example.com"},
            Contact("Jane", "O’Brien", "", "1-555-123-4567"),
        ),
        (NAMES | EMAIL | {"phoneNumber": "4242 4242 4242 4242"}, Contact("Jane", "O’Brien", "jane@example.com", "")),
        (NAMES | EMAIL | {"firstName": "4242 4242 4242 4242"}, None),
        (NAMES | EMAIL | {"lastName": "5555-5555-5555-4444"}, None),
        (NAMES | EMAIL | {"lastName": "x" * 31}, None),
        (NAMES | {"emailAddress": "jane@", "phoneNumber": "555"}, None),
        (NAMES, None),
        (EMAIL | PHONE | {"firstName": "Jane"}, None),
        (EMAIL | PHONE | {"firstName": " ", "lastName": "O’Brien"}, None),
        ({}, None),
    ],
)
def test_only_what_is_good_is_kept_and_only_where_it_makes_a_lead(
    crm: Crm, open_funnel: OpenFunnel, typed: dict[str, str], draft: Contact | None
) -> None:
    funnel = open_funnel(relay=False)
    with Shopper(funnel.url) as shopper:
        shopper.get("/lead")
        assert type_in(shopper, **typed).status_code == 204
    assert kept(funnel).draft == draft
    deliver_all(funnel)
    assert len(crm.calls(LEAD)) == (1 if draft else 0)


def test_of_other_fields_nothing_is_kept(funnel: Funnel, shopper: Shopper, tmp_path: Path) -> None:
    shopper.get("/checkout")
    type_in(shopper, **NAMES, **EMAIL, cardNumber="4242424242424242", shipAddress1="1 Main Street")
    assert kept(funnel).draft == Contact("Jane", "O’Brien", "jane@example.com")
    assert kept(funnel).addresses is None
    stored = b"".join(file.read_bytes() for file in (tmp_path / "instance").glob("funnel.db*"))
    assert b"O\\u2019Brien" in stored
    assert b"4242424242424242" not in stored


def test_a_later_mistake_does_not_erase_what_was_kept(funnel: Funnel, shopper: Shopper) -> None:
    shopper.get("/lead")
    type_in(shopper, **NAMES, **EMAIL)
    type_in(shopper, **NAMES, emailAddress="jane@")
    assert kept(funnel).draft == Contact("Jane", "O’Brien", "jane@example.com")


@pytest.mark.parametrize("path", ["/lead", "/checkout"])
def test_who_returns_finds_the_form_as_it_was(shopper: Shopper, path: str) -> None:
    shopper.get(path)
    type_in(shopper, **NAMES, **EMAIL, **PHONE)
    page = shopper.get(path)
    filled = {name: page.form.values[name] for name in JANE}
    assert filled == {**NAMES, **EMAIL, "phoneNumber": "+1-555-123-4567"}


def test_a_draft_is_no_lead(crm: Crm, funnel: Funnel, shopper: Shopper) -> None:
    """Checkout goes on asking, and tells the CRM of the whole lead, in the same order, before it charges."""
    shopper.get("/lead")
    type_in(shopper, **NAMES, **EMAIL)
    assert eventually(lambda: kept(funnel).told)
    assert kept(funnel).contact is None
    assert not kept(funnel).lead_is_known
    assert "Who is it for?" in shopper.get("/lead").text
    assert "firstName" in shopper.get("/checkout").form.values
    assert shopper.pay().path == "upsell/1"
    first, lead, order = (call for call in crm.calls() if call["path"] in (LEAD, "/order/import/"))
    assert "orderId" not in first["params"]
    assert lead["params"]["orderId"] == order["params"]["orderId"] == kept(funnel).order_id
    assert crm.charges()["total"] == 1


def test_a_form_that_comes_without_contact_fields_is_not_filled_from_the_draft(
    crm: Crm, funnel: Funnel, shopper: Shopper
) -> None:
    for path in ("/lead", "/checkout"):
        shopper.get(path)
        type_in(shopper, **NAMES, **EMAIL)
        page = shopper.pay(**dict.fromkeys(JANE))
        assert (page.status, "Enter your first name" in page.text) == (422, True)
    assert crm.calls("/order/import/") == []
    assert kept(funnel).contact is None


def test_the_lead_takes_the_drafts_place_for_good(crm: Crm, funnel: Funnel, shopper: Shopper) -> None:
    shopper.get("/lead")
    type_in(shopper, **NAMES, **EMAIL)
    token = shopper.page.form.values["csrf_token"]
    shopper.submit(**JANE)
    assert kept(funnel).draft is None
    assert kept(funnel).contact
    told = len(crm.calls(LEAD))
    assert type_in(shopper, csrf_token=token, **NAMES, emailAddress="late@example.com").status_code == 204
    assert kept(funnel).draft is None
    crm.wait_for(CLICK, 2)  # what came after the lead has been told, so nothing is on its way
    assert len(crm.calls(LEAD)) == told


def test_a_draft_that_the_lead_has_overtaken_changes_nothing(funnel: Funnel, shopper: Shopper) -> None:
    """Its request began before the lead was kept, and has come to its end only now."""
    shopper.get("/lead")
    before = kept(funnel)
    shopper.submit(**JANE)
    funnel.rooms.flow.capture_draft(before, Contact("Jane", "O’Brien", "late@example.com"))
    assert kept(funnel).draft is None
    assert not funnel.rooms.outbox.owes(before.id, Kind.LEAD)


def test_the_form_has_no_such_script_and_no_sentence_once_the_lead_is_known(shopper: Shopper) -> None:
    shopper.leave_lead()
    for path in ("/lead", "/checkout"):
        page = shopper.get(path)
        assert SENTENCE not in page.text
        assert "capture.js" not in page.html


def test_a_draft_that_waits_is_not_sent_once_the_order_may_be_paid(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_funnel(relay=False)
    with Shopper(funnel.url) as shopper:
        shopper.get("/checkout")
        type_in(shopper, **NAMES, **EMAIL)
        shopper.pay(**{**JANE, "emailAddress": "paid@example.com"})
        token = shopper.page.form.values["csrf_token"]
        assert shopper.page.path == "upsell/1"
        assert type_in(shopper, csrf_token=token, **NAMES, emailAddress="late@example.com").status_code == 204
        deliver_all(funnel)
    (lead,) = crm.calls(LEAD)
    assert lead["params"]["emailAddress"] == "paid@example.com"
    assert lead["n"] < crm.calls("/order/import/")[0]["n"]
    assert kept(funnel).draft is None


@pytest.mark.parametrize("path", ["/lead", "/checkout"])
def test_shoppers_are_told_where_they_type(shopper: Shopper, path: str) -> None:
    page = shopper.get(path)
    assert SENTENCE in page.text
    scripts = [given for tag, given in page.elements if tag == "script"]
    (script,) = (given for given in scripts if given["src"].startswith("/static/js/capture.js?v="))
    assert script["type"] == "module", "it waits for the page"
    assert page.attributes("p", **{"data-capture": "/lead/partial"}).get("hidden") is None
    policy = page.headers["Content-Security-Policy"]
    assert "connect-src 'self';" in policy
    assert "unsafe" not in policy


def another_campaign(tmp_path: Path, campaign_file: Path, old: str, new: str) -> str:
    text = campaign_file.read_text()
    assert text.count(old) == 1
    (tmp_path / "other.toml").write_text(text.replace(old, new))
    return str(tmp_path / "other.toml")


@pytest.mark.parametrize("off", ["enabled = false", ""])
def test_switched_off_there_is_nothing_of_it(
    crm: Crm, open_funnel: OpenFunnel, campaign_file: Path, tmp_path: Path, off: str
) -> None:
    funnel = open_funnel(FUNNEL_FILE=another_campaign(tmp_path, campaign_file, "enabled = true", off))
    with Shopper(funnel.url) as shopper:
        for path in ("/lead", "/checkout"):
            page = shopper.get(path)
            assert SENTENCE not in page.text
            assert "capture.js" not in page.html
            assert "data-capture" not in page.html
        assert type_in(shopper, **NAMES, **EMAIL).status_code == 404
    assert kept(funnel).draft is None
    assert crm.calls(LEAD) == []


def test_the_sentence_is_the_merchants(open_funnel: OpenFunnel, campaign_file: Path, tmp_path: Path) -> None:
    own = another_campaign(tmp_path, campaign_file, SENTENCE, "We keep <b>your</b> details.")
    with Shopper(open_funnel(FUNNEL_FILE=own).url) as shopper:
        assert "We keep <b>your</b> details." in shopper.get("/lead").text


def no_token(_: Shopper) -> str:
    return ""


def another_shoppers_token(shopper: Shopper) -> str:
    with Shopper(shopper.url) as other:
        return other.get("/lead").form.values["csrf_token"]


@pytest.mark.parametrize("token", [no_token, another_shoppers_token])
def test_a_form_of_somebody_else_is_not_kept(
    crm: Crm, open_funnel: OpenFunnel, token: Callable[[Shopper], str]
) -> None:
    funnel = open_funnel(relay=False)
    with Shopper(funnel.url) as shopper:
        shopper.get("/lead")
        assert type_in(shopper, csrf_token=token(shopper), **NAMES, **EMAIL).status_code == 400
    with funnel.rooms.store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM visits WHERE draft IS NOT NULL").scalar() == 0


def test_another_site_is_refused(funnel: Funnel, shopper: Shopper) -> None:
    shopper.get("/lead")
    answer = type_in(shopper, {"Sec-Fetch-Site": "cross-site"}, **NAMES, **EMAIL)
    assert answer.status_code == 403
    assert kept(funnel).draft is None


def test_without_a_cookie_nothing_is_kept(funnel: Funnel, shopper: Shopper) -> None:
    shopper.get("/lead")
    shopper.browser.cookies.clear()
    assert type_in(shopper, **NAMES, **EMAIL).status_code == 400
    assert kept(funnel).draft is None


@pytest.mark.parametrize("header", [{"User-Agent": "Googlebot/2.1"}, {"Sec-Purpose": "prefetch;prerender"}])
def test_robots_and_prefetching_browsers_leave_nothing(
    funnel: Funnel, shopper: Shopper, header: dict[str, str]
) -> None:
    shopper.get("/lead")
    assert type_in(shopper, header, **NAMES, **EMAIL).status_code == 204
    assert kept(funnel).draft is None


def test_a_visit_that_the_store_does_not_know_gets_no_draft(funnel: Funnel, shopper: Shopper) -> None:
    shopper.get("/lead")
    with funnel.rooms.store.write() as connection:
        connection.exec_driver_sql("DELETE FROM visits")
    assert type_in(shopper, **NAMES, **EMAIL).status_code == 204
    with funnel.rooms.store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM visits").scalar() == 0


def test_its_address_is_no_page(shopper: Shopper) -> None:
    shopper.get("/lead")
    assert shopper.get("/lead/partial").status == 405
