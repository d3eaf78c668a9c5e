"""A minute of chaos: nothing is charged twice, both books agree when it is over, and who paid has a receipt."""

from __future__ import annotations

from pathlib import Path

import pytest
from balance import Report
from havoc import SETTINGS, Chaos, Plan
from processes import Installation

PLAN = Plan(calls=60, kills=8, seconds=120, shoppers=6, lost_answers=6, killed_charges=2)
# some 25 seconds, and twice as many to settle


@pytest.mark.timeout(400)
def test_after_a_minute_of_chaos_the_books_balance(tmp_path: Path) -> None:
    with Installation(tmp_path, **SETTINGS) as installation:
        report = Chaos(installation, PLAN, print).run()
    assert report.right, report
    assert report.calls >= PLAN.calls, "fewer would prove nothing"
    assert report.kills >= PLAN.kills
    assert report.paid > PLAN.lost_answers + PLAN.killed_charges
    assert report.stranded == 0, "paid, and never at the receipt"
    assert len(report.answer_lost) == PLAN.lost_answers
    assert report.process_killed, "at least one charge outlived its process"


def test_who_paid_and_never_saw_the_receipt_of_that_very_order_is_counted() -> None:
    report = Report()
    report.follow(
        {"at.once@x": "A1", "later@x": "B2", "never@x": "C3", "anothers@x": "D4"},
        at_once={"at.once@x": "A1", "later@x": None, "anothers@x": "A1"},
        later={"later@x": "B2", "never@x": None},
    )
    assert (report.paid, report.came_back, report.stranded) == (4, 1, 2)
    assert not report.right
