"""No cycle holds a card: it is gone when the answer is, and does not wait for Python's garbage collector.

What a process frees is overwritten by the environment of the image; scripts/memory.py looks into its memory.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Crm, Funnel, OpenFunnel
from requests import PreparedRequest
from shopper import DECLINED_CARD, Shopper
from travellers import HASTY, ORDER, URL_CARD
from werkzeug.wrappers import Request

from funnel.cards import Secret
from funnel.forms.fields import CardField


@pytest.fixture
def never_collected() -> Iterator[Callable[[], list[Any]]]:
    """Python's collector rests; what it would find, on being asked."""

    def garbage() -> list[Any]:
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        return gc.garbage

    gc.collect()
    gc.disable()
    yield garbage
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


def holds_a_card(thing: Any) -> bool:
    """Of the funnel's own: the shopper and the sandbox run in this process, too."""
    if isinstance(thing, CardField):
        return bool(thing.data or thing.raw_data)
    if isinstance(thing, PreparedRequest):
        return "/order/import/" in str(thing.url)
    return isinstance(thing, Secret) or (isinstance(thing, Request) and thing.path == "/checkout" and bool(thing.form))


def bought(shopper: Shopper, _: Crm, __: Funnel) -> None:
    assert shopper.pay().path == "upsell/1"


def mistaken(shopper: Shopper, _: Crm, __: Funnel) -> None:
    assert shopper.pay(shipPostalCode="").status == 422


def declined(shopper: Shopper, _: Crm, __: Funnel) -> None:
    assert shopper.pay(**DECLINED_CARD).status == 422


def at_the_bank(shopper: Shopper, _: Crm, __: Funnel) -> None:
    assert shopper.pay(cardNumber=URL_CARD).path == "away"


def lost(shopper: Shopper, crm: Crm, _: Funnel) -> None:
    crm.fault(ORDER, "process_then_drop")
    assert shopper.pay().path == "checkout/confirming"


def too_late(shopper: Shopper, crm: Crm, funnel: Funnel) -> None:
    crm.fault(ORDER, "latency", seconds=2)
    assert shopper.pay().path == "checkout/confirming"


def without_a_store(shopper: Shopper, _: Crm, funnel: Funnel) -> None:
    books = Path(funnel.settings.database_file or "")
    books.rename(books.with_suffix(".away"))
    assert shopper.pay().status == 503


@pytest.mark.parametrize(
    "road", [bought, mistaken, declined, at_the_bank, lost, too_late, without_a_store], ids=lambda road: road.__name__
)
def test_when_the_answer_is_there_nothing_waits_with_the_card_for_the_collector(
    crm: Crm,
    open_funnel: OpenFunnel,
    never_collected: Callable[[], list[Any]],
    road: Callable[[Shopper, Crm, Funnel], None],
) -> None:
    funnel = open_funnel(relay=False, **HASTY)
    with Shopper(funnel.url) as shopper:
        shopper.leave_lead()
        road(shopper, crm, funnel)
    found = [thing for thing in never_collected() if holds_a_card(thing)]
    assert found == []
