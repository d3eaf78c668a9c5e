"""PayPal over HTTP without JavaScript: the legacy workflow with Confirm PayPal and the new one, orders and upsells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import Crm, Funnel, OpenFunnel, eventually
from shopper import ADDRESS, CARD, Page, Shopper
from travellers import (
    CONFIRM,
    HASTY,
    ORDER,
    UPSALE,
    agreed,
    at_once,
    cancelled,
    decide,
    ledger,
    to_paypal,
    waits_for,
    way_out,
    with_paypal,
)

from funnel.attempt import State


@pytest.fixture
def campaign_file(tmp_path: Path) -> Path:
    return with_paypal(tmp_path)


@pytest.fixture
def hasty(open_funnel: OpenFunnel) -> Iterator[Shopper]:
    """At a funnel whose waits are short, with the checkout open."""
    with Shopper(open_funnel(**HASTY).url) as shopper:
        shopper.leave_lead()
        yield shopper


@pytest.fixture
def back(shopper: Shopper) -> str:
    """The address with the shopper's agreement; the shopper has not followed it yet."""
    shopper.leave_lead()
    return agreed(to_paypal(shopper))


@pytest.fixture
def payer(shopper: Shopper, back: str) -> Shopper:
    """Who has paid the order by PayPal and stands before the first upsell."""
    shopper.get(back)
    assert shopper.submit().path == "upsell/1"
    return shopper


