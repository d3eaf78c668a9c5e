"""Routes through the offers, walked without JavaScript: conditions, replacements, ends, and what cannot be charged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from campaigns import written
from conftest import Crm, Funnel, OpenFunnel, eventually
from shopper import Page, Shopper
from travellers import HASTY, UPSALE

from funnel.store.tables import attempts

CANADA = {"shipCountry": "CA", "shipState": "ON", "shipPostalCode": "M5V 2T6", "shipCity": "Toronto"}
PAYPAL = {"pay_sources": '["card", "paypal"]', "paypal": "{ paypalBillerId = 7 }"}
BY_ANSWER = """
[upsell1]
offer = "shade"
[upsell2]
offer = "bulbs"
only_if = { accepted = ["upsell1"] }
[upsell3]
offer = "brass"
only_if = { declined = ["upsell1"] }
"""
REPLACING = """
[upsell1]
offer = "brass"
replaces = "lamp"
[upsell2]
offer = "bulbs"
"""
ENDING = """
[upsell1]
offer = "shade"
ends_after_minutes = 1
downsell = { offer = "bulbs" }
[upsell2]
offer = "brass"
"""


@pytest.fixture
def campaign_file(tmp_path: Path) -> Path:
    """Sells what all the campaigns here sell, so that the sandbox knows it."""
    return written(tmp_path, BY_ANSWER, upsells=3)


@pytest.fixture
def shop(open_funnel: OpenFunnel, tmp_path: Path) -> Callable[..., Funnel]:
    """Opens a funnel with these upsell tables. Keywords in capitals are settings, others are keys of funnel.toml."""

    def open_shop(tables: str, *, upsells: int = 2, **keys: str) -> Funnel:
        settings = {name: value for name, value in keys.items() if name.isupper()}
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        top = {name: value for name, value in keys.items() if not name.isupper()}
        return open_funnel(FUNNEL_FILE=str(written(folder, tables, upsells=upsells, **top)), **settings)

    return open_shop


@contextmanager
def buyer(funnel: Funnel, **typed: str) -> Iterator[Shopper]:
    """A shopper whose order is paid."""
    with Shopper(funnel.url) as shopper:
        shopper.leave_lead()
        shopper.pay(**typed)
        yield shopper


def buy_by_paypal(shopper: Shopper) -> Page:
    """PayPal's legacy workflow: away, agreed to, back, and sent by the shopper's own button."""
    shopper.leave_lead()
    away = shopper.pay(do="paypal", cardNumber="", cardExpiryDate="", cardSecurityCode="")
    assert away.path == "away"
    paypal = away.headers["Refresh"].split("url=", 1)[1]
    back = requests.post(paypal, data={"decision": "agree"}, timeout=20, allow_redirects=False)
    shopper.get(back.headers["Location"])
    return shopper.submit()


@pytest.mark.parametrize(("answer", "then"), [("yes", "upsell/2"), ("no", "upsell/3")])
def test_the_answer_to_one_offer_decides_which_comes_next(crm: Crm, shopper: Shopper, answer: str, then: str) -> None:
    shopper.buy()
    assert shopper.submit(choice=answer).path == then
    other = {"upsell/2": "/upsell/3", "upsell/3": "/upsell/2"}[then]
    assert shopper.get(other).path == then, "the other route is closed"
    assert "Offer 2 of" not in shopper.page.text, "how many come is not known"
    assert shopper.submit(choice="no").path == "thank-you"
    assert crm.charges()["total"] == (2 if answer == "yes" else 1)


def test_an_offer_that_the_bank_declined_counts_as_not_accepted(crm: Crm, shopper: Shopper) -> None:
    shopper.leave_lead()
    shopper.pay(cardNumber="4000 0000 0000 0341")
    assert shopper.submit(choice="yes").path == "upsell/3"


@pytest.mark.parametrize(
    ("condition", "quantity", "first"),
    [
        ('bought = ["lamp"]', 1, "upsell/1"),
        ('bought = ["bulbs", "lamp"]', 3, "upsell/1"),
        ('bought = ["bulbs"]', 1, "upsell/2"),
    ],
)
def test_what_was_bought_decides(shop: Callable[..., Funnel], condition: str, quantity: int, first: str) -> None:
    tables = f'[upsell1]\noffer = "shade"\nonly_if = {{ {condition} }}\n[upsell2]\noffer = "brass"\n'
    with buyer(shop(tables), offer=f"lamp-{quantity}") as shopper:
        assert shopper.page.path == first


def test_what_was_added_on_the_way_counts_as_bought(shop: Callable[..., Funnel]) -> None:
    tables = '[upsell1]\noffer = "shade"\n[upsell2]\noffer = "bulbs"\nonly_if = { bought = ["shade"] }\n'
    funnel = shop(tables)
    with buyer(funnel) as shopper:
        assert shopper.submit(choice="yes").path == "upsell/2"
    with buyer(funnel) as shopper:
        assert shopper.submit(choice="no").path == "thank-you"


@pytest.mark.parametrize(("typed", "first"), [({}, "upsell/2"), (CANADA, "upsell/1")])
def test_where_it_goes_decides(shop: Callable[..., Funnel], typed: dict[str, str], first: str) -> None:
    tables = '[upsell1]\noffer = "shade"\nonly_if = { countries = ["CA"] }\n[upsell2]\noffer = "brass"\n'
    with buyer(shop(tables), **typed) as shopper:
        assert shopper.page.path == first


def test_how_it_was_paid_decides(crm: Crm, shop: Callable[..., Funnel]) -> None:
    tables = '[upsell1]\noffer = "shade"\nonly_if = { pay_sources = ["card"] }\n[upsell2]\noffer = "brass"\n'
    funnel = shop(tables, **PAYPAL)
    with buyer(funnel) as shopper:
        assert shopper.page.path == "upsell/1"
    with Shopper(funnel.url) as shopper:
        page = buy_by_paypal(shopper)
        assert page.path == "upsell/2"
        assert "You pay with PayPal, as before." in page.text


def test_who_paid_by_paypal_is_offered_nothing_once_the_campaign_has_no_paypal(
    crm: Crm, shop: Callable[..., Funnel]
) -> None:
    with Shopper(shop(BY_ANSWER, upsells=3, **PAYPAL).url) as shopper:
        assert buy_by_paypal(shopper).path == "upsell/1"
        form, cookies = shopper.page.form, shopper.browser.cookies.get_dict()
    with Shopper(shop(BY_ANSWER, upsells=3).url) as shopper:
        shopper.browser.cookies.update(cookies)
        assert shopper.get("/upsell/1").path == "thank-you"
        assert shopper.submit(form, choice="yes").path == "thank-you"
    assert crm.calls(UPSALE) == []


def test_an_offer_can_take_the_place_of_what_was_bought(crm: Crm, shop: Callable[..., Funnel]) -> None:
    with buyer(shop(REPLACING)) as shopper:
        assert "It takes the place of the Halden desk lamp in your order." in shopper.page.text
        assert shopper.submit(choice="yes").path == "upsell/2"
        receipt = shopper.submit(choice="no")
    (call,) = crm.calls(UPSALE)
    assert (call["params"]["productId"], call["params"]["replaceProductId"]) == ("301", "101")
    assert "1 × Halden brass lamp" in receipt.text
    assert "Halden desk lamp" not in receipt.text
    assert "$85.00" in receipt.text, "79.00 and 6.00 shipping, for nothing else is in the order"
    assert crm.charges()["total"] == 2


@pytest.mark.parametrize(("fault", "charged"), [("process_then_drop", True), ("drop", False)])
def test_a_replacement_whose_answer_is_lost_is_judged_by_what_the_order_holds(
    crm: Crm, shop: Callable[..., Funnel], fault: str, charged: bool
) -> None:
    with buyer(shop(REPLACING, **HASTY)) as shopper:
        crm.fault(UPSALE, fault)
        page = shopper.submit(choice="yes")
        assert page.path == "thank-you"
        assert "Halden desk lamp" in page.text, "which stands until it is certain"
        there, gone = ("1 × Halden brass lamp", "desk lamp") if charged else ("Halden desk lamp", "1 × Halden brass")
        assert eventually(
            lambda: "being added" not in (text := shopper.get("/thank-you").text) and there in text and gone not in text
        ), shopper.page.text
    assert crm.charges()["total"] == 1 + charged


@pytest.mark.parametrize(("fault", "charged"), [("process_then_drop", True), ("drop", False)])
@pytest.mark.parametrize("quantity", [1, 3])
def test_more_of_the_very_same_product_is_told_from_what_was_bought(
    crm: Crm, shop: Callable[..., Funnel], fault: str, charged: bool, quantity: int
) -> None:
    """The order's own items are no evidence for the upsell: what counts is more of them than before."""
    with buyer(
        shop(f'[upsell1]\noffer = "lamp"\nquantity = {quantity}\n', upsells=1, **HASTY), offer="lamp-2"
    ) as shopper:
        crm.fault(UPSALE, fault)
        assert "being added" in shopper.submit(choice="yes").text
        assert eventually(lambda: "being added" not in shopper.get("/thank-you").text), shopper.page.text
        assert (f"{quantity} × Halden desk lamp" in shopper.page.text) is charged
        assert ("We could not add Halden desk lamp" in shopper.page.text) is not charged
    assert crm.charges()["total"] == 1 + charged


