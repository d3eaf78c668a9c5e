"""A new secret key: visits go on, and forms that were drawn before are taken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import Crm, OpenFunnel
from shopper import ADDRESS, CARD, JANE, Shopper

OLD, NEW = "o" * 32, "n" * 32


@pytest.fixture
def jane(open_funnel: OpenFunnel) -> Iterator[Shopper]:
    with Shopper(open_funnel(SECRET_KEY=OLD).url) as shopper:
        yield shopper


def rotate(shopper: Shopper, open_funnel: OpenFunnel, **keys: str) -> None:
    """The same shopper and books, and a process with another key; the page at hand is still the old one's."""
    rotated = open_funnel(relay=False, SECRET_KEY=NEW, **keys)
    shopper.page.url = shopper.page.url.replace(shopper.url, rotated.url)
    shopper.url = rotated.url


def test_forms_drawn_before_the_rotation_are_taken(jane: Shopper, open_funnel: OpenFunnel, crm: Crm) -> None:
    jane.get("/lead")
    rotate(jane, open_funnel, SECRET_KEY_FALLBACKS=OLD)
    assert jane.submit(**JANE).path == "checkout"


def test_a_pay_form_drawn_before_the_rotation_charges_once(jane: Shopper, open_funnel: OpenFunnel, crm: Crm) -> None:
    jane.leave_lead()
    rotate(jane, open_funnel, SECRET_KEY_FALLBACKS=OLD)
    assert jane.submit(**ADDRESS, **CARD).path == "upsell/1"
    assert crm.charges()["total"] == 1


def test_a_key_that_was_dropped_ends_the_visit_and_no_form_of_it_is_taken(
    jane: Shopper, open_funnel: OpenFunnel, crm: Crm
) -> None:
    jane.leave_lead()
    rotate(jane, open_funnel)
    jane.submit(**ADDRESS, **CARD)
    assert crm.charges()["total"] == 0
