"""Charged once: double clicks, tabs, lost answers and a CRM that misbehaves, over HTTP against the sandbox."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Crm, Funnel, OpenFunnel, eventually
from shopper import ADDRESS, CARD, DECLINED_CARD, JANE, Page, Shopper
from travellers import HASTY, ORDER, UPSALE


@pytest.fixture
def hasty(open_funnel: OpenFunnel) -> Iterator[Shopper]:
    """A shopper at a funnel whose waits are short, with the card form open."""
    with Shopper(open_funnel(**HASTY).url) as shopper:
        shopper.leave_lead()
        yield shopper


def presses(shopper: Shopper, count: int, **typed: str) -> list[Page]:
    """The same form, sent so many times at once with the same cookie."""
    form, gate, pages = shopper.page.form, threading.Barrier(count), []
    cookies = shopper.browser.cookies.get_dict()

    def press() -> None:
        with Shopper(shopper.url) as twin:
            twin.browser.cookies.update(cookies)
            twin.page = shopper.page
            gate.wait()
            pages.append(twin.submit(form, **typed))

    threads = [threading.Thread(target=press) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return pages


def test_many_presses_of_the_pay_button_are_one_charge(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    crm.fault(ORDER, "latency", seconds=0.5)
    pages = presses(shopper, 12, **ADDRESS, **CARD)
    assert {page.path for page in pages} == {"upsell/1"}
    assert crm.charges()["total"] == 1
    assert len(crm.calls(ORDER)) == 1


def test_many_presses_of_yes_are_one_charge(crm: Crm, shopper: Shopper) -> None:
    shopper.buy()
    crm.fault(UPSALE, "latency", seconds=0.5)
    pages = presses(shopper, 12, choice="yes")
    assert {page.path for page in pages} == {"upsell/2"}
    assert crm.charges()["total"] == 2
    assert len(crm.calls(UPSALE)) == 1


def test_two_tabs_with_forms_of_their_own_are_one_charge(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    first = shopper.page.form
    second = shopper.get("/checkout").form
    assert first.values["attempt"] != second.values["attempt"]
    assert shopper.submit(first, **ADDRESS, **CARD).path == "upsell/1"
    assert shopper.submit(second, **ADDRESS, **CARD).path == "upsell/1"
    assert crm.charges()["total"] == 1


def test_a_replayed_cookie_and_form_charge_nothing(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    form, cookies = shopper.page.form, shopper.browser.cookies.get_dict()
    shopper.pay()
    shopper.submit(choice="no")
    shopper.browser.cookies.update(cookies)
    assert shopper.submit(form, **ADDRESS, **CARD).path == "upsell/2"
    assert crm.charges()["total"] == 1


def test_a_declined_card_can_be_mended_and_is_said_kindly(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    old = shopper.page.form
    page = shopper.pay(**DECLINED_CARD)
    assert page.status == 422
    assert "Your card was declined. You have not been charged." in page.text
    assert page.form.values["shipAddress1"] == ADDRESS["shipAddress1"]
    assert page.form.values["cardNumber"] == ""
    assert page.form.values["attempt"] != old.values["attempt"]
    replayed = shopper.submit(old, **ADDRESS, **CARD)
    assert replayed.status == 422, "the old form's key is spent: it replays the decline"
    assert shopper.pay().path == "upsell/1"
    assert crm.charges()["total"] == 1
    orders = {call["params"]["orderId"] for call in crm.calls(ORDER)}
    assert len(orders) == 1, "a declined order is tried again under its own orderId"


def test_after_too_many_declines_no_more_are_tried(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    for _ in range(5):
        assert shopper.pay(**DECLINED_CARD).status == 422
    page = shopper.pay()
    assert page.status == 429
    assert "You have not been charged" in page.text
    assert len(crm.calls(ORDER)) == 5


def test_a_prepaid_card_is_refused_kindly(shopper: Shopper) -> None:
    shopper.leave_lead()
    page = shopper.pay(cardNumber="4000 0000 0000 0069")
    assert page.status == 422
    assert "cannot take prepaid cards" in page.text


@pytest.mark.parametrize("fault", ["process_then_drop", "html", "truncated"])
def test_a_charge_whose_answer_is_lost_is_found(crm: Crm, hasty: Shopper, fault: str) -> None:
    crm.fault(ORDER, fault)
    page = hasty.pay()
    assert page.path == "checkout/confirming"
    assert "Please do not pay again" in page.text
    assert "cardNumber" not in page.html, "never a pay button"
    assert page.headers["Refresh"]
    assert eventually(lambda: hasty.get("/checkout/confirming").path == "upsell/1")
    assert crm.charges()["total"] == 1


@pytest.mark.parametrize("fault", ["drop", "500", "unknown_error", "hang"])
def test_no_charge_is_told_only_after_the_quiet_time(crm: Crm, hasty: Shopper, fault: str) -> None:
    crm.fault(ORDER, fault, seconds=8)
    assert hasty.pay().path == "checkout/confirming"
    for path in ("/checkout", "/lead", "/upsell/1", "/thank-you"):
        assert hasty.get(path).path == "checkout/confirming", "every road leads to the confirming page"
    page = eventually(lambda: found if (found := hasty.get("/checkout/confirming")).path == "checkout" else None)
    assert page
    assert "You have not been charged" in page.text
    assert crm.charges()["total"] == 0
    assert hasty.pay().path == "upsell/1"
    assert crm.charges()["total"] == 1


def test_a_charge_that_comes_late_is_still_one_charge(crm: Crm, open_funnel: OpenFunnel) -> None:
    with Shopper(open_funnel(**{**HASTY, "FUNNEL_QUIET_TIME": "30"}).url) as shopper:
        shopper.leave_lead()
        crm.fault(ORDER, "process_late", seconds=3)
        assert shopper.pay().path == "checkout/confirming"
        assert eventually(lambda: shopper.get("/checkout/confirming").path == "upsell/1", within=20)
    assert crm.charges()["total"] == 1


def test_with_the_crm_away_nothing_is_charged_and_the_details_stay(open_funnel: OpenFunnel) -> None:
    funnel = open_funnel(KONNEKTIVE_API_URL="http://127.0.0.1:9", **HASTY)
    with Shopper(funnel.url) as shopper:
        assert shopper.leave_lead().path == "checkout"
        page = shopper.pay()
    assert page.status == 503
    assert "you have not been charged" in page.text
    assert page.form.values["shipCity"] == ADDRESS["shipCity"]
    assert page.form.values["cardNumber"] == ""


@pytest.mark.parametrize(
    ("fault", "words"),
    [("drop", "still adding"), ("process_then_drop", "still adding"), ("html", "still adding")],
)
def test_an_upsell_without_an_answer_leads_on_to_the_receipt(crm: Crm, hasty: Shopper, fault: str, words: str) -> None:
    hasty.pay()
    crm.fault(UPSALE, fault)
    page = hasty.submit(choice="yes")
    assert page.path == "thank-you", "no further offer while one is unresolved"
    assert words in page.text
    charged = fault != "drop"
    settled = "$87.40" if charged else "$54.90"

    def receipt() -> bool:
        text = hasty.get("/thank-you").text
        return "being added" not in text and settled in text

    assert eventually(receipt), hasty.page.text
    assert crm.charges()["total"] == 1 + charged


def test_a_declined_upsell_leads_on_with_an_honest_sentence(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    shopper.pay(cardNumber="4000 0000 0000 0341")
    page = shopper.submit(choice="yes")
    assert page.path == "upsell/2"
    assert "you were not charged for it" in page.text
    assert shopper.get("/upsell/1").path == "upsell/1"
    assert "choice" not in [name for name, _ in (shopper.page.forms[0].buttons if shopper.page.forms else [])]
    assert crm.charges()["total"] == 1


def test_two_shoppers_whom_the_crm_gives_the_same_partial_pay_their_own_orders(
    crm: Crm, funnel: Funnel, shopper: Shopper
) -> None:
    shopper.leave_lead()
    with Shopper(funnel.url) as other:
        other.leave_lead(firstName="John")
        assert other.pay().path == "upsell/1", "the second one first, while the first one's partial is open"
        assert shopper.pay().path == "upsell/1"
    orders = [call["params"]["orderId"] for call in crm.calls(ORDER)]
    assert len(set(orders)) == 2
    assert set(crm.charges()["orders"]) == set(orders)


def test_an_order_id_that_stays_another_visits_is_never_charged(crm: Crm, funnel: Funnel, shopper: Shopper) -> None:
    crm.switch(dedup_param_respected=False)
    shopper.leave_lead()
    with Shopper(funnel.url) as other:
        other.leave_lead(firstName="John")
        page = other.pay()
    assert page.status == 422
    assert "You have not been charged" in page.text
    assert crm.calls(ORDER) == []


def test_with_the_store_lost_the_crm_is_asked_before_any_form(
    crm: Crm, open_funnel: OpenFunnel, tmp_path: Path
) -> None:
    with Shopper(open_funnel(**HASTY).url) as shopper:
        shopper.buy()
        cookies = shopper.browser.cookies.get_dict()
    with Shopper(open_funnel(DATABASE_URL=f"sqlite:///{tmp_path}/new.db", **HASTY).url) as shopper:
        shopper.browser.cookies.update(cookies)
        assert shopper.get("/checkout").path == "checkout/confirming"
        assert eventually(lambda: shopper.get("/checkout").path == "thank-you")
        assert "$54.90" in shopper.page.text, "the CRM's own total, for our books are gone"
    assert crm.charges()["total"] == 1


def test_with_the_store_lost_an_accepted_offer_is_not_made_again(
    crm: Crm, open_funnel: OpenFunnel, tmp_path: Path
) -> None:
    with Shopper(open_funnel(**HASTY).url) as shopper:
        shopper.buy()
        old = shopper.page.form
        shopper.submit(choice="yes")
        cookies = shopper.browser.cookies.get_dict()
    with Shopper(open_funnel(DATABASE_URL=f"sqlite:///{tmp_path}/new.db", **HASTY).url) as shopper:
        shopper.browser.cookies.update(cookies)
        assert eventually(lambda: shopper.get("/upsell/1").path == "thank-you")
        shopper.submit(old, choice="yes")
        assert shopper.get("/upsell/2").path == "thank-you"
    assert crm.charges()["total"] == 2


def test_with_the_store_lost_right_after_a_checkout_without_a_lead_nothing_is_paid_again(
    crm: Crm, open_funnel: OpenFunnel, tmp_path: Path
) -> None:
    with Shopper(open_funnel(**HASTY).url) as shopper:
        shopper.get("/checkout")
        form = shopper.page.form
        typed = {**JANE, **ADDRESS, **CARD}
        answer = shopper.browser.post(
            f"{shopper.url}/checkout", data={**form.values, **typed}, timeout=20, allow_redirects=False
        )
        assert answer.status_code == 303
        cookies = shopper.browser.cookies.get_dict()
    with Shopper(open_funnel(DATABASE_URL=f"sqlite:///{tmp_path}/new.db", **HASTY).url) as shopper:
        shopper.browser.cookies.update(cookies)
        assert shopper.get("/checkout").path == "checkout/confirming"
        assert eventually(lambda: shopper.get("/checkout").path == "thank-you")
    assert crm.charges()["total"] == 1


def test_a_lost_stores_order_that_has_become_another_visits_is_not_adopted(
    crm: Crm, open_funnel: OpenFunnel, tmp_path: Path
) -> None:
    """The CRM gave one shopper's partial to the next one, who paid it, while our books were gone."""
    with Shopper(open_funnel(**HASTY).url) as away:
        away.leave_lead()
        cookies = away.browser.cookies.get_dict()
    funnel = open_funnel(DATABASE_URL=f"sqlite:///{tmp_path}/new.db", **HASTY)
    with Shopper(funnel.url) as other, Shopper(funnel.url) as back:
        other.leave_lead(firstName="John")
        other.pay()
        assert other.page.path == "upsell/1"
        back.browser.cookies.update(cookies)
        assert back.get("/checkout").path == "checkout", "nothing of John's order is shown to Jane"
        assert "John" not in back.page.text
        assert back.get("/upsell/1").path == "checkout"
    assert crm.charges()["total"] == 1