def test_after_a_replacement_an_offer_for_what_is_gone_is_passed_over(shop: Callable[..., Funnel]) -> None:
    tables = '[upsell1]\noffer = "brass"\nreplaces = "lamp"\n[upsell2]\noffer = "shade"\nreplaces = "lamp"\n'
    funnel = shop(tables)
    with buyer(funnel) as shopper:
        assert shopper.submit(choice="yes").path == "thank-you"
    with buyer(funnel) as shopper:
        assert shopper.submit(choice="no").path == "upsell/2"


def test_an_offer_says_until_when_it_stands_and_the_server_keeps_to_it(crm: Crm, shop: Callable[..., Funnel]) -> None:
    funnel = shop(ENDING)
    with buyer(funnel) as shopper:
        assert "This offer ends in less than a minute." in shopper.page.text
        form = shopper.page.form
        _make_older(funnel, seconds=61)
        page = shopper.submit(form, choice="yes")
        assert page.path == "upsell/2", "silently on"
        assert "could not" not in page.text
        assert shopper.get("/upsell/1").path == "upsell/2"
        assert shopper.submit(form, choice="no").path == "upsell/2"
        assert shopper.get("/upsell/1/b").path == "upsell/2", "its downsell has ended with it"
    assert crm.calls(UPSALE) == []


