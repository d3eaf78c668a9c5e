"""Upsells with a downsell each, walked without JavaScript: shown after a plain no, charged once, always forward."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from campaigns import written
from conftest import Crm, Funnel, OpenFunnel, eventually
from shopper import Form, Page, Shopper
from test_charged_once import presses
from test_flooded_forms import JANES, asks_to_wait, open_with
from travellers import HASTY, UPSALE

CLICK = "/landers/clicks/import/"
FOUR = """
[upsell1]
offer = "shade"
downsell = { offer = "bulbs" }
[upsell2]
offer = "bulbs"
quantity = 4
downsell = { offer = "bulbs", quantity = 2 }
[upsell3]
offer = "brass"
downsell = { offer = "shade", quantity = 2 }
[upsell4]
offer = "club"
downsell = { offer = "shade" }
"""
PRICES = {  # by path: the button's words, what the CRM is asked for
    "upsell/1": ("Yes, add it for $32.50", ("202", "1")),
    "upsell/1/b": ("Yes, add it for $14.00", ("201", "1")),
    "upsell/2": ("Yes, add 4 for $56.00", ("201", "4")),
    "upsell/2/b": ("Yes, add 2 for $28.00", ("201", "2")),
    "upsell/3": ("Yes, add it for $85.00", ("301", "1")),
    "upsell/3/b": ("Yes, add 2 for $65.00", ("202", "2")),
    "upsell/4": ("Yes, add it for $9.00", ("302", "1")),
    "upsell/4/b": ("Yes, add it for $32.50", ("202", "1")),
}
PATHS = list(PRICES)


@pytest.fixture
def campaign_file(tmp_path: Path) -> Path:
    return written(tmp_path, FOUR, upsells=4)


@pytest.fixture
def hasty(open_funnel: OpenFunnel) -> Iterator[Shopper]:
    """A shopper whose order is paid, at a funnel whose waits are short."""
    with Shopper(open_funnel(**HASTY).url) as shopper:
        shopper.buy()
        yield shopper


def answers(page: Page) -> list[tuple[str, str]]:
    return [button for form in page.forms for button in form.buttons if button[0] == "choice"]


def at_the_downsell(shopper: Shopper) -> Page:
    assert shopper.page.path == "upsell/1"
    page = shopper.submit(choice="no")
    assert page.path == "upsell/1/b"
    return page


def changed_mind(shopper: Shopper, form: Form | None = None) -> Page:
    """Pressed on the page of an offer that was answered with no, or by an old form of it."""
    assert form or answers(shopper.page) == [("choice", "again")]
    return shopper.submit(form, choice="again")


def receipt_says(shopper: Shopper, words: str) -> bool:
    return words in shopper.get("/thank-you").text


def test_who_says_no_to_everything_sees_every_offer_once_and_pays_the_order_alone(crm: Crm, shopper: Shopper) -> None:
    shopper.buy()
    seen = []
    while shopper.page.path != "thank-you":
        assert PRICES[shopper.page.path][0] in shopper.page.text
        assert answers(shopper.page) == [("choice", "yes"), ("choice", "no")]
        seen.append(shopper.page.path)
        shopper.submit(choice="no")
    assert seen == PATHS
    assert crm.calls(UPSALE) == []
    assert crm.charges()["total"] == 1


def test_a_headline_says_how_many_its_price_is_for(crm: Crm, shopper: Shopper) -> None:
    shopper.buy()
    assert "Before you go Offer 1 of 4" in shopper.page.text
    at_the_downsell(shopper)
    assert "Or this one instead Offer 1 of 4 Two spare warm bulbs for $14.00" in shopper.page.text
    shopper.submit(choice="no")
    assert shopper.page.title.startswith("4 × Two spare warm bulbs")
    shopper.submit(choice="no")
    assert shopper.page.title.startswith("2 × Two spare warm bulbs")
    assert "Offer 2 of 4 2 × Two spare warm bulbs for $28.00" in shopper.page.text


def test_who_says_yes_to_every_upsell_sees_no_downsell(crm: Crm, shopper: Shopper) -> None:
    shopper.buy()
    seen = []
    while shopper.page.path != "thank-you":
        seen.append(shopper.page.path)
        shopper.submit(choice="yes")
    assert seen == ["upsell/1", "upsell/2", "upsell/3", "upsell/4"]
    assert crm.charges()["total"] == 5
    assert "You may see 5 separate charges." in shopper.page.text
    assert "$237.40" in shopper.page.text, "54.90 + 32.50 + 56.00 + 85.00 + 9.00"


def test_who_says_yes_to_every_downsell_is_charged_what_its_button_said(crm: Crm, shopper: Shopper) -> None:
    shopper.buy()
    while shopper.page.path != "thank-you":
        shopper.submit(choice="yes" if shopper.page.path.endswith("/b") else "no")
    asked = [(call["params"]["productId"], call["params"]["productQty"]) for call in crm.calls(UPSALE)]
    assert asked == [PRICES[path][1] for path in PATHS if path.endswith("/b")]
    assert crm.charges()["total"] == 5
    assert "$194.40" in shopper.page.text, "54.90 + 14.00 + 28.00 + 65.00 + 32.50"


def test_the_ledger_keeps_a_downsell_in_a_slot_of_its_own(crm: Crm, funnel: Funnel, shopper: Shopper) -> None:
    shopper.buy()
    at_the_downsell(shopper)
    shopper.submit(choice="yes")
    order_id = crm.calls(UPSALE)[0]["params"]["orderId"]
    (attempts,) = funnel.rooms.attempts.by_order(0.0).values()
    assert [(attempt.slot, str(attempt.state), attempt.order_id) for attempt in attempts] == [
        ("order", "CHARGED", order_id),
        ("upsell1b", "CHARGED", order_id),
    ]


def test_a_downsell_is_its_upsells_page_to_the_crm_and_is_reported_no_second_time(crm: Crm, shopper: Shopper) -> None:
    shopper.buy()
    at_the_downsell(shopper)
    shopper.submit(choice="no")
    crm.wait_for(CLICK, 4)
    assert eventually(lambda: crm.page_types() == ["leadPage", "checkoutPage", "upsellPage1", "upsellPage2"])


def test_every_view_of_a_downsell_is_reported_where_the_campaign_asks_for_it(
    crm: Crm, open_funnel: OpenFunnel, campaign_file: Path, tmp_path: Path
) -> None:
    every_view = tmp_path / "every-view.toml"
    every_view.write_text(campaign_file.read_text().replace('clicks = "once"', 'clicks = "every-view"'))
    with Shopper(open_funnel(FUNNEL_FILE=str(every_view)).url) as shopper:
        shopper.buy()
        at_the_downsell(shopper)
        crm.wait_for(CLICK, 4)
    assert crm.page_types() == ["leadPage", "checkoutPage", "upsellPage1", "upsellPage1"]


def test_back_from_the_downsell_shows_that_no_was_said_and_leads_on(crm: Crm, shopper: Shopper) -> None:
    shopper.buy()
    at_the_downsell(shopper)
    page = shopper.get("/upsell/1")
    assert "You said no thanks" in page.text
    assert answers(page) == [("choice", "again")]
    assert page.attributes("a", **{"class": "button"})["href"] == "/upsell/1/b"
    assert shopper.get("/upsell/1/b").path == "upsell/1/b", "which is still open"
    shopper.submit(choice="yes")
    back = shopper.get("/upsell/1/b")
    assert "You already added Two spare warm bulbs" in back.text
    assert back.attributes("a", **{"class": "button"})["href"] == "/upsell/2"
    assert crm.charges()["total"] == 2


@pytest.mark.parametrize("path", ["/upsell/1/b", "/upsell/2", "/upsell/2/b", "/upsell/4/b"])
def test_an_offer_whose_turn_has_not_come_leads_to_the_one_that_has(shopper: Shopper, path: str) -> None:
    shopper.buy()
    assert shopper.get(path).path == "upsell/1"


@pytest.mark.parametrize("path", ["/upsell/1/c", "/upsell/1/b/b", "/upsell/5", "/upsell/5/b", "/upsell/0"])
def test_an_offer_that_is_none_is_not_found(shopper: Shopper, path: str) -> None:
    shopper.buy()
    assert shopper.get(path).status == 404


def test_a_downsell_that_a_campaign_has_not_is_not_found(crm: Crm, open_funnel: OpenFunnel, tmp_path: Path) -> None:
    plain = written(tmp_path, '[upsell1]\noffer = "shade"\n', upsells=1)
    with Shopper(open_funnel(FUNNEL_FILE=str(plain)).url) as shopper:
        shopper.buy()
        assert shopper.get("/upsell/1/b").status == 404
        assert shopper.get("/upsell/1").path == "upsell/1"


def test_after_a_banks_decline_no_downsell_is_shown(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    shopper.pay(cardNumber="4000 0000 0000 0341")
    page = shopper.submit(choice="yes")
    assert page.path == "upsell/2"
    assert "We could not add Linen shade, so you were not charged for it" in page.text
    assert shopper.get("/upsell/1/b").path == "upsell/2"
    assert crm.charges()["total"] == 1


def test_a_downsell_that_the_bank_declines_leads_on_and_is_told(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    shopper.pay(cardNumber="4000 0000 0000 0341")
    at_the_downsell(shopper)
    page = shopper.submit(choice="yes")
    assert page.path == "upsell/2"
    assert "We could not add Two spare warm bulbs, so you were not charged for it" in page.text
    back = shopper.get("/upsell/1/b")
    assert "We could not add Two spare warm bulbs" in back.text
    assert answers(back) == []
    assert crm.charges()["total"] == 1


@pytest.mark.parametrize(("fault", "charged"), [("drop", 0), ("process_then_drop", 1), ("html", 1), ("hang", 0)])
def test_a_downsell_without_an_answer_leads_to_the_receipt(crm: Crm, hasty: Shopper, fault: str, charged: int) -> None:
    at_the_downsell(hasty)
    crm.fault(UPSALE, fault, seconds=8)
    page = hasty.submit(choice="yes")
    assert page.path == "thank-you", "no further offer while one is unresolved"
    assert "still adding Two spare warm bulbs" in page.text
    assert "being added" in page.text
    words = "You may see 2 separate charges." if charged else "We could not add Two spare warm bulbs"
    assert eventually(lambda: receipt_says(hasty, words) and "being added" not in hasty.page.text), hasty.page.text
    assert ("$68.90" if charged else "$54.90") in hasty.page.text
    assert crm.charges()["total"] == 1 + charged
    assert len(crm.calls(UPSALE)) == 1


def test_many_presses_of_a_downsells_yes_are_one_charge(crm: Crm, shopper: Shopper) -> None:
    shopper.buy()
    at_the_downsell(shopper)
    crm.fault(UPSALE, "latency", seconds=0.5)
    pages = presses(shopper, 12, choice="yes")
    assert {page.path for page in pages} == {"upsell/2"}
    assert crm.charges()["total"] == 2
    assert len(crm.calls(UPSALE)) == 1


def test_two_tabs_with_downsell_forms_of_their_own_are_one_charge(crm: Crm, shopper: Shopper) -> None:
    shopper.buy()
    first = at_the_downsell(shopper).form
    second = shopper.get("/upsell/1/b").form
    assert first.values["attempt"] != second.values["attempt"]
    assert shopper.submit(first, choice="yes").path == "upsell/2"
    assert shopper.submit(second, choice="yes").path == "upsell/2"
    assert shopper.submit(first, choice="no").path == "upsell/2", "a no that comes late changes nothing"
    assert "You already added" in shopper.get("/upsell/1/b").text
    assert crm.charges()["total"] == 2


def test_who_changes_their_mind_is_asked_again_and_charged_once(crm: Crm, shopper: Shopper) -> None:
    shopper.buy()
    downsell = at_the_downsell(shopper).form
    old = shopper.get("/upsell/1").form
    assert changed_mind(shopper).path == "upsell/1"
    assert PRICES["upsell/1"][0] in shopper.page.text
    assert answers(shopper.page) == [("choice", "yes"), ("choice", "no")]
    offer = shopper.page.form
    assert changed_mind(shopper, old).path == "upsell/1", "pressed once more, which is no answer to the offer"
    assert shopper.submit(offer, choice="yes").path == "upsell/2"
    assert changed_mind(shopper, old).path == "upsell/2"
    assert shopper.submit(downsell, choice="yes").path == "upsell/2"
    assert answers(shopper.get("/upsell/1")) == []
    assert [call["params"]["productId"] for call in crm.calls(UPSALE)] == ["202"]
    assert crm.charges()["total"] == 2
    assert eventually(lambda: crm.page_types() == ["leadPage", "checkoutPage", "upsellPage1", "upsellPage2"])


def test_a_mind_can_be_changed_after_both_noes_until_one_of_the_two_is_tried(crm: Crm, shopper: Shopper) -> None:
    shopper.buy()
    at_the_downsell(shopper)
    assert shopper.submit(choice="no").path == "upsell/2"
    upsell = shopper.get("/upsell/1").form
    shopper.get("/upsell/1/b")
    assert changed_mind(shopper).path == "upsell/1/b"
    crm.fault(UPSALE, "decline")
    assert shopper.submit(choice="yes").path == "upsell/2"
    assert answers(shopper.get("/upsell/1")) == []
    assert changed_mind(shopper, upsell).path == "upsell/2", "a card that was declined is not asked again"
    assert len(crm.calls(UPSALE)) == 1


def test_a_change_of_mind_needs_the_forms_own_token(shopper: Shopper) -> None:
    shopper.buy()
    at_the_downsell(shopper)
    form = shopper.get("/upsell/1").form
    assert shopper.submit(form, choice="again", csrf_token="somebody else's").path == "upsell/1/b"
    assert answers(shopper.get("/upsell/1")) == [("choice", "again")]


def test_a_change_of_mind_in_a_flood_of_forms_changes_nothing(open_funnel: OpenFunnel) -> None:
    with Shopper(open_with(open_funnel, 3).url, **JANES) as shopper:
        shopper.buy()
        at_the_downsell(shopper)
        shopper.get("/upsell/1")
        assert asks_to_wait(changed_mind(shopper))
        assert answers(shopper.page) == answers(shopper.get("/upsell/1")) == [("choice", "again")]


def test_an_old_form_of_the_upsell_charges_nothing_after_the_downsell(crm: Crm, shopper: Shopper) -> None:
    shopper.buy()
    upsell = shopper.page.form
    downsell = at_the_downsell(shopper).form
    assert shopper.submit(upsell, choice="yes").path == "upsell/1/b", "no was said"
    assert crm.calls(UPSALE) == []
    shopper.submit(downsell, choice="no")
    for form in (upsell, downsell):
        assert shopper.submit(form, choice="yes").path == "upsell/2"
    assert crm.calls(UPSALE) == []


def test_the_token_of_the_upsell_is_none_of_the_downsell(crm: Crm, shopper: Shopper) -> None:
    shopper.buy()
    token = shopper.page.form.values["attempt"]
    at_the_downsell(shopper)
    page = shopper.submit(choice="yes", attempt=token)
    assert page.status == 422
    assert "Nothing was added just now" in page.text
    assert crm.calls(UPSALE) == []
    assert shopper.submit(choice="yes").path == "upsell/2"
    assert crm.charges()["total"] == 2


def at_once(shopper: Shopper, forms: list[tuple[Form, str]]) -> list[Page]:
    """Each form with its answer, all at the same time and with the same cookie."""
    gate, pages = threading.Barrier(len(forms)), []
    cookies = shopper.browser.cookies.get_dict()

    def press(form: Form, choice: str) -> None:
        with Shopper(shopper.url) as twin:
            twin.browser.cookies.update(cookies)
            twin.page = shopper.page
            gate.wait()
            pages.append(twin.submit(form, choice=choice))

    threads = [threading.Thread(target=press, args=each) for each in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return pages


def test_twenty_presses_on_upsell_and_downsell_from_two_tabs_are_one_charge(crm: Crm, shopper: Shopper) -> None:
    shopper.buy()
    upsell = shopper.page.form
    downsell = at_the_downsell(shopper).form
    crm.fault(UPSALE, "latency", seconds=0.5)
    pages = at_once(shopper, [(upsell, "yes"), (downsell, "yes")] * 10)
    assert {page.status for page in pages} == {200}
    assert {page.path for page in pages} <= {"upsell/1/b", "upsell/2", "thank-you"}
    # Who was led on while it was being added has seen the receipt, after which nothing is offered.
    assert shopper.get("/upsell/2").path in ("upsell/2", "thank-you")
    assert [call["params"]["productId"] for call in crm.calls(UPSALE)] == ["201"], "the downsell, once"
    assert crm.charges()["total"] == 2


def test_twenty_presses_of_yes_and_no_at_once_charge_once_at_most_and_then_no_downsell(
    crm: Crm, shopper: Shopper
) -> None:
    shopper.buy()
    crm.fault(UPSALE, "latency", seconds=0.5)
    pages = at_once(shopper, [(shopper.page.form, "yes"), (shopper.page.form, "no")] * 10)
    assert {page.status for page in pages} == {200}
    charged = len(crm.calls(UPSALE))
    assert charged <= 1
    assert crm.charges()["total"] == 1 + charged
    # Who was led on while it was being added has seen the receipt, after which nothing is offered.
    assert shopper.get("/upsell/2").path in (("upsell/2", "thank-you") if charged else ("upsell/1/b",))
    assert shopper.get("/upsell/1/b").path != "upsell/1/b" or not charged
