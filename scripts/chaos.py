"""A live chaos run: shoppers, a CRM that misbehaves, kill -9 of workers and relay; then it compares the books.

    PYTHONPATH=.:tests .venv/bin/python scripts/chaos.py --calls 2000 --kills 100 --seconds 1200

The exit status is 1 where anything is wrong, or the run fell short of what was asked for.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from havoc import SETTINGS, Chaos, Plan, Report
from processes import Installation

P50_AT_MOST = 3.0  # seconds from the lost answer to CHARGED, with a healthy CRM
P99_AT_MOST = 10.0


def main(arguments: list[str]) -> int:
    """The exit status."""
    asked = _options().parse_args(arguments)
    plan = Plan(
        calls=asked.calls,
        kills=asked.kills,
        seconds=asked.seconds,
        kill_every=asked.kill_every,
        shoppers=asked.shoppers,
        lost_answers=asked.lost_answers,
        seed=asked.seed,
    )
    settings = {**SETTINGS, **({"DATABASE_URL": asked.database} if asked.database else {})}
    with tempfile.TemporaryDirectory() as folder, Installation(Path(folder), **settings) as installation:
        report = Chaos(installation, plan, lambda line: print(line, flush=True)).run()
    mistakes = _mistakes(report, plan)
    print(_table(report))
    print("\n".join(mistakes) or "Nothing is wrong.")
    return 1 if mistakes else 0


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--calls", type=int, default=2000, help="charge calls to go on for")
    options.add_argument("--kills", type=int, default=100, help="processes to kill")
    options.add_argument("--seconds", type=float, default=1200, help="end it after so long in any case")
    options.add_argument("--kill-every", type=float, default=3.0, help="seconds between two kills")
    options.add_argument("--shoppers", type=int, default=12, help="at a time")
    options.add_argument("--lost-answers", type=int, default=40, help="charges to time afterwards")
    options.add_argument("--database", help="a PostgreSQL address; without one, SQLite in a folder of its own")
    options.add_argument("--seed", type=int, default=1)
    return options


def _mistakes(report: Report, plan: Plan) -> list[str]:
    mistakes = [f"A surprise: {surprise}" for surprise in report.surprises]
    if not report.right:
        mistakes.append("The guarantee does not hold.")
    if report.wait_at(0.5) > P50_AT_MOST or report.wait_at(0.99) > P99_AT_MOST:
        mistakes.append(
            f"Lost answers are found too late: p50 {P50_AT_MOST:g} s and p99 {P99_AT_MOST:g} s are allowed."
        )
    if report.calls < plan.calls or report.kills < plan.kills:
        mistakes.append(f"The run was too short for {plan.calls} charge calls and {plan.kills} kills.")
    return mistakes


def _table(report: Report) -> str:
    rows = {
        "charge calls": report.calls,
        "kills": report.kills,
        "charges in the CRM": report.charged,
        "double charges": report.doubles,
        "unknown for good": report.unknown,
        "phantoms (we say charged, the CRM did not)": report.phantoms,
        "unsaid (the CRM charged, we do not say so)": report.unsaid,
        "shoppers told “not charged” who were": report.lies,
        "books balanced": "yes" if report.balanced else "NO",
        "lost answers timed": len(report.waits),
        "lost answer to CHARGED, p50": f"{report.wait_at(0.5):.2f} s",
        "lost answer to CHARGED, p99": f"{report.wait_at(0.99):.2f} s",
    }
    width = max(map(len, rows))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
