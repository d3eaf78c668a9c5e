"""One form too many from an address comes again as it was typed, with what to do, and nothing is done for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from conftest import Crm, Funnel, OpenFunnel
from shopper import ADDRESS, CARD, JANE, PATIENCE, Page, Shopper
from sqlalchemy import delete, func, select
from test_walk_spanish import funnel_in

from funnel.store.tables import attempts, tallies, visits

JANES = {"X-Forwarded-For": "151.101.1.69"}
WORDS = "Too many tries. Wait 15 minutes, then press the button again. Nothing was sent or charged just now."


@pytest.fixture
def campaign_file() -> Path:
    return Path(__file__).parent / "choices.toml"


def open_with(open_funnel: OpenFunnel, forms: int, **settings: str) -> Funnel:
    return open_funnel(FUNNEL_ADDRESS_FORMS=str(forms), PROXY_HOPS="1", **settings)


def asks_to_wait(page: Page, words: str = WORDS) -> bool:
    return (page.status, page.headers["Retry-After"]) == (429, "900") and words in page.text


def wait(funnel: Funnel) -> None:
    """Until the count begins anew."""
    with funnel.rooms.store.write() as connection:
        connection.execute(delete(tallies))


def test_a_lead_comes_again_filled_and_is_sent_with_the_next_press(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_with(open_funnel, 1)
    with Shopper(funnel.url, **JANES) as jane:
        jane.leave_lead(emailAddress="nobody")
        page = jane.submit(**JANE)
        assert asks_to_wait(page)
        assert page.path == "lead"
        assert page.form.values.items() >= {**JANE, "phoneNumber": "1-555-123-4567"}.items()
        assert crm.calls("/leads/import/") == []
        wait(funnel)
        assert jane.submit().path == "checkout"
        assert crm.wait_for("/leads/import/")[0]["params"]["emailAddress"] == JANE["emailAddress"]


def test_a_checkout_comes_again_filled_but_for_the_card_and_charges_nothing(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_with(open_funnel, 1)
    with Shopper(funnel.url, **JANES) as jane:
        jane.leave_lead()
        page = jane.pay(couponCode="SAVE10")
        assert asks_to_wait(page)
        assert page.form.values.items() >= {**ADDRESS, "shipState": "US-IL", "couponCode": "SAVE10"}.items()
        assert [page.form.values[name] for name in CARD] == ["", "", ""]
        assert not any(typed in page.html for typed in (CARD["cardNumber"], CARD["cardNumber"].replace(" ", "")))
        assert asks_to_wait(jane.reckon(couponCode="SAVE10"))
        assert crm.calls("/order/import/") == crm.calls("/order/coupon/") == []
        assert rows(funnel, attempts) == 0
        wait(funnel)
        assert jane.reckon().status == 200
        wait(funnel)
        assert jane.submit(**CARD).path == "upsell/1"


def test_an_offer_comes_again_and_is_neither_taken_nor_refused(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_with(open_funnel, 2)
    with Shopper(funnel.url, **JANES) as jane:
        assert jane.buy().path == "upsell/1"
        for choice in ("yes", "no"):
            assert asks_to_wait(jane.submit(choice=choice))
            assert jane.page.path == "upsell/1"
        assert crm.calls("/upsale/import/") == []
        wait(funnel)
        assert jane.submit(choice="yes").path == "thank-you"
        assert len(crm.calls("/upsale/import/")) == 1


def test_a_flood_without_cookies_writes_nothing_down_but_its_count(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_with(open_funnel, 1)
    answers = [
        requests.post(f"{funnel.url}{path}", data=JANE, headers=JANES, allow_redirects=False, timeout=PATIENCE)
        for path in ("/lead", "/lead", "/checkout", "/upsell/1", "/upsell/1")
    ]
    assert [answer.status_code for answer in answers] == [400, 429, 429, 303, 303]
    assert rows(funnel, visits) == 1, "of the first form"


def test_a_form_that_no_page_draws_gets_a_plain_page(open_funnel: OpenFunnel) -> None:
    with Shopper(open_with(open_funnel, 1).url, **JANES) as jane:
        jane.leave_lead()
        page = jane.post("/return/paypal/somebody")
        assert asks_to_wait(page, "Wait 15 minutes, then go back and try again. Nothing was sent or charged just now.")


def test_it_is_said_in_spanish(crm: Crm, open_funnel: OpenFunnel, tmp_path: Path) -> None:
    funnel = open_with(open_funnel, 1, FUNNEL_FILE=str(funnel_in("es", tmp_path)))
    with Shopper(funnel.url, **JANES) as jane:
        jane.leave_lead()
        assert asks_to_wait(jane.pay(), "Demasiados intentos. Espera 15 minutos y vuelve a pulsar el botón.")
        assert "Ahora no se ha enviado ni cobrado nada." in jane.page.text
        assert jane.page.form.values["shipCity"] == ADDRESS["shipCity"]


def rows(funnel: Funnel, table: object) -> int:
    with funnel.rooms.store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]