@pytest.mark.parametrize("field", ["cardNumber", "cardSecurityCode"])
def test_the_card_is_in_no_file_of_ours(
    crm: Crm, hasty: Shopper, tmp_path: Path, caplog: pytest.LogCaptureFixture, field: str
) -> None:
    canary = {"cardNumber": "4539578763621486", "cardExpiryDate": "12/39", "cardSecurityCode": "987"}
    crm.fault(ORDER, "process_then_drop")
    page = hasty.pay(**canary)
    assert page.path == "checkout/confirming"
    assert eventually(lambda: hasty.get("/checkout/confirming").path == "upsell/1")
    hidden = canary[field] if field == "cardNumber" else '"987"'
    assert hidden not in page.html
    assert hidden not in caplog.text
    assert hidden not in str(hasty.browser.cookies)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if hidden.encode() in file.read_bytes()]


def test_the_forms_token_is_bound_to_visit_page_and_price(crm: Crm, funnel: Funnel, shopper: Shopper) -> None:
    shopper.leave_lead()
    with Shopper(funnel.url) as other:
        other.leave_lead()
        stolen = other.page.form.values["attempt"]
    for token in (stolen, "", "x", shopper.page.form.values["attempt"] + "x"):
        page = shopper.pay(attempt=token)
        assert page.status == 422
        assert "You have not been charged" in page.text
    assert crm.calls(ORDER) == []
    assert shopper.pay().path == "upsell/1"


def test_a_price_that_changed_meanwhile_is_shown_and_not_charged(
    crm: Crm, open_funnel: OpenFunnel, campaign_file: Path, tmp_path: Path
) -> None:
    with Shopper(open_funnel().url) as shopper:
        shopper.leave_lead()
        form, cookies = shopper.page.form, shopper.browser.cookies.get_dict()
    dearer = tmp_path / "dearer.toml"
    dearer.write_text(campaign_file.read_text().replace("49.95", "59.95"))
    with Shopper(open_funnel(FUNNEL_FILE=str(dearer)).url) as shopper:
        shopper.browser.cookies.update(cookies)
        shopper.get("/checkout")
        page = shopper.submit(form, **ADDRESS, **CARD)
        assert page.status == 422
        assert "The price changed" in page.text
        assert "$64.90" in page.text
    assert crm.calls(ORDER) == []
