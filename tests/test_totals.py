"""Whatever is picked, in whatever currency: the total that is shown, the one sent and the one charged are the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from babel.numbers import format_currency
from conftest import LOGIN, Crm, sandbox_selling, served, stock_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shopper import ADDRESS, CARD, JANE, Shopper

from app import create_app
from config import load_settings
from funnel.rooms import Rooms
from funnel.sandbox.catalogue import Coupon

EXAMPLES = 70  # of each currency; each is some six requests
PRICES = {  # of lamp, its shipping, bulbs, shade, its shipping, care; standard and express; odd on purpose
    "JPY": ("4995", "333", "1401", "2999", "351", "907", "495", "1295"),
    "USD": ("49.95", "3.33", "14.01", "29.99", "3.51", "9.07", "4.95", "12.95"),
    "KWD": ("49.955", "3.335", "14.015", "29.995", "3.515", "9.075", "4.955", "12.995"),
}
COUPONS = (
    Coupon("SAVE10", percent=Decimal(10)),
    Coupon("THIRD", percent=Decimal("33.33")),
    Coupon("FLAT", flat=Decimal(5)),
    Coupon("SHADE", flat=Decimal(7), productId=202),
    Coupon("SHIPHALF", percent=Decimal(50), applyTo="SHIPPING"),
    Coupon("SHIPFREE", percent=Decimal(100), applyTo="SHIPPING"),
)
FUNNEL = """
campaignId = 1
company = "Halden Lamp Works"
currency = "{currency}"
countries = ["US", "CA"]
steps = ["checkout", "thank-you"]
support = {{ email = "care@halden.example" }}
{shipping}
[offers.lamp]
productId = 101
name = "Lamp"
price = "{0}"
shipPrice = "{1}"
quantities = [1, 2, 7]
variants = [{{ key = "brass", variantId = 11, name = "Brass" }}, {{ key = "steel", variantId = 12, name = "Steel" }}]
[offers.bulbs]
productId = 201
name = "Bulbs"
price = "{2}"
[offers.shade]
productId = 202
name = "Shade"
price = "{3}"
shipPrice = "{4}"
[offers.care]
productId = 203
name = "Care"
price = "{5}"
[bundles.set]
name = "Set"
offers = {{ shade = 1, bulbs = 3 }}
[checkout]
offers = ["lamp"]
bundles = ["set"]
bumps = ["care", "bulbs"]
coupons = true
tax = {tax}
"""
SHIPPING = """
[[shipping]]
key = "standard"
shipProfileId = 7
name = "Standard"
price = "{6}"
[[shipping]]
key = "express"
shipProfileId = 8
name = "Express"
price = "{7}"
"""


@dataclass(frozen=True)
class Shop:
    """A funnel and its sandbox, in one currency, with or without profiles and tax."""

    url: str
    crm: Crm
    currency: str
    rooms: Rooms = field(repr=False)  # Hypothesis prints what an example was given


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, bool, bool], Shop]]:
    with ExitStack() as opened:
        shops = {}
        for currency in PRICES:
            for profiles, tax in ((True, True), (True, False), (False, False)):
                folder = tmp_path_factory.mktemp("shop")
                shops[currency, profiles, tax] = _open(opened, folder, currency, profiles=profiles, tax=tax)
        yield shops


def _open(opened: ExitStack, folder: Path, currency: str, *, profiles: bool, tax: bool) -> Shop:
    text = FUNNEL.replace("{shipping}", SHIPPING if profiles else "")
    file = folder / "funnel.toml"
    file.write_text(text.format(*PRICES[currency], currency=currency, tax=str(tax).lower()))
    sandbox = sandbox_selling(replace(stock_of(file, folder), coupons=COUPONS))
    crm = Crm(opened.enter_context(served(sandbox)))
    crm.switch(partial_reuse="false", tax_when_unsent="none")
    environment = {**LOGIN, "KONNEKTIVE_API_URL": crm.url, "FUNNEL_FILE": str(file), "FUNNEL_ANSWER_DEADLINE": "20"}
    app = create_app(load_settings(environment, root=folder))
    rooms: Rooms = app.extensions["funnel"]
    opened.callback(rooms.store.close)
    opened.callback(rooms.charging.drain)
    return Shop(opened.enter_context(served(app)), crm, currency, rooms)


PLACES = st.sampled_from(
    [
        {"shipState": "US-CA", "shipPostalCode": "94105"},
        {"shipState": "US-NY", "shipPostalCode": "10001"},
        {"shipState": "US-IL", "shipPostalCode": "62701"},
        {"shipCountry": "CA", "shipState": "CA-ON", "shipPostalCode": "M5V 2T6"},
    ]
)
BASKETS = st.fixed_dictionaries(
    {
        "offer": st.sampled_from(["lamp-1-brass", "lamp-2-steel", "lamp-7-brass", "set"]),
        "bump": st.sampled_from([None, "care", "bulbs", ("care", "bulbs")]),
        "shipping": st.sampled_from(["standard", "express"]),
        "couponCode": st.sampled_from(["", *(coupon.code for coupon in COUPONS), "NOPE"]),
    }
)


@pytest.mark.parametrize("currency", PRICES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(basket=BASKETS, place=PLACES, kind=st.sampled_from([(True, True), (True, False), (False, False)]))
def test_the_total_shown_is_the_total_charged(
    shops: dict[tuple[str, bool, bool], Shop],
    currency: str,
    basket: dict[str, Any],
    place: dict[str, str],
    kind: tuple[bool, bool],
) -> None:
    shop = shops[currency, *kind]
    with Shopper(shop.url) as shopper:
        shopper.get("/checkout")
        shopper.submit(**{**JANE, **ADDRESS, **place, **basket, "do": "reckon"})
        shown = re.search(r"Total today (\S+) " + currency, shopper.page.text)
        assert shown, shopper.page.text
        paid = shopper.submit(**{**ADDRESS, **place, **CARD, "billShipSame": "y"})
        assert paid.path == "thank-you", paid.text
        order_id = re.search(r"Order number (\w+)", paid.text)
        assert order_id
        charged = Decimal(shop.crm.charges()["amounts"][order_id[1]])
        assert shown[1] == format_currency(charged, currency, locale="en_US")
        assert f"Total {shown[1]} {currency}" in paid.text
    (attempt,) = [each for each in _attempts(shop) if each.order_id == order_id[1]]
    assert attempt.basket
    assert attempt.totals
    assert attempt.basket.total == charged == Decimal(attempt.totals.total or "")
    assert sum(line.price for line in attempt.basket.lines) == attempt.basket.prices


def _attempts(shop: Shop) -> list[Any]:
    return [each for found in shop.rooms.attempts.by_order(0.0).values() for each in found]