def test_minutes_left_are_told_rounded_down(shop: Callable[..., Funnel]) -> None:
    funnel = shop(ENDING.replace("minutes = 1", "minutes = 10"))
    with buyer(funnel) as shopper:
        assert "This offer ends in 9 minutes." in shopper.page.text
        _make_older(funnel, seconds=8 * 60)
        assert "This offer ends in 1 minute." in shopper.get("/upsell/1").text
        shopper.submit(choice="no")
        assert "This offer ends in 1 minute." in shopper.page.text, "the downsell's is the upsell's"


def test_after_the_window_every_offer_is_passed_over_silently(crm: Crm, shop: Callable[..., Funnel]) -> None:
    funnel = shop(BY_ANSWER, upsells=3, FUNNEL_UPSELL_WINDOW="600")
    with buyer(funnel) as shopper:
        form = shopper.page.form
        _make_older(funnel, seconds=601)
        page = shopper.submit(form, choice="yes")
        assert page.path == "thank-you"
        assert "could not add" not in page.text
        assert shopper.get("/upsell/1").path == "thank-you"
    assert crm.calls(UPSALE) == []


def test_a_window_that_has_passed_at_the_crm_leads_on_with_an_honest_sentence(
    crm: Crm, shop: Callable[..., Funnel]
) -> None:
    """Its words are not published, so the refusal proves nothing: Order Query has the last word."""
    with buyer(shop(BY_ANSWER, upsells=3, **HASTY)) as shopper:
        crm.switch(upsell_window_minutes=0.0001)
        page = shopper.submit(choice="yes")
        assert page.path == "thank-you"
        assert "still adding Linen shade" in page.text
        missed = "We could not add Linen shade, so you were not charged for it."
        assert eventually(lambda: missed in shopper.get("/thank-you").text), shopper.page.text
        assert "being added" not in shopper.page.text
        assert "$54.90" in shopper.page.text
    assert crm.charges()["total"] == 1


