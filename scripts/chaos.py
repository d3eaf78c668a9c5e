"""A live chaos run: shoppers, a CRM that misbehaves, kill -9 of workers and relay; then it compares the books.

    PYTHONPATH=.:tests .venv/bin/python scripts/chaos.py --calls 2000 --kills 100 --seconds 1200
    PYTHONPATH=.:tests .venv/bin/python scripts/chaos.py --postgresql

The exit status is 1 where anything is wrong, or the run fell short of what was asked for.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from balance import Report, wait_at
from havoc import SETTINGS, Chaos, Plan
from machine import find_postgres
from postgres import server
from processes import Installation
from tables import table

from funnel.charges.charging import LEASE_MARGIN

P50_AT_MOST = 3.0  # seconds from the lost answer to CHARGED, with a healthy CRM
P99_AT_MOST = 10.0
AFTER_A_KILL = float(SETTINGS["FUNNEL_CHARGE_DEADLINE"]) + LEASE_MARGIN + 5.0  # seconds; the last 5 for a busy machine


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
        killed_charges=asked.killed_charges,
        seed=asked.seed,
    )
    with tempfile.TemporaryDirectory() as folder, _database(asked) as database:
        settings = {**SETTINGS, **database}
        with Installation(Path(folder), **settings) as installation:
            report = Chaos(installation, plan, lambda line: print(line, flush=True)).run()
    mistakes = _mistakes(report, plan)
    print(_shown(report))
    print("\n".join(mistakes) or "Nothing is wrong.")
    return 1 if mistakes else 0


@contextmanager
def _database(asked: argparse.Namespace) -> Iterator[dict[str, str]]:
    """The settings that choose it; none for SQLite."""
    if not asked.postgresql:
        yield {"DATABASE_URL": asked.database} if asked.database else {}
        return
    found = find_postgres(os.environ)
    if found.path is None:
        sys.exit(found.reason)
    with server(found.path) as url:
        yield {"DATABASE_URL": url}


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--calls", type=int, default=2000, help="charge calls to go on for")
    options.add_argument("--kills", type=int, default=100, help="processes to kill")
    options.add_argument("--seconds", type=float, default=1200, help="end it after so long in any case")
    options.add_argument("--kill-every", type=float, default=3.0, help="seconds between two kills")
    options.add_argument("--shoppers", type=int, default=12, help="at a time")
    options.add_argument("--lost-answers", type=int, default=40, help="charges to time afterwards")
    options.add_argument("--killed-charges", type=int, default=12, help="charges whose process to kill afterwards")
    database = options.add_mutually_exclusive_group()
    database.add_argument("--postgresql", action="store_true", help="on a PostgreSQL server started for this run")
    database.add_argument("--database", help="on an empty database at this address; else SQLite in its own folder")
    options.add_argument("--seed", type=int, default=1, help="of all that is left to chance")
    return options


def _mistakes(report: Report, plan: Plan) -> list[str]:
    mistakes = [f"A surprise: {surprise}" for surprise in report.surprises]
    if not report.right:
        mistakes.append("The guarantee does not hold.")
    if wait_at(0.5, report.answer_lost) > P50_AT_MOST or wait_at(0.99, report.answer_lost) > P99_AT_MOST:
        mistakes.append(
            f"Lost answers are found too late: p50 {P50_AT_MOST:g} s and p99 {P99_AT_MOST:g} s are allowed."
        )
    if not report.process_killed:
        mistakes.append("No charge was under way when its process was killed: nothing was timed.")
    elif wait_at(1, report.process_killed) > AFTER_A_KILL:
        mistakes.append(f"Charges of a killed process are found too late: {AFTER_A_KILL:g} s are allowed.")
    if report.calls < plan.calls or report.kills < plan.kills:
        mistakes.append(f"The run was too short for {plan.calls} charge calls and {plan.kills} kills.")
    return mistakes


def _shown(report: Report) -> str:
    rows = {
        "charge calls": report.calls,
        "kills": report.kills,
        "charges in the CRM": report.charged,
        "double charges": report.doubles,
        "unknown for good": report.unknown,
        "phantoms (we say charged, the CRM did not)": report.phantoms,
        "unsaid (the CRM charged, we do not say so)": report.unsaid,
        "told “not charged” or “not added”, and it was": report.lies,
        "books balanced": "yes" if report.balanced else "NO",
        "shoppers who paid": report.paid,
        "paid, at the receipt only when they came back": report.came_back,
        "paid, never at the receipt": report.stranded,
        f"lost answer to CHARGED ({len(report.answer_lost)} timed)": _waits(report.answer_lost),
        f"process killed, sent to CHARGED ({len(report.process_killed)} timed)": _waits(report.process_killed),
    }
    return table(rows)


def _waits(seconds: list[float]) -> str:
    return f"p50 {wait_at(0.5, seconds):.2f} s, p99 {wait_at(0.99, seconds):.2f} s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
