"""Who may see which page, and where everybody else is led."""

import pytest

from funnel.steps import CONFIRMING, Detour, Notice, Progress, after, current, detour

STEPS = ("presell", "lead", "checkout", "upsell1", "upsell2", "thank-you")
NEW = Progress()
PAYING = Progress(order_unresolved=True)
ORDERED = Progress(ordered=True, next_offer="upsell1")
FIRST_DECIDED = Progress(ordered=True, decided=frozenset({"upsell1"}), next_offer="upsell2")
ALL_DECIDED = Progress(ordered=True, decided=frozenset({"upsell1", "upsell2"}))
ADDING = Progress(ordered=True, decided=frozenset({"upsell1"}), upsell_unresolved=True, next_offer="upsell2")
TOO_LATE = Progress(ordered=True)


@pytest.mark.parametrize(
    ("progress", "place"),
    [
        (NEW, "checkout"),
        (PAYING, CONFIRMING),
        (ORDERED, "upsell1"),
        (FIRST_DECIDED, "upsell2"),
        (ALL_DECIDED, "thank-you"),
        (ADDING, "thank-you"),
        (TOO_LATE, "thank-you"),
    ],
)
def test_a_shopper_belongs_where_the_visit_has_come_to(progress: Progress, place: str) -> None:
    assert current(progress) == place


@pytest.mark.parametrize(
    ("step", "progress", "led_to"),
    [
        ("presell", ALL_DECIDED, None),
        ("lead", NEW, None),
        ("lead", PAYING, Detour(CONFIRMING)),
        ("lead", ORDERED, Detour("upsell1", Notice.ALREADY_ORDERED)),
        ("checkout", NEW, None),
        ("checkout", PAYING, Detour(CONFIRMING)),
        ("checkout", FIRST_DECIDED, Detour("upsell2", Notice.ALREADY_ORDERED)),
        ("checkout", ADDING, Detour("thank-you", Notice.ALREADY_ORDERED)),
        ("upsell1", NEW, Detour("checkout", Notice.NO_ORDER_YET)),
        ("upsell1", PAYING, Detour(CONFIRMING)),
        ("upsell1", ORDERED, None),
        ("upsell2", ORDERED, Detour("upsell1")),
        ("upsell1", FIRST_DECIDED, None),
        ("upsell1", ADDING, None),
        ("upsell2", ADDING, Detour("thank-you")),
        ("upsell1", TOO_LATE, Detour("thank-you")),
        ("thank-you", NEW, Detour("checkout", Notice.NO_ORDER_YET)),
        ("thank-you", PAYING, Detour(CONFIRMING)),
        ("thank-you", ORDERED, Detour("upsell1")),
        ("thank-you", ALL_DECIDED, None),
        ("thank-you", ADDING, None),
        ("thank-you", TOO_LATE, None),
    ],
)
def test_the_guard_leads_to_the_right_page(step: str, progress: Progress, led_to: Detour | None) -> None:
    assert detour(STEPS, step, progress, fresh=False) == led_to


@pytest.mark.parametrize(
    ("step", "led_to"),
    [
        ("lead", None),
        ("checkout", None),
        ("upsell1", Detour("presell", Notice.EARLIER_VISIT)),
        ("thank-you", None),
    ],
)
def test_a_first_page_may_be_any_that_makes_sense_without_an_order(step: str, led_to: Detour | None) -> None:
    assert detour(STEPS, step, NEW, fresh=True) == led_to


def test_the_last_page_follows_itself() -> None:
    assert [after(STEPS, step) for step in STEPS] == [*STEPS[1:], "thank-you"]