def test_an_order_adopted_after_a_lost_store_is_offered_nothing(
    crm: Crm, open_funnel: OpenFunnel, tmp_path: Path
) -> None:
    with Shopper(open_funnel(**HASTY).url) as shopper:
        shopper.buy()
        form, cookies = shopper.page.form, shopper.browser.cookies.get_dict()
    with Shopper(open_funnel(DATABASE_URL=f"sqlite:///{tmp_path}/new.db", **HASTY).url) as shopper:
        shopper.browser.cookies.update(cookies)
        assert eventually(lambda: shopper.get("/upsell/1").path == "thank-you")
        assert shopper.submit(form, choice="yes").path == "thank-you"
    assert crm.calls(UPSALE) == []


def test_terms_of_a_subscription_stand_beside_the_button(crm: Crm, shop: Callable[..., Funnel]) -> None:
    with buyer(shop('[upsell1]\noffer = "club"\n', upsells=1)) as shopper:
        terms = "Then $18.00 every 30 days, the first time after 14 days, until you cancel."
        assert terms in shopper.page.text
        assert shopper.page.text.index(terms) < shopper.page.text.index("Yes, add it for $9.00")


def test_a_single_transaction_campaign_says_so_and_speaks_of_one_payment(crm: Crm, shop: Callable[..., Funnel]) -> None:
    crm.switch(single_transaction=True)
    with buyer(shop(BY_ANSWER, upsells=3, single_transaction="true")) as shopper:
        assert "It is added to the same payment." in shopper.page.text
        assert "We charge" not in shopper.page.text
        assert "confirmed" not in shopper.page.text, "the payment is only authorised"
        shopper.submit(choice="yes")
        receipt = shopper.submit(choice="no")
    assert "separate charges" not in receipt.text
    assert "We have your order." in receipt.text
    assert "looking over" not in receipt.text, "nobody does: it waits for its upsells"
    assert "$87.40" in receipt.text


def test_a_held_order_takes_upsells_and_is_not_called_confirmed(crm: Crm, shop: Callable[..., Funnel]) -> None:
    with buyer(shop(BY_ANSWER, upsells=3), cardNumber="4000 0000 0000 4954") as shopper:
        assert "We have your order #" in shopper.page.text
        assert "is confirmed" not in shopper.page.text
        assert shopper.submit(choice="yes").path == "upsell/2"
        receipt = shopper.submit(choice="no")
    assert "We have your order." in receipt.text
    assert "We are looking over your order before it ships." in receipt.text
    assert "is confirmed" not in receipt.text


def test_no_and_yes_are_equal_buttons_without_shaming_words(shopper: Shopper) -> None:
    shopper.buy()
    buttons = [given for name, given in shopper.page.elements if name == "button"]
    assert [button["class"] for button in buttons] == ["button", "button"]
    assert "No thanks" in shopper.page.text
    assert "autofocus" not in shopper.page.html


def _make_older(funnel: Funnel, *, seconds: float) -> None:
    """Every attempt, as if it had been made so much earlier."""
    with funnel.rooms.store.write() as connection:
        connection.execute(attempts.update().values(created_at=attempts.c.created_at - seconds))
