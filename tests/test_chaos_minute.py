"""A minute of chaos: every charge call is made at most once, and both books agree when it is over."""

from __future__ import annotations

from pathlib import Path

import pytest
from havoc import SETTINGS, Chaos, Plan
from processes import Installation

PLAN = Plan(calls=60, kills=8, seconds=120, shoppers=6, lost_answers=6)  # some 25 seconds, and as many to settle


@pytest.mark.timeout(400)
def test_after_a_minute_of_chaos_the_books_balance(tmp_path: Path) -> None:
    with Installation(tmp_path, **SETTINGS) as installation:
        report = Chaos(installation, PLAN, print).run()
    assert report.right, report
    assert report.calls >= PLAN.calls, "fewer would prove nothing"
    assert report.kills >= PLAN.kills
    assert len(report.waits) == PLAN.lost_answers
