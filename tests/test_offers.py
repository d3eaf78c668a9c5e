"""Which offers stand after an order: by what was decided, what it holds, where it goes, how and when it was paid."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from campaigns import campaign

from funnel.campaign.campaign import Campaign
from funnel.offers import MINUTE, Bought, next_offer, reopenable, slots, unconditional

LAMP, BULBS, SHADE, BRASS = 101, 201, 202, 301
FRESH = Bought(
    accepted=(), refused=(), declined=(), products=(LAMP,), country="US", pay_source="card", age=1.0
)  # an order for a lamp, paid a second ago
PLAIN = campaign('[upsell1]\noffer = "shade"\n[upsell2]\noffer = "bulbs"\n')
WITH_DOWNSELLS = campaign(
    """
[upsell1]
offer = "shade"
[upsell1.downsell]
offer = "bulbs"
[upsell2]
offer = "bulbs"
quantity = 4
[upsell2.downsell]
offer = "bulbs"
quantity = 2
"""
)


def only_if(*conditions: str, **keys: str) -> Campaign:
    return campaign(
        '[upsell1]\noffer = "shade"\n[upsell2]\noffer = "bulbs"\n[upsell2.only_if]\n' + "\n".join(conditions), **keys
    )


def test_each_downsell_follows_its_upsell() -> None:
    assert list(slots(PLAIN)) == ["upsell1", "upsell2"]
    assert list(slots(WITH_DOWNSELLS)) == ["upsell1", "upsell1b", "upsell2", "upsell2b"]


@pytest.mark.parametrize(
    ("facts", "offer"),
    [
        ({}, "upsell1"),
        ({"accepted": ["upsell1"]}, "upsell2"),
        ({"declined": ["upsell1"]}, "upsell2"),
        ({"refused": ["upsell1"]}, "upsell1b"),
        ({"refused": ["upsell1", "upsell1b"]}, "upsell2"),
        ({"refused": ["upsell1"], "accepted": ["upsell1b"]}, "upsell2"),
        ({"refused": ["upsell1"], "declined": ["upsell1b"]}, "upsell2"),
        ({"refused": ["upsell1", "upsell1b", "upsell2"]}, "upsell2b"),
        ({"accepted": ["upsell1", "upsell2"]}, None),
        ({"accepted": ["upsell1"], "refused": ["upsell2", "upsell2b"]}, None),
        # No in one tab and yes in another at the same moment
        ({"accepted": ["upsell1"], "refused": ["upsell1"]}, "upsell2"),
        ({"declined": ["upsell1"], "refused": ["upsell1"]}, "upsell2"),
        # The upsell was opened again in one tab while the other one took the downsell
        ({"accepted": ["upsell1b"]}, "upsell2"),
    ],
)
def test_a_downsell_is_offered_only_after_a_plain_no(facts: dict[str, Any], offer: str | None) -> None:
    assert next_offer(WITH_DOWNSELLS, replace(FRESH, **facts)) == offer


@pytest.mark.parametrize(
    ("facts", "offers"),
    [
        ({}, set()),
        ({"refused": ["upsell1"]}, {"upsell1"}),
        ({"refused": ["upsell1", "upsell1b"]}, {"upsell1", "upsell1b"}),
        ({"refused": ["upsell1"], "accepted": ["upsell1b"]}, set()),
        ({"refused": ["upsell1"], "declined": ["upsell1b"]}, set()),
        ({"refused": ["upsell1b"], "accepted": ["upsell1"]}, set()),
        ({"refused": ["upsell1", "upsell2"], "accepted": ["upsell1b"]}, {"upsell2"}),
        ({"refused": ["upsell1b"]}, set()),  # its upsell stands open again
        ({"refused": ["upsell3"]}, set()),  # gone from the campaign meanwhile
    ],
)
def test_a_mind_can_be_changed_until_the_upsell_or_its_downsell_is_tried(
    facts: dict[str, Any], offers: set[str]
) -> None:
    assert reopenable(WITH_DOWNSELLS, replace(FRESH, **facts)) == offers


@pytest.mark.parametrize(
    ("condition", "facts", "stands"),
    [
        ('accepted = ["upsell1"]', {"accepted": ["upsell1"]}, True),
        ('accepted = ["upsell1"]', {"refused": ["upsell1"]}, False),
        ('accepted = ["upsell1"]', {"declined": ["upsell1"]}, False),
        ('declined = ["upsell1"]', {"accepted": ["upsell1"]}, False),
        ('declined = ["upsell1"]', {"refused": ["upsell1"]}, True),
        ('declined = ["upsell1"]', {"declined": ["upsell1"]}, True),
        ('bought = ["lamp"]', {}, True),
        ('bought = ["brass", "lamp"]', {}, True),
        ('bought = ["brass"]', {}, False),
        ('bought = ["shade"]', {"accepted": ["upsell1"], "products": [LAMP, SHADE]}, True),
        ('countries = ["CA"]', {"country": "CA"}, True),
        ('countries = ["CA"]', {"country": "US"}, False),
        ('countries = ["CA"]', {"country": None}, False),
        ('pay_sources = ["card"]', {}, True),
        ('pay_sources = ["paypal"]', {}, False),
        ('pay_sources = ["paypal"]', {"pay_source": "paypal"}, True),
    ],
)
def test_a_route_is_taken_only_where_its_condition_holds(condition: str, facts: dict[str, Any], stands: bool) -> None:
    decided = {"refused": ["upsell1"]} if not facts.keys() & {"accepted", "refused", "declined"} else {}
    funnel = only_if(condition, pay_sources='["card", "paypal"]', paypal="{ paypalBillerId = 7 }")
    assert next_offer(funnel, replace(FRESH, **decided, **facts)) == ("upsell2" if stands else None)


def test_all_conditions_of_a_page_must_hold() -> None:
    funnel = only_if('accepted = ["upsell1"]', 'countries = ["CA"]')
    accepted = replace(FRESH, accepted=["upsell1"])
    assert next_offer(funnel, accepted) is None
    assert next_offer(funnel, replace(accepted, country="CA")) == "upsell2"


def test_a_page_that_was_passed_over_was_neither_accepted_nor_declined() -> None:
    funnel = campaign(
        """
