"""What is kept of a form that is not all right yet, whatever of its mistakes is shown at the moment."""

from __future__ import annotations

import pytest
from conftest import Crm, Funnel, OpenFunnel
from shopper import ADDRESS, CARD, JANE, Page, Shopper
from sqlalchemy import select
from test_breaker import pause
from test_flooded_forms import JANES, open_with

from funnel.store.tables import outbox, visits

SLIP = {**JANE, "emailAddress": "jane@gmial.com"}
NAMELESS = {**SLIP, "firstName": "", "lastName": ""}


def asks_who_it_is(page: Page) -> bool:
    return "firstName" in page.form.values


def kept_contacts(funnel: Funnel) -> list[object]:
    with funnel.rooms.store.read() as connection:
        return list(connection.execute(select(visits.c.contact)).scalars())


def leads_owed(funnel: Funnel) -> int:
    with funnel.rooms.store.read() as connection:
        return len(connection.execute(select(outbox.c.id).where(outbox.c.kind == "lead")).all())


def test_a_mended_email_address_makes_no_lead_of_somebody_without_a_name(crm: Crm, shopper: Shopper) -> None:
    shopper.get("/checkout")
    shopper.submit(**NAMELESS, do="mend")
    assert shopper.page.form.values["emailAddress"] == "jane@gmail.com"
    assert asks_who_it_is(shopper.get("/checkout"))
    assert shopper.pay(**JANE).path == "upsell/1"


def test_a_mended_email_address_is_kept_with_the_name(crm: Crm, shopper: Shopper) -> None:
    shopper.get("/checkout")
    shopper.submit(**SLIP, do="mend")
    assert not asks_who_it_is(shopper.get("/checkout"))
    assert shopper.pay().path == "upsell/1"
    assert crm.calls("/leads/import/")[0]["params"]["emailAddress"] == "jane@gmail.com"


def test_an_address_that_lacked_its_dot_is_right_once_it_is_mended(shopper: Shopper) -> None:
    shopper.get("/checkout")
    shopper.submit(**{**JANE, "emailAddress": "jane@gmailcom"}, do="mend")
    assert not asks_who_it_is(shopper.get("/checkout"))


def test_a_wrong_address_is_not_kept_with_a_mended_email_address(shopper: Shopper) -> None:
    shopper.get("/checkout")
    shopper.submit(**{**SLIP, **ADDRESS, "shipPostalCode": "x"}, do="mend")
    values = shopper.get("/checkout").form.values
    assert (values["shipAddress1"], values["shipPostalCode"]) == (ADDRESS["shipAddress1"], "")


@pytest.mark.parametrize("button", ["mend", "reckon"])
def test_a_country_that_nobody_has_is_no_fault_of_ours(shopper: Shopper, button: str) -> None:
    shopper.get("/checkout")
    assert shopper.submit(**{**SLIP, **ADDRESS, "shipCountry": "ZZ"}, do=button).status == 200
    assert shopper.get("/checkout").form.values["shipAddress1"] == ADDRESS["shipAddress1"]


def test_a_package_picked_while_the_crm_is_down_makes_no_lead_of_nobody(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_funnel(relay=False)
    with Shopper(funnel.url) as shopper:
        form = shopper.get("/checkout").form
        pause(funnel)
        token = str(form.values["csrf_token"])
        assert shopper.post("/checkout", csrf_token=token, offer=str(form.values["offer"]), do="reckon").status == 503
    assert kept_contacts(funnel) == [None]
    assert leads_owed(funnel) == 0


def test_a_form_too_many_while_the_crm_is_down_stays_in_its_page_and_is_kept_nowhere(
    crm: Crm, open_funnel: OpenFunnel
) -> None:
    funnel = open_with(open_funnel, 1, relay=False)
    with Shopper(funnel.url, **JANES) as shopper:
        shopper.get("/checkout")
        shopper.reckon()
        pause(funnel)
        page = shopper.submit(**{**JANE, **ADDRESS, **CARD, "shipCity": "Elsewhere"})
        assert page.status == 503
        assert page.form.values.items() >= {"firstName": "Jane", "shipCity": "Elsewhere"}.items()
        assert "4242" not in page.html
    assert kept_contacts(funnel) == [None]
    assert leads_owed(funnel) == 0