def test_paypal_charges_when_the_shopper_is_back_and_the_form_is_sent(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    address = to_paypal(shopper)
    assert "Nothing is paid yet" in shopper.page.text
    back = agreed(address)
    assert {"token", "PayerID"} <= parse_qs(urlsplit(back).query).keys()
    for _ in range(3):
        page = shopper.get(back)
        assert page.path.startswith("return/paypal/")
        assert "$54.90 USD" in page.text
    assert crm.calls(CONFIRM) == [], "a GET charges nothing, however often it is repeated"
    assert crm.charges()["total"] == 0
    page = shopper.submit()
    assert page.path == "upsell/1"
    assert "You pay with PayPal, as before." in page.text
    assert crm.charges()["total"] == 1


def test_the_crm_is_told_what_is_bought_in_both_calls(crm: Crm, shopper: Shopper, back: str) -> None:
    shopper.get(back)
    shopper.submit()
    (order,), (confirm,) = crm.calls(ORDER), crm.calls(CONFIRM)
    lines = {"product1_id": "101", "product1_qty": "1"}
    given = parse_qs(urlsplit(back).query)
    assert {"paySource": "PAYPAL", "paypalBillerId": "7", **lines}.items() <= order["params"].items()
    assert not {"cardNumber", "cardSecurityCode"} & order["params"].keys()
    for name in ("salesUrl", "redirectsTo", "errorRedirectsTo"):
        assert len(order["params"][name]) <= 300
    assert {
        "campaignId": "1",
        "orderId": order["params"]["orderId"],
        "token": given["token"][0],
        "payerId": given["PayerID"][0],
        "paypalBillerId": "7",
        **lines,
    }.items() <= confirm["params"].items()
    assert "sessionId" in confirm["params"]


def test_a_cancelled_payment_charges_nothing_and_another_way_is_open_at_once(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    page = shopper.get(cancelled(to_paypal(shopper)))
    assert "PayPal has charged nothing" in page.text
    page = shopper.submit()
    assert page.path == "checkout"
    assert "You have not been charged" in page.text
    assert page.form.values["shipCity"] == ADDRESS["shipCity"]
    assert crm.calls(CONFIRM) == []
    assert shopper.submit(**ADDRESS, **CARD).path == "upsell/1"
    assert crm.charges()["total"] == 1


def test_after_a_cancel_paypal_can_be_chosen_again(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    shopper.get(cancelled(to_paypal(shopper)))
    shopper.submit()
    shopper.get(agreed(to_paypal(shopper)))
    assert shopper.submit().path == "upsell/1"
    assert crm.charges()["total"] == 1


def test_who_comes_back_by_the_back_button_can_go_on_or_pay_another_way(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    address = to_paypal(shopper)
    page = shopper.get("/checkout")
    assert page.path == "checkout/confirming"
    assert "not complete yet" in page.text
    assert "cardNumber" not in page.html
    link = page.attributes("a", **{"class": "button"})["href"]
    assert way_out(shopper.get(link)) == address
    shopper.get("/checkout/confirming")
    page = shopper.submit()
    assert page.path == "checkout"
    assert "You have not been charged" in page.text
    assert shopper.pay().path == "upsell/1"
    assert crm.charges()["total"] == 1


def test_the_old_agreement_charges_nothing_after_a_cancel(crm: Crm, shopper: Shopper, back: str) -> None:
    form = shopper.get(back).form
    shopper.get(back.split("?")[0])
    shopper.submit()
    page = shopper.submit(form)
    assert page.path == "checkout"
    assert "You have not been charged" in page.text
    assert crm.calls(CONFIRM) == []
    assert shopper.get(back).path == "checkout"


def test_a_cancel_that_comes_too_late_is_not_believed(crm: Crm, shopper: Shopper, back: str) -> None:
    cancel = shopper.get(back.split("?")[0]).form
    shopper.get(back)
    shopper.submit()
    page = shopper.submit(cancel)
    assert page.path == "upsell/1"
    assert "not been charged" not in page.text
    assert crm.charges()["total"] == 1


@pytest.mark.parametrize("tabs", [2, 8])
def test_tabs_that_come_back_at_once_are_one_charge(crm: Crm, shopper: Shopper, back: str, tabs: int) -> None:
    shopper.get(back)
    crm.fault(CONFIRM, "latency", seconds=0.5)
    pages = at_once(shopper, tabs, lambda tab, _: tab.submit())
    assert {page.path for page in pages} == {"upsell/1"}
    assert len(crm.calls(CONFIRM)) == 1
    assert crm.charges()["total"] == 1


def test_a_tab_that_cancels_and_one_that_agrees_at_once_agree_in_the_end(crm: Crm, shopper: Shopper, back: str) -> None:
    forms = [shopper.get(back).form, shopper.get(back.split("?")[0]).form]
    pages = at_once(shopper, 6, lambda tab, number: tab.submit(forms[number % 2]))
    paid = crm.charges()["total"]
    assert paid == len(crm.calls(CONFIRM)) <= 1
    for page in pages:
        assert (page.path, "not been charged" in page.text) in (
            [("upsell/1", False)] if paid else [("checkout", True), ("checkout", False)]
        )


def test_reload_back_and_a_replayed_return_charge_nothing_more(crm: Crm, shopper: Shopper, back: str) -> None:
    form = shopper.get(back).form
    shopper.submit()
    assert shopper.get(back).path == "upsell/1"
    assert shopper.get("/away").path == "upsell/1"
    assert shopper.submit(form).path == "upsell/1"
    assert len(crm.calls(CONFIRM)) == 1
    assert crm.charges()["total"] == 1


def test_another_browser_can_neither_pay_nor_see_anything(crm: Crm, shopper: Shopper, back: str) -> None:
    form = shopper.get(back).form
    with Shopper(shopper.url) as stranger:
        page = stranger.get(back)
        assert "Nothing was charged here" in page.text
        assert page.forms == []
        assert "Jane" not in page.html
        assert "$54.90" not in page.html
        assert stranger.submit(form).forms == []
        stranger.leave_lead(emailAddress="eve@example.com")
        assert stranger.get(back).forms == [], "nor with a visit of its own"
    assert crm.calls(CONFIRM) == []
    assert shopper.submit(form).path == "upsell/1", "the first browser can still pay"


def test_a_forged_ticket_leads_nowhere(crm: Crm, shopper: Shopper, back: str) -> None:
    ticket = urlsplit(back).path.rsplit("/", 1)[1]
    for forged in (ticket[:-1], ticket[:-4] + "AAAA", "x", ticket.split(".")[0]):
        assert shopper.get(f"/return/paypal/{forged}?token=EC-1&PayerID=2").status == 404
        assert shopper.get(f"/return/bank/{forged}").status == 404
        assert shopper.post(f"/return/bank/{forged}").status == 404
    assert crm.calls(CONFIRM) == []


def test_a_form_of_another_site_confirms_nothing(crm: Crm, shopper: Shopper, back: str) -> None:
    page = shopper.get(back)
    values = {name: value for name, value in page.form.values.items() if name != "csrf_token"}
    page = shopper.post(urlsplit(back).path, **values)
    assert (page.status, page.path.split("/")[:2]) == (400, ["return", "paypal"])
    assert "data-send" not in page.html, "it does not send itself again and again"
    assert crm.calls(CONFIRM) == []
    assert shopper.submit().path == "upsell/1"


def test_the_ticket_of_a_payment_at_the_bank_confirms_no_paypal(crm: Crm, shopper: Shopper) -> None:
    """Order Query has to judge it: a challenge may still be open in another tab."""
    shopper.leave_lead()
    shopper.pay(cardNumber="4000 0000 0000 3220")
    back = crm.calls(ORDER)[0]["params"]["redirectsTo"].replace("/bank/", "/paypal/") + "?token=EC-1&PayerID=2"
    assert shopper.get(back).path == "checkout/confirming"
    csrf = shopper.get("/checkout/confirming")
    assert csrf.forms == []
    assert shopper.post(urlsplit(back).path, token="EC-1", PayerID="2").path == "checkout/confirming"
    assert crm.calls(CONFIRM) == []


@pytest.mark.parametrize("fault", ["process_then_drop", "html", "truncated"])
def test_a_lost_answer_to_confirm_paypal_is_found(crm: Crm, hasty: Shopper, fault: str) -> None:
    hasty.get(agreed(to_paypal(hasty)))
    crm.fault(CONFIRM, fault)
    page = hasty.submit()
    assert page.path == "checkout/confirming"
    assert "Please do not pay again" in page.text
    assert page.forms == [], "it is too late to cancel"
    waits_for(hasty, "upsell/1")
    assert crm.charges()["total"] == 1
    assert len(crm.calls(CONFIRM)) == 1


@pytest.mark.parametrize("fault", ["drop", "hang", "500", "unknown_error"])
def test_a_payment_that_paypal_never_made_is_told_after_the_quiet_time(crm: Crm, hasty: Shopper, fault: str) -> None:
    back = agreed(to_paypal(hasty))
    hasty.get(back)
    crm.fault(CONFIRM, fault, seconds=8)
    assert hasty.submit().path == "checkout/confirming"
    for path in ("/checkout", "/lead", "/upsell/1", "/thank-you", "/away", back):
        assert hasty.get(path).path == "checkout/confirming", path
    page = waits_for(hasty, "checkout")
    assert "You have not been charged" in page.text
    assert crm.charges()["total"] == 0
    hasty.get(agreed(to_paypal(hasty)))
    assert hasty.submit().path == "upsell/1"
    assert crm.charges()["total"] == 1


def test_a_declined_payment_is_told_in_paypals_words_not_in_a_cards(crm: Crm, shopper: Shopper, back: str) -> None:
    shopper.get(back)
    crm.fault(CONFIRM, "decline")
    page = shopper.submit()
    assert page.path == "checkout"
    assert "PayPal did not make the payment. You have not been charged." in page.text
    assert "card was declined" not in page.text
    assert shopper.pay().path == "upsell/1"
    assert crm.charges()["total"] == 1


def test_a_refused_connection_charges_nothing_and_says_so(open_funnel: OpenFunnel, crm: Crm, tmp_path: Path) -> None:
    """The shopper comes back to a process that cannot reach the CRM."""
    first = open_funnel()
    away = open_funnel(relay=False, KONNEKTIVE_API_URL="http://127.0.0.1:9")
    with Shopper(first.url) as shopper, Shopper(away.url) as tab:
        shopper.leave_lead()
        back = agreed(to_paypal(shopper)).replace(first.url, away.url)
        tab.browser.cookies.update(shopper.browser.cookies.get_dict())
        tab.get(back)
        page = tab.submit()
        assert page.path == "checkout"
        assert "We cannot take payments right now." in page.text
        assert "you have not been charged" in page.text
        assert shopper.get("/checkout").path == "checkout"
    assert crm.charges()["total"] == 0


def test_with_the_crm_known_to_be_down_the_agreement_can_be_used_later(
    crm: Crm, funnel: Funnel, shopper: Shopper, back: str
) -> None:
    form = shopper.get(back).form
    crm.fault("*", "drop", times=0)
    assert eventually(lambda: _breaks(funnel))
    page = shopper.submit(form)
    assert page.status == 503
    assert "you have not been charged" in page.text
    assert "data-send" not in page.html
    assert page.form.values["token"] == form.values["token"]
    crm.heal()
    assert eventually(lambda: not funnel.rooms.breaker.is_open())
    assert shopper.submit(page.form).path == "upsell/1"
    assert crm.charges()["total"] == 1


def _breaks(funnel: Funnel) -> bool:
    funnel.rooms.breaker.report(False)
    return funnel.rooms.breaker.is_open()


def test_a_process_that_dies_after_the_return_leaves_no_doubt_for_good(crm: Crm, open_funnel: OpenFunnel) -> None:
    """Nobody sends the second call: the attempt was marked sent, and Order Query settles it."""
    funnel = open_funnel(**HASTY)
    with Shopper(funnel.url) as shopper:
        shopper.leave_lead()
        back = agreed(to_paypal(shopper))
        (attempt,) = ledger(funnel.rooms, crm)
        assert funnel.rooms.attempts.resume(attempt.key, lease=0.1)
        assert shopper.get(back).path == "checkout/confirming"
        assert shopper.page.forms == []
        page = waits_for(shopper, "checkout")
        assert "You have not been charged" in page.text
    assert crm.charges()["total"] == 0


def test_what_was_left_at_paypal_is_given_up_after_the_redirect_time(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_funnel(FUNNEL_REDIRECT_TIME="2", **HASTY)
    with Shopper(funnel.url) as shopper:
        shopper.leave_lead()
        back = agreed(to_paypal(shopper))
        shopper.get("/checkout/confirming")
        assert "You have not been charged" in waits_for(shopper, "checkout").text
        assert shopper.get(back).path == "checkout"
        assert shopper.pay().path == "upsell/1"
    assert crm.charges()["total"] == 1
    assert crm.calls(CONFIRM) == []


# Upsells


def test_a_paypal_upsell_asks_paypal_and_then_calls_again_with_the_agreement(crm: Crm, payer: Shopper) -> None:
    address = way_out(payer.submit(choice="yes"))
    back = agreed(address)
    page = payer.get(back)
    assert "$32.50 USD" in page.text
    assert crm.charges()["total"] == 1
    page = payer.submit()
    assert page.path == "upsell/2"
    assert "Added to your order: Linen shade." in page.text
    asked, confirmed = crm.calls(UPSALE)
    given = parse_qs(urlsplit(back).query)
    assert {"paySource": "PAYPAL", "paypalBillerId": "7", "productId": "202"}.items() <= asked["params"].items()
    assert asked["params"].items() <= confirmed["params"].items()
    assert confirmed["params"]["token"] == given["token"][0]
    assert confirmed["params"]["payerId"] == given["PayerID"][0]
    assert crm.charges()["total"] == 2
    assert payer.get(back).path == "upsell/2"
    assert payer.submit(choice="no").path == "thank-you"
    assert "$87.40" in payer.page.text


def test_a_paypal_upsell_that_is_cancelled_leads_on(crm: Crm, payer: Shopper) -> None:
    page = payer.get(cancelled(way_out(payer.submit(choice="yes"))))
    assert "you were not charged for it" in page.text
    page = payer.submit()
    assert page.path == "upsell/2"
    assert "could not add Linen shade" in page.text
    assert crm.charges()["total"] == 1


def test_a_paypal_upsell_in_many_tabs_is_one_charge(crm: Crm, payer: Shopper) -> None:
    payer.get(agreed(way_out(payer.submit(choice="yes"))))
    crm.fault(UPSALE, "latency", seconds=0.5)
    pages = at_once(payer, 6, lambda tab, _: tab.submit())
    assert {page.path for page in pages} == {"upsell/2"}
    assert len(crm.calls(UPSALE)) == 2
    assert crm.charges()["total"] == 2


@pytest.mark.parametrize("fault", ["process_then_drop", "drop"])
def test_a_paypal_upsell_without_an_answer_leads_on_to_the_receipt(crm: Crm, hasty: Shopper, fault: str) -> None:
    hasty.get(agreed(to_paypal(hasty)))
    hasty.submit()
    hasty.get(agreed(way_out(hasty.submit(choice="yes"))))
    crm.fault(UPSALE, fault)
    page = hasty.submit()
    assert page.path == "thank-you"
    assert "still adding" in page.text
    charged = fault == "process_then_drop"
    total = "$87.40" if charged else "$54.90"
    assert eventually(lambda: "being added" not in (text := hasty.get("/thank-you").text) and total in text)
    assert crm.charges()["total"] == 1 + charged


def test_a_declined_paypal_upsell_leads_on_with_an_honest_sentence(crm: Crm, payer: Shopper) -> None:
    payer.get(agreed(way_out(payer.submit(choice="yes"))))
    crm.fault(UPSALE, "decline")
    page = payer.submit()
    assert page.path == "upsell/2"
    assert "could not add Linen shade" in page.text
    assert crm.charges()["total"] == 1


# The new workflow: PayPal charges by itself, and Confirm PayPal is not called.


@pytest.fixture
def new_workflow(crm: Crm) -> None:
    crm.switch(paypal_workflow="new")


def finished(shopper: Shopper, address: str) -> Page:
    """Agree, and let PayPal's page post the order to redirectsTo, as a browser does: without our cookie."""
    finish = decide(address, "agree").text
    target = finish.split('action="')[1].split('"')[0]
    with Shopper(shopper.url) as stripped:
        answer = stripped.browser.post(target, data={"orderData": "{}"}, allow_redirects=False, timeout=10)
    assert answer.status_code == 303
    return shopper.get(answer.headers["Location"])


@pytest.mark.usefixtures("new_workflow")
def test_the_new_workflow_pays_without_confirm_paypal(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    address = to_paypal(shopper)
    assert "Please do not pay again" in shopper.page.text
    page = finished(shopper, address)
    assert "confirming your payment" in page.text or page.path == "upsell/1"
    waits_for(shopper, "upsell/1")
    assert crm.calls(CONFIRM) == []
    assert crm.charges()["total"] == 1


@pytest.mark.usefixtures("new_workflow")
def test_a_cancel_of_the_new_workflow_is_believed_after_its_time(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_funnel(FUNNEL_FAILED_REDIRECT_TIME="2", **HASTY)
    with Shopper(funnel.url) as shopper:
        shopper.leave_lead()
        back = decide(to_paypal(shopper), "cancel").headers["Location"]
        page = shopper.get(back)
        assert page.path == "checkout/confirming"
        assert "PayPal has not confirmed your payment" in page.text
        assert page.forms == [], "somebody may agree in another tab, so it cannot be given up here"
        assert "You have not been charged" in waits_for(shopper, "checkout").text
        assert shopper.pay().path == "upsell/1"
    assert crm.charges()["total"] == 1


@pytest.mark.usefixtures("new_workflow")
def test_an_upsell_of_the_new_workflow(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    finished(shopper, to_paypal(shopper))
    waits_for(shopper, "upsell/1")
    shopper.get("/upsell/1")
    finished(shopper, way_out(shopper.submit(choice="yes")))
    page = waits_for(shopper, "upsell/2")
    assert "Added to your order: Linen shade." in page.text
    assert crm.charges()["total"] == 2


def test_a_campaign_without_paypal_takes_none(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_funnel(FUNNEL_FILE=str(Path(__file__).parent / "funnel.toml"))
    with Shopper(funnel.url) as shopper:
        shopper.leave_lead()
        assert "PayPal" not in shopper.page.html
        assert shopper.submit(**ADDRESS, do="paypal").status == 422
    assert crm.calls(ORDER) == []


def test_books_and_crm_agree_after_a_day_of_paypal(crm: Crm, funnel: Funnel, payer: Shopper) -> None:
    payer.get(agreed(way_out(payer.submit(choice="yes"))))
    payer.submit()
    assert [attempt.state for attempt in ledger(funnel.rooms, crm)] == [State.CHARGED, State.CHARGED]
    assert crm.charges()["total"] == 2


def test_with_the_store_away_the_agreement_is_kept_in_the_address(
    crm: Crm, funnel: Funnel, shopper: Shopper, back: str
) -> None:
    """The page that looks again must not forget it: without it the return would pass for a cancel."""
    books = funnel.settings.database_file
    assert books
    aside = [(path, path.with_name(f"aside-{path.name}")) for path in books.parent.glob(f"{books.name}*")]
    for path, away in aside:
        path.rename(away)
    page = shopper.get(back)
    assert page.status == 503
    again = page.headers["Refresh"].split("url=")[1]
    for path, away in aside:
        away.rename(path)
    assert eventually(lambda: shopper.get(again).status == 200)
    assert "You agreed at PayPal" in shopper.page.text
    assert shopper.submit().path == "upsell/1"
    assert crm.charges()["total"] == 1


def test_a_late_cancel_of_an_upsell_does_not_say_that_it_was_not_added(crm: Crm, payer: Shopper) -> None:
    back = agreed(way_out(payer.submit(choice="yes")))
    cancel = payer.get(back.split("?")[0]).form
    payer.get(back)
    assert payer.submit().path == "upsell/2"
    page = payer.submit(cancel)
    assert page.path == "upsell/2"
    assert "could not add" not in page.text
    assert crm.charges()["total"] == 2
