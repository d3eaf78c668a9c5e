"""3DS over HTTP without JavaScript: the bank's page by url and by script, on orders and upsells, and every way back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from conftest import Crm, Funnel, OpenFunnel, eventually
from shopper import ADDRESS, CARD, PATIENCE, Page, Shopper
from travellers import (
    HASTY,
    ORDER,
    SCRIPT_CARD,
    UPSALE,
    UPSALE_CARD,
    URL_CARD,
    at_once,
    campaign_with,
    decide,
    waits_for,
    way_out,
)

EVIL = "EVIL <script>alert(1)</script> your card was charged twice"
BIGGEST_BODY = 256 * 1024
CROSS_SITE = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Origin": "https://bank.example"}
LEFT = {**HASTY, "FUNNEL_REDIRECT_TIME": "2"}
FAILED = {**HASTY, "FUNNEL_FAILED_REDIRECT_TIME": "3"}


@pytest.fixture
def buyer(shopper: Shopper) -> Shopper:
    """With the checkout open."""
    shopper.leave_lead()
    return shopper


@pytest.fixture
def patient(open_funnel: OpenFunnel) -> Iterator[Shopper]:
    """At a funnel that believes a bank's refusal after three seconds."""
    with Shopper(open_funnel(**FAILED).url) as shopper:
        shopper.leave_lead()
        yield shopper


def bank_of(shopper: Shopper) -> str:
    """Where the bank's page is; a script is not run here, but its frame's address stands in it."""
    target = way_out(shopper.page)
    if target != "/away/run":
        return target
    script = shopper.browser.get(f"{shopper.url}/away/run.js", timeout=PATIENCE)
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    address = re.search(r'iframe\.src="(.+?)"', script.text)
    assert address
    return address[1]


def posted(url: str, **data: str) -> requests.Response:
    """The bank's form, sent by a browser that gives no cookie along, for it comes from another site."""
    with requests.Session() as bank:
        bank.trust_env = False
        return bank.post(url, data=data, headers=CROSS_SITE, timeout=PATIENCE, allow_redirects=False)


def confirm_at(address: str) -> str:
    """Confirm at the bank: the address its form posts the order to."""
    found = re.search('action="(.+?)"', decide(address, "agree").text)
    assert found
    return found[1]


def come_back(shopper: Shopper, address: str) -> Page:
    """Confirm, let the bank's page post, and follow the answer with our cookie."""
    answer = posted(confirm_at(address), finalizeTransaction="1", orderData="{}")
    assert answer.status_code == 303
    return shopper.get(answer.headers["Location"])


@pytest.mark.parametrize("card", [URL_CARD, SCRIPT_CARD])
def test_an_order_is_paid_when_the_bank_is_content(crm: Crm, buyer: Shopper, card: str) -> None:
    page = buyer.pay(cardNumber=card)
    assert "Please do not pay again" in page.text
    address = bank_of(buyer)
    assert crm.charges()["total"] == 0
    page = come_back(buyer, address)
    assert "Please do not pay again" in page.text or page.path == "upsell/1"
    waits_for(buyer, "upsell/1")
    assert crm.charges()["total"] == 1
    assert len(crm.calls(ORDER)) == 1


def test_the_post_of_the_bank_touches_no_cookie_and_needs_none(crm: Crm, buyer: Shopper) -> None:
    buyer.pay(cardNumber=URL_CARD)
    cookies = buyer.browser.cookies.get_dict()
    back = crm.calls(ORDER)[0]["params"]["redirectsTo"]
    for data in ({}, {"orderData": "x" * 100_000}, {"csrf_token": "forged"}):
        answer = posted(back, **data)
        assert (answer.status_code, answer.headers["Location"]) == (303, urlsplit(back).path)
        assert "Set-Cookie" not in answer.headers
    stale = requests.post(back, cookies=cookies, headers=CROSS_SITE, timeout=PATIENCE, allow_redirects=False)
    assert "Set-Cookie" not in stale.headers
    assert cookies == buyer.browser.cookies.get_dict()


def test_every_other_form_of_another_site_is_still_refused(buyer: Shopper) -> None:
    back = "/return/paypal/x"
    for path in ("/", "/lead", "/lead/partial", "/checkout", "/upsell/1", "/thank-you", back):
        assert posted(buyer.url + path).status_code == 403, path


