"""A minute of chaos: every charge call is made at most once, and both books agree when it is over."""

from __future__ import annotations

from pathlib import Path

import pytest
from havoc import SETTINGS, Chaos, Plan
from processes import Installation

PLAN = Plan(calls=10_000, kills=8, seconds=25, shoppers=6, lost_answers=6)  # the seconds end it
FEWEST_CALLS = 20  # fewer would prove nothing


@pytest.mark.timeout(400)
def test_after_a_minute_of_chaos_the_books_balance(tmp_path: Path) -> None:
    with Installation(tmp_path, **SETTINGS) as installation:
        report = Chaos(installation, PLAN, print).run()
    assert report.right, report
    assert report.calls >= FEWEST_CALLS
    assert report.kills
    assert len(report.waits) == PLAN.lost_answers
