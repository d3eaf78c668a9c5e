"""How fast the funnel is, beside bare Flask and a naive funnel, in one run on this machine.

    make bench                  everything, in some five minutes
    make bench ARGS=--quick     a fast look
    make bench ARGS="--database postgresql://…"

Only ratios within one run say anything: load, sandbox CRM, funnel and relay share this machine. The rounds are
interleaved, and every figure is the median of its rounds. The funnel draws presell once for all who see the same of
it, as in production; its peers draw it for every request.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import draining
import generator
import pages
import report
import weight
from stage import Stage

from config import ROOT
from funnel.outbox.relay import SENDERS

ROUNDS = 4
MORE_OR_LESS = (SENDERS // 4, SENDERS // 2, SENDERS, SENDERS * 2)


def main(arguments: list[str]) -> int:
    """The exit status: 0, whether goals are met or not; a machine that is busy misses some."""
    asked = _options().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped
    began = time.monotonic()
    cores, busy = os.cpu_count(), os.getloadavg()[0]
    load = generator.WRK or "a generator in Python (wrk is not installed)"
    print(f"{cores} cores, load average {busy:.1f} before the run; load by {load}", flush=True)
    (ROOT / "instance").mkdir(exist_ok=True)
    # Not in /tmp, which may lie in memory, where production refuses to keep its books.
    home = tempfile.TemporaryDirectory(dir=ROOT / "instance", prefix="bench-")
    with home as folder, Stage(Path(folder), asked.database) as stage:
        _run(stage, rounds=1 if asked.quick else ROUNDS, senders=(SENDERS,) if asked.quick else MORE_OR_LESS)
    print(f"\n{time.monotonic() - began:.0f} seconds")
    return 0


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="one round, and one number of senders")
    options.add_argument("--database", help="a PostgreSQL address; without one, SQLite in a folder of its own")
    return options


def _run(stage: Stage, *, rounds: int, senders: tuple[int, ...]) -> None:
    print(f"presell: {pages.same_page(stage)} bytes of HTML, the same from all\n", flush=True)
    seen = pages.measured(stage, rounds)
    print(report.presell(seen), report.lead(seen), sep="\n\n", flush=True)
    weights = weight.weights(stage)
    rates = draining.rates(stage, senders)
    print("\n" + report.draining(rates, SENDERS), flush=True)
    print("\n" + report.burst(*draining.burst(stage)), flush=True)
    start = weight.start_time(stage)
    print("\n" + report.weights(weights, start) + "\n")
    for goal in report.goals(seen, rates, shipped=SENDERS, weight=max(weights["web worker"]), start=start):
        print(goal.line())
    print(report.remarks(seen))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