def test_the_bank_may_post_a_whole_order_but_no_more(crm: Crm, buyer: Shopper) -> None:
    buyer.pay(cardNumber=URL_CARD)
    back = crm.calls(ORDER)[0]["params"]["redirectsTo"]
    assert posted(back, orderData="x" * (BIGGEST_BODY - 100)).status_code == 303
    assert posted(back, orderData="x" * (BIGGEST_BODY + 1)).status_code == 413
    assert requests.post(f"{buyer.url}/lead", data={"x": "x" * 20_000}, timeout=PATIENCE).status_code == 413


def test_what_the_bank_posts_is_not_believed(crm: Crm, buyer: Shopper) -> None:
    buyer.pay(cardNumber=URL_CARD)
    order = crm.calls(ORDER)[0]["params"]
    forged = json.dumps({"orderId": order["orderId"], "orderStatus": "COMPLETE", "totalAmount": "54.90"})
    answer = posted(order["redirectsTo"], finalizeTransaction="1", orderData=forged)
    page = buyer.get(answer.headers["Location"])
    crm.wait_for("/order/query/")
    assert "Please do not pay again" in page.text
    for path in ("/upsell/1", "/thank-you", "/checkout"):
        assert buyer.get(path).path == "checkout/confirming"
    assert crm.charges()["total"] == 0


@pytest.mark.parametrize("card", [URL_CARD, SCRIPT_CARD])
def test_a_bank_that_refuses_is_believed_after_its_time_and_its_words_are_not_shown(
    crm: Crm, patient: Shopper, card: str
) -> None:
    patient.pay(cardNumber=card)
    back = decide(bank_of(patient), "refuse").headers["Location"]
    assert "errorMsg=" in back
    page = patient.get(re.sub("errorMsg=.*", f"errorMsg={EVIL}", back))
    assert page.path == "checkout/confirming"
    assert "not complete yet" in page.text
    crm.wait_for("/order/query/")  # whose answer is that nothing was charged, so far
    for path in ("/checkout", "/thank-you", back):
        page = patient.get(path)
        assert page.path == "checkout/confirming"
        assert "cardNumber" not in page.html
        assert "not been charged" not in page.text, "a challenge in another tab may still succeed"
        assert "EVIL" not in page.html
        assert "3DS authentication failed" not in page.html
    page = waits_for(patient, "checkout")
    assert "You have not been charged" in page.text
    assert "EVIL" not in page.html
    assert patient.pay().path == "upsell/1"
    assert crm.charges()["total"] == 1


def test_after_a_refusal_the_bank_can_be_asked_again(crm: Crm, buyer: Shopper) -> None:
    buyer.pay(cardNumber=URL_CARD)
    address = bank_of(buyer)
    page = buyer.get(decide(address, "refuse").headers["Location"])
    buyer.get(page.attributes("a", **{"class": "button"})["href"])
    assert bank_of(buyer) == address
    come_back(buyer, address)
    waits_for(buyer, "upsell/1")
    assert crm.charges()["total"] == 1


def test_a_refusal_told_again_and_again_puts_nothing_off(crm: Crm, patient: Shopper) -> None:
    patient.pay(cardNumber=URL_CARD)
    back = decide(bank_of(patient), "refuse").headers["Location"]
    assert eventually(lambda: patient.get(back).path == "checkout")
    assert "You have not been charged" in patient.page.text


def test_a_challenge_that_is_finished_in_an_old_tab_counts(crm: Crm, buyer: Shopper) -> None:
    buyer.pay(cardNumber=URL_CARD)
    address = bank_of(buyer)
    assert buyer.get(decide(address, "refuse").headers["Location"]).path == "checkout/confirming"
    confirm_at(address)  # that tab is closed before it comes back
    buyer.get("/checkout/confirming")
    waits_for(buyer, "upsell/1")
    assert crm.charges()["total"] == 1


@pytest.mark.parametrize("card", [URL_CARD, SCRIPT_CARD])
def test_what_was_left_at_the_bank_is_settled_after_the_redirect_time(
    crm: Crm, open_funnel: OpenFunnel, card: str
) -> None:
    with Shopper(open_funnel(**LEFT).url) as shopper:
        shopper.leave_lead()
        shopper.pay(cardNumber=card)
        page = shopper.get("/checkout")
        assert page.path == "checkout/confirming"
        assert "pay another way here in 1 minute," in page.text
        assert "You have not been charged" in waits_for(shopper, "checkout").text
        assert shopper.get("/away").path == "checkout"
        assert shopper.get("/away/run").path == "checkout"
        assert shopper.browser.get(f"{shopper.url}/away/run.js", timeout=PATIENCE).status_code == 404
        assert shopper.pay().path == "upsell/1"
    assert crm.charges()["total"] == 1