[upsell1]
offer = "shade"
only_if = { countries = ["CA"] }
[upsell2]
offer = "bulbs"
only_if = { declined = ["upsell1"] }
"""
    )
    assert next_offer(funnel, FRESH) is None


def test_a_downsell_shares_its_upsells_condition_and_end() -> None:
    funnel = campaign(
        """
[upsell1]
offer = "shade"
ends_after_minutes = 10
only_if = { countries = ["US"] }
downsell = { offer = "bulbs" }
""",
        upsells=1,
    )
    refused = replace(FRESH, refused=["upsell1"])
    assert next_offer(funnel, refused) == "upsell1b"
    assert next_offer(funnel, replace(refused, country="CA")) is None
    assert next_offer(funnel, replace(refused, age=10 * MINUTE)) is None
    assert reopenable(funnel, refused) == {"upsell1"}
    assert reopenable(funnel, replace(refused, age=10 * MINUTE)) == frozenset()


@pytest.mark.parametrize(
    ("age", "offer"), [(0.0, "upsell1"), (10 * MINUTE - 1, "upsell1"), (10 * MINUTE, "upsell2"), (1e6, "upsell2")]
)
def test_an_offer_ends_when_it_says(age: float, offer: str) -> None:
    funnel = campaign('[upsell1]\noffer = "shade"\nends_after_minutes = 10\n[upsell2]\noffer = "bulbs"\n')
    assert next_offer(funnel, replace(FRESH, age=age)) == offer


@pytest.mark.parametrize(
    ("products", "offer"), [([LAMP], "upsell1"), ([LAMP, BULBS], "upsell1"), ([BULBS], "upsell2"), ([], "upsell2")]
)
def test_nothing_is_replaced_that_is_not_in_the_order(products: list[int], offer: str) -> None:
    funnel = campaign('[upsell1]\noffer = "brass"\nreplaces = "lamp"\n[upsell2]\noffer = "bulbs"\n')
    assert next_offer(funnel, replace(FRESH, products=products)) == offer


def test_what_paypal_paid_is_offered_nothing_once_paypal_is_gone_from_the_campaign() -> None:
    paid = replace(FRESH, pay_source="paypal")
    assert next_offer(PLAIN, paid) is None
    assert next_offer(PLAIN.model_copy(update={"paypal": {"paypalBillerId": 7}}), paid) == "upsell1"


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("", True),
        ("quantity = 2", True),
        ("ends_after_minutes = 5", False),
        ('replaces = "lamp"', False),
        ('only_if = { countries = ["US"] }', False),
    ],
)
def test_whether_everybody_meets_an_offer(extra: str, expected: bool) -> None:
    assert unconditional(campaign(f'[upsell1]\noffer = "brass"\n{extra}\n', upsells=1), "upsell1") is expected
