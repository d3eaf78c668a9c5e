"""A visit ends when nobody comes, and when its time is over; and that never lets anybody be charged twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Crm, Funnel, OpenFunnel
from shopper import ADDRESS, CARD, DECLINED_CARD, Shopper
from sqlalchemy import update
from test_bank import come_back
from test_journal import ask
from travellers import HASTY, ORDER, URL_CARD, agreed, to_paypal, way_out, with_paypal

from funnel.store.tables import attempts, visits


@pytest.fixture
def campaign_file(tmp_path: Path) -> Path:
    return with_paypal(tmp_path)


@pytest.fixture
def house(open_funnel: OpenFunnel) -> Funnel:
    """A funnel whose relay works when a test says so."""
    return open_funnel(relay=False, **HASTY)


@pytest.fixture
def jane(house: Funnel) -> Iterator[Shopper]:
    """With the checkout open."""
    with Shopper(house.url) as shopper:
        shopper.leave_lead()
        yield shopper


def outlive(funnel: Funnel) -> None:
    """Every visit so far began too long ago, though its last page is a moment old."""
    with funnel.rooms.store.write() as connection:
        connection.execute(update(visits).values(created_at=visits.c.created_at - funnel.settings.timing.visit_limit))


def test_a_visit_ends_whatever_its_pages_and_its_pay_form_charges_nothing(
    crm: Crm, house: Funnel, jane: Shopper
) -> None:
    form = jane.page.form
    assert "emailAddress" not in form.values
    outlive(house)
    page = jane.submit(form, **ADDRESS, **CARD)
    assert "emailAddress" in page.form.values, "a new visit, which nobody is known of"
    assert crm.calls(ORDER) == []
    with house.rooms.store.read() as connection:
        assert len(connection.execute(visits.select()).all()) == 2


def test_a_visit_without_a_page_for_a_day_ends(house: Funnel, jane: Shopper) -> None:
    assert "emailAddress" not in jane.page.form.values
    with house.rooms.store.write() as connection:
        connection.execute(update(visits).values(seen_at=visits.c.seen_at - house.settings.timing.visit_life))
    assert "emailAddress" in jane.get("/checkout").form.values


@pytest.mark.parametrize("fault", ["process_then_drop", "drop"])
def test_while_a_charge_is_unknown_its_visit_goes_on_and_tells_what_became_of_it(
    crm: Crm, house: Funnel, jane: Shopper, fault: str
) -> None:
    form = jane.page.form
    crm.fault(ORDER, fault)
    assert jane.pay().path == "checkout/confirming"
    outlive(house)
    jane.get("/")
    for page in (jane.get("/lead"), jane.get("/checkout"), jane.submit(form, **ADDRESS, **CARD)):
        assert page.path == "checkout/confirming"
    if fault == "drop":
        with house.rooms.store.write() as connection:
            connection.execute(update(attempts).values(settle_at=0.0))
    ask(house)
    page = jane.get("/checkout/confirming")
    if fault == "drop":
        assert page.path == "checkout"
        assert "You have not been charged" in page.text
        assert "emailAddress" in page.form.values, "the next try is a new visit's"
    else:
        assert page.path == "upsell/1"
    assert crm.charges()["total"] == (fault != "drop")
    assert len(crm.calls(ORDER)) == 1


def test_who_was_refused_when_the_time_was_up_begins_anew(crm: Crm, house: Funnel, jane: Shopper) -> None:
    jane.pay(**DECLINED_CARD)
    form = jane.page.form
    outlive(house)
    page = jane.submit(form, **ADDRESS, **CARD)
    assert "emailAddress" in page.form.values
    assert len(crm.calls(ORDER)) == 1


def test_who_comes_back_from_the_bank_too_late_for_the_visit_has_paid(crm: Crm, house: Funnel, jane: Shopper) -> None:
    jane.pay(cardNumber=URL_CARD)
    address = way_out(jane.page)
    outlive(house)
    come_back(jane, address)
    ask(house)
    assert jane.get("/checkout").path == "upsell/1"
    assert jane.submit(choice="yes").path == "upsell/2"
    assert crm.charges()["total"] == 2


def test_who_comes_back_from_paypal_too_late_for_the_visit_pays_once(crm: Crm, house: Funnel, jane: Shopper) -> None:
    back = agreed(to_paypal(jane))
    outlive(house)
    jane.get(back)
    assert jane.submit().path == "upsell/1"
    assert jane.get("/checkout").path == "upsell/1"
    assert crm.charges()["total"] == 1


def test_a_paid_visit_shows_its_receipt_for_a_while_and_its_old_form_charges_nothing(
    crm: Crm, house: Funnel, jane: Shopper
) -> None:
    form = jane.page.form
    jane.pay()
    outlive(house)
    assert jane.submit(form, **ADDRESS, **CARD).path == "upsell/1"
    while jane.page.path != "thank-you":
        jane.submit(choice="no")
    assert "$54.90" in jane.page.text
    with house.rooms.store.write() as connection:
        known_for_long = attempts.c.settled_at - house.settings.timing.visit_life
        connection.execute(update(attempts).values(settled_at=known_for_long))
    assert "$54.90" not in jane.get("/thank-you").text
    assert jane.submit(form, **ADDRESS, **CARD).path == "checkout"
    assert crm.charges()["total"] == 1