def test_who_never_comes_back_has_paid_all_the_same(crm: Crm, open_funnel: OpenFunnel) -> None:
    """The tab is closed at the bank after the shopper confirmed there."""
    with Shopper(open_funnel(**HASTY).url) as shopper:
        shopper.leave_lead()
        shopper.pay(cardNumber=URL_CARD)
        confirm_at(bank_of(shopper))
        shopper.get("/checkout/confirming")
        waits_for(shopper, "upsell/1")
    assert crm.charges()["total"] == 1


def test_the_pay_button_sends_nothing_while_the_bank_is_asked(crm: Crm, buyer: Shopper) -> None:
    form = buyer.page.form
    other = buyer.get("/checkout").form
    buyer.submit(form, **ADDRESS, **{**CARD, "cardNumber": URL_CARD})
    address = bank_of(buyer)
    assert buyer.submit(other, **ADDRESS, **CARD).path == "checkout/confirming"
    assert buyer.submit(form, **ADDRESS, **CARD).path == "checkout/confirming"
    assert len(crm.calls(ORDER)) == 1
    come_back(buyer, address)
    waits_for(buyer, "upsell/1")
    assert crm.charges()["total"] == 1


def test_tabs_that_come_back_at_once_from_the_bank_are_one_charge(crm: Crm, buyer: Shopper) -> None:
    buyer.pay(cardNumber=URL_CARD)
    back = confirm_at(bank_of(buyer))
    failed = crm.calls(ORDER)[0]["params"]["errorRedirectsTo"]
    addresses = [back, f"{failed}?errorMsg=no", "/checkout", "/checkout/confirming"]
    at_once(buyer, 8, lambda tab, number: tab.get(addresses[number % 4]))
    buyer.get("/checkout/confirming")
    waits_for(buyer, "upsell/1")
    assert crm.charges()["total"] == 1


def test_reload_back_and_a_replayed_return_change_nothing(crm: Crm, buyer: Shopper) -> None:
    buyer.pay(cardNumber=URL_CARD)
    address = bank_of(buyer)
    back = confirm_at(address)
    failed = crm.calls(ORDER)[0]["params"]["errorRedirectsTo"]
    buyer.get(back)
    waits_for(buyer, "upsell/1")
    for path in (back, failed, f"{failed}?errorMsg=no", "/away", "/away/run", "/checkout", "/checkout/confirming"):
        assert buyer.get(path).path == "upsell/1", path
    posted(back)
    confirm_at(address)
    assert crm.charges()["total"] == 1


def test_another_browser_sees_nothing_and_moves_nothing(crm: Crm, buyer: Shopper) -> None:
    buyer.pay(cardNumber=URL_CARD)
    params = crm.calls(ORDER)[0]["params"]
    with Shopper(buyer.url) as stranger:
        for path in (params["redirectsTo"], params["errorRedirectsTo"]):
            page = stranger.get(path)
            assert "We have your answer" in page.text
            assert "Jane" not in page.html
            assert page.forms == []
        assert stranger.get("/away").path == "checkout"
        assert stranger.browser.get(f"{buyer.url}/away/run.js", timeout=PATIENCE).status_code == 404
    assert buyer.get("/checkout").path == "checkout/confirming"


def test_the_lost_answer_of_a_card_that_needs_the_bank_charges_nothing(crm: Crm, open_funnel: OpenFunnel) -> None:
    """Nobody knows where the bank is, so nobody can go there: it counts as any lost answer."""
    with Shopper(open_funnel(**HASTY).url) as shopper:
        shopper.leave_lead()
        crm.fault(ORDER, "process_then_drop")
        assert shopper.pay(cardNumber=URL_CARD).path == "checkout/confirming"
        assert "You have not been charged" in waits_for(shopper, "checkout").text
        assert shopper.pay().path == "upsell/1"
    assert crm.charges()["total"] == 1


# Upsells


@pytest.fixture
def challenged(buyer: Shopper) -> Shopper:
    """Who has said yes to the first upsell, and whose bank wants to be asked."""
    buyer.pay(cardNumber=UPSALE_CARD)
    buyer.submit(choice="yes")
    return buyer


