"""Coupons: typed, from an address, wrong, ended; never a total that was not shown, and no GET that asks the CRM."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import Crm, Funnel, OpenFunnel, eventually, sandbox_selling, stock_of
from flask import Flask
from shopper import JANE, Shopper
from test_choices import ORDER, charged, sent, total

from funnel.sandbox.catalogue import Catalogue
from funnel.store.tables import outbox

COUPON = "/order/coupon/"
PLAIN, SAVED = "$54.90 USD", "$49.90 USD"


@pytest.fixture
def campaign_file() -> Path:
    return Path(__file__).parent / "choices.toml"


@pytest.fixture
def stock(campaign_file: Path, tmp_path: Path) -> Catalogue:
    """What the CRM sells; a merchant can change it."""
    known = stock_of(campaign_file, tmp_path)
    return replace(known, coupons=list(known.coupons))


@pytest.fixture
def sandbox(stock: Catalogue) -> Flask:
    return sandbox_selling(stock)


@pytest.fixture
def funnel(open_funnel: OpenFunnel) -> Funnel:
    return open_funnel(FUNNEL_ANSWER_DEADLINE="10")


@pytest.fixture
def at_checkout(shopper: Shopper) -> Shopper:
    shopper.leave_lead()
    return shopper


def test_the_coupon_is_folded_away_and_has_its_own_button(at_checkout: Shopper) -> None:
    details = [given for tag, given in at_checkout.page.elements if tag == "details" and "coupon" in given["class"]]
    assert len(details) == 1
    assert "open" not in details[0]
    assert at_checkout.page.form.buttons.count(("do", "reckon")) == 2, "Apply, and Update the total"
    assert "Have a coupon?" in at_checkout.page.text


@pytest.mark.parametrize("typed", ["SAVE10", "save10", "  save10 "])
def test_a_coupon_is_applied_by_its_button_and_charged_as_shown(crm: Crm, at_checkout: Shopper, typed: str) -> None:
    page = at_checkout.submit(do="reckon", couponCode=typed)
    assert page.status == 200
    assert total(page) == SAVED
    assert "Discount SAVE10 -$5.00" in page.text
    assert "SAVE10 is applied" in page.text
    assert at_checkout.pay().path == "upsell/1"
    assert sent(crm)["couponCode"] == "SAVE10"
    assert charged(crm) == ["49.90"]


@pytest.mark.parametrize(("code", "shown"), [("FIVE", "$49.90 USD"), ("SHIPFREE", "$49.95 USD")])
def test_flat_coupons_and_those_of_the_shipping_are_charged_as_shown(
    crm: Crm, at_checkout: Shopper, code: str, shown: str
) -> None:
    assert total(at_checkout.reckon(couponCode=code)) == shown
    at_checkout.pay()
    assert charged(crm) == [shown.split()[0].strip("$")]


def test_typed_and_paid_at_once_it_is_shown_first(crm: Crm, at_checkout: Shopper) -> None:
    page = at_checkout.pay(couponCode="SAVE10")
    assert page.status == 422
    assert "Your total has changed, and you have not been charged yet" in page.text
    assert total(page) == SAVED
    assert crm.calls(ORDER) == []
    at_checkout.pay()
    assert charged(crm) == ["49.90"]


@pytest.mark.parametrize("refusal", ["error", "zero"])
@pytest.mark.parametrize("do", ["reckon", "pay"])
def test_a_wrong_code_is_told_and_takes_nothing_off(crm: Crm, at_checkout: Shopper, do: str, refusal: str) -> None:
    crm.switch(coupon_refusal=refusal)
    page = at_checkout.pay(couponCode="NOPE", do=do)
    assert page.status == 422
    assert "NOPE is not valid for this offer, so it takes nothing off. You have not been charged." in page.text
    assert total(page) == PLAIN
    assert page.attributes("input", name="shipCity")["value"] == "Springfield"
    assert crm.calls(ORDER) == []
    assert at_checkout.pay().path == "upsell/1", "it stands in nobody's way"
    assert "couponCode" not in sent(crm)
    assert charged(crm) == ["54.90"]


def test_a_code_can_be_taken_out_again(crm: Crm, at_checkout: Shopper) -> None:
    at_checkout.reckon(couponCode="SAVE10")
    assert total(at_checkout.reckon(couponCode="")) == PLAIN
    at_checkout.pay()
    assert charged(crm) == ["54.90"]


@pytest.mark.parametrize("kind", ["500", "html", "drop"])
@pytest.mark.parametrize("do", ["reckon", "pay"])
def test_while_the_crm_cannot_be_asked_nothing_is_charged(crm: Crm, at_checkout: Shopper, do: str, kind: str) -> None:
    crm.fault(COUPON, kind, times=1)
    page = at_checkout.pay(couponCode="SAVE10", do=do)
    assert page.status == 503
    assert "We could not work out your total just now. You have not been charged." in page.text
    assert crm.calls(ORDER) == []
    assert page.form.values["couponCode"] == "SAVE10"
    crm.heal()
    assert at_checkout.pay().status == 422, "now it is known, and shown first"
    at_checkout.pay()
    assert charged(crm) == ["49.90"]


def test_a_crm_that_is_slow_is_not_waited_for_longer_than_the_deadline(crm: Crm, open_funnel: OpenFunnel) -> None:
    with Shopper(open_funnel(FUNNEL_ANSWER_DEADLINE="0.5").url) as shopper:
        shopper.get("/checkout")
        crm.fault(COUPON, "latency", times=1, seconds=8)
        page = shopper.reckon(**JANE, couponCode="SAVE10")
        assert page.status == 503
        assert "could not work out your total" in page.text


def test_a_coupon_that_ended_meanwhile_is_not_charged_as_shown(
    crm: Crm, stock: Catalogue, at_checkout: Shopper
) -> None:
    assert total(at_checkout.reckon(couponCode="SAVE10")) == SAVED
    stock.coupons.clear()
    page = at_checkout.pay()
    assert page.status == 422
    assert "SAVE10 is not valid" in page.text
    assert total(page) == PLAIN
    assert crm.calls(ORDER) == []
    at_checkout.pay()
    assert charged(crm) == ["54.90"]


@pytest.mark.parametrize("landing", ["/", "/lead", "/checkout"])
def test_a_code_in_an_address_is_priced_without_a_get_that_asks_the_crm(
    crm: Crm, shopper: Shopper, landing: str
) -> None:
    shopper.get(f"{landing}?coupon=save10&affId=7")
    (asked,) = crm.wait_for(COUPON)
    assert asked["params"]["couponCode"] == "SAVE10"
    shopper.leave_lead()
    page = eventually(lambda: found if total(found := shopper.get("/checkout")) == SAVED else None)
    assert page, shopper.page.text
    assert shopper.pay().path == "upsell/1"
    assert charged(crm) == ["49.90"]


def test_without_a_relay_the_code_is_kept_and_priced_by_the_first_button(crm: Crm, open_funnel: OpenFunnel) -> None:
    with Shopper(open_funnel(relay=False, FUNNEL_ANSWER_DEADLINE="10").url) as shopper:
        shopper.get("/?coupon=SAVE10")
        shopper.leave_lead()
        assert crm.calls(COUPON) == []
        assert shopper.page.form.values["couponCode"] == "SAVE10"
        assert total(shopper.page) == PLAIN
        page = shopper.pay()
        assert (page.status, total(page)) == (422, SAVED)
        assert crm.calls(ORDER) == []
        shopper.pay()
        assert charged(crm) == ["49.90"]


def test_a_code_in_an_address_that_is_none_is_told_and_charges_the_price(crm: Crm, shopper: Shopper) -> None:
    shopper.get("/?coupon=nope")
    crm.wait_for(COUPON)
    shopper.leave_lead()
    page = eventually(lambda: found if "NOPE is not valid" in (found := shopper.get("/checkout")).text else None)
    assert page, shopper.page.text
    assert total(page) == PLAIN
    assert shopper.pay().path == "upsell/1", shopper.page.text
    assert charged(crm) == ["54.90"]


def test_a_code_whose_question_could_not_be_owed_is_asked_when_it_comes_again(
    crm: Crm, funnel: Funnel, shopper: Shopper
) -> None:
    with funnel.rooms.store.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER away BEFORE INSERT ON outbox WHEN NEW.kind = 'coupon'"
            " BEGIN SELECT RAISE(ABORT, 'away'); END"
        )
    assert shopper.get("/?coupon=SAVE10").status == 200
    with funnel.rooms.store.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER away")
    shopper.get("/?coupon=SAVE10")
    (asked,) = crm.wait_for(COUPON)
    assert asked["params"]["couponCode"] == "SAVE10"


def test_a_question_that_fails_holds_back_nothing_else(crm: Crm, funnel: Funnel, shopper: Shopper) -> None:
    crm.fault(COUPON, "500", times=1)
    shopper.get("/?coupon=SAVE10")
    shopper.get("/lead")
    assert eventually(lambda: crm.page_types() == ["presellPage", "leadPage"])
    rows = outbox.select().where(outbox.c.kind == "coupon")
    with funnel.rooms.store.read() as connection:
        (row,) = connection.execute(rows).all()
    assert row.state == "DELIVERED"


@pytest.mark.parametrize("code", ["", "4242424242424242", "x" * 31, "%00%1b"])
def test_what_is_no_code_is_not_kept(crm: Crm, shopper: Shopper, code: str) -> None:
    shopper.get(f"/?coupon={code}")
    page = shopper.leave_lead()
    assert page.form.values["couponCode"] == ""
    assert crm.calls(COUPON) == []


def test_without_coupons_there_is_no_field_and_an_address_brings_none(
    crm: Crm, open_funnel: OpenFunnel, campaign_file: Path, tmp_path: Path
) -> None:
    without = tmp_path / "without.toml"
    without.write_text(campaign_file.read_text().replace("coupons = true", "coupons = false"))
    with Shopper(open_funnel(FUNNEL_FILE=str(without)).url) as shopper:
        shopper.get("/?coupon=SAVE10")
        page = shopper.leave_lead()
        assert "couponCode" not in page.form.values
        assert shopper.pay(couponCode="SAVE10").path == "upsell/1"
    assert crm.calls(COUPON) == []
    assert charged(crm) == ["54.90"]


def test_a_total_of_the_crm_that_is_not_ours_is_told_to_the_operator(
    crm: Crm, stock: Catalogue, at_checkout: Shopper, caplog: Any
) -> None:
    """The merchant changes a price in the CRM and forgets funnel.toml."""
    stock.products[101] = replace(stock.products[101], price=stock.products[101].price + 10)
    at_checkout.pay()
    (told,) = [line for line in caplog.messages if "not ours" in line]
    assert "shown=54.90 charged=64.90" in told
    assert "jane" not in told.lower()


def test_a_total_that_is_ours_is_not_told(crm: Crm, at_checkout: Shopper, caplog: Any) -> None:
    at_checkout.reckon(couponCode="SAVE10", bump="care")
    at_checkout.pay()
    at_checkout.submit(choice="yes")
    assert crm.charges()["total"] == 2
    assert not [line for line in caplog.messages if "not ours" in line]