def test_an_upsell_is_added_when_the_bank_is_content_and_the_offers_go_on(crm: Crm, challenged: Shopper) -> None:
    address = bank_of(challenged)
    assert crm.charges()["total"] == 1
    come_back(challenged, address)
    page = waits_for(challenged, "upsell/2")
    assert "Added to your order: Linen shade." in page.text
    assert crm.charges()["total"] == 2
    assert len(crm.calls(UPSALE)) == 1
    params = crm.calls(UPSALE)[0]["params"]
    assert all(len(params[name]) <= 300 for name in ("redirectsTo", "errorRedirectsTo"))


def test_an_upsell_that_the_bank_refuses_leads_to_the_receipt(crm: Crm, open_funnel: OpenFunnel) -> None:
    with Shopper(open_funnel(**FAILED).url) as shopper:
        shopper.leave_lead()
        shopper.pay(cardNumber=UPSALE_CARD)
        shopper.submit(choice="yes")
        page = shopper.get(decide(bank_of(shopper), "refuse").headers["Location"])
        assert page.path == "thank-you"
        assert "Linen shade – being added" in page.text
        assert eventually(lambda: "could not add Linen shade" in shopper.get("/thank-you").text)
        assert "$54.90" in shopper.page.text
    assert crm.charges()["total"] == 1


def test_an_upsell_left_at_the_bank_is_shown_as_being_added_until_it_is_settled(
    crm: Crm, open_funnel: OpenFunnel
) -> None:
    with Shopper(open_funnel(**LEFT).url) as shopper:
        shopper.leave_lead()
        shopper.pay(cardNumber=UPSALE_CARD)
        shopper.submit(choice="yes")
        address = bank_of(shopper)
        assert shopper.get("/upsell/2").path == "thank-you", "no other offer while one is unresolved"
        assert "being added" in shopper.page.text
        assert eventually(lambda: "could not add Linen shade" in shopper.get("/thank-you").text)
    assert crm.charges()["total"] == 1
    assert address


def test_an_upsell_finished_in_an_old_tab_is_on_the_receipt(crm: Crm, challenged: Shopper) -> None:
    address = bank_of(challenged)
    assert challenged.get(decide(address, "refuse").headers["Location"]).path == "thank-you"
    confirm_at(address)
    assert eventually(lambda: "$87.40" in challenged.get("/thank-you").text)
    assert "being added" not in challenged.page.text
    assert crm.charges()["total"] == 2


def test_yes_again_while_the_bank_is_asked_charges_nothing_more(crm: Crm, buyer: Shopper) -> None:
    buyer.pay(cardNumber=UPSALE_CARD)
    form = buyer.page.form
    buyer.submit(form, choice="yes")
    address = bank_of(buyer)
    buyer.submit(form, choice="yes")
    come_back(buyer, address)
    assert eventually(lambda: crm.charges()["total"] == 2)
    assert len(crm.calls(UPSALE)) == 1


# Orders that are held


def receipt_of(shopper: Shopper) -> str:
    for _ in range(2):
        shopper.submit(choice="no")
    assert shopper.page.path == "thank-you"
    return shopper.page.text


def test_an_order_held_for_review_is_a_success_with_honest_words(crm: Crm, buyer: Shopper) -> None:
    page = buyer.pay(cardNumber="4000 0000 0000 4954")
    assert page.path == "upsell/1"
    assert "We have your order" in page.text
    assert "is confirmed" not in page.text
    text = receipt_of(buyer)
    assert "We have your order." in text
    assert "Your order is confirmed" not in text
    assert "looking over your order" in text
    assert crm.charges()["total"] == 1
    assert buyer.get("/checkout").path == "thank-you"


def test_an_order_of_a_single_transaction_campaign_is_paid_once_in_the_end(
    crm: Crm, open_funnel: OpenFunnel, tmp_path: Path
) -> None:
    crm.switch(single_transaction=True)
    file = campaign_with(tmp_path, first="single_transaction = true")
    with Shopper(open_funnel(FUNNEL_FILE=str(file)).url) as shopper:
        shopper.leave_lead()
        page = shopper.pay()
        assert page.path == "upsell/1"
        assert "It is added to the same payment." in page.text
        shopper.submit(choice="yes")
        shopper.submit(choice="no")
        text = shopper.page.text
    assert "one payment for everything" in text
    assert "looking over" not in text
    assert "separate charges" not in text
    assert "$87.40" in text


def test_a_held_order_behind_the_bank_is_a_success(crm: Crm, funnel: Funnel, buyer: Shopper) -> None:
    crm.switch(single_transaction=True)
    buyer.pay(cardNumber=URL_CARD)
    come_back(buyer, bank_of(buyer))
    waits_for(buyer, "upsell/1")
    assert crm.charges()["total"] == 1
