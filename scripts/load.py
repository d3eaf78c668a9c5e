"""A steady load through nginx with a CRM that fails on and off, and web and relay restarted meanwhile.

PYTHONPATH=.:tests .venv/bin/python scripts/load.py --seconds 900 --rate 3
Exit status 1 where a lead was lost, a charge was double or unknown, a request ended in 500, or memory grew.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from nginx import Nginx
from processes import Installation
from programs import free_ports
from proxy import HOST
from steady import SETTINGS, Outcome, Steady
from tables import table

MIB = 1 << 20


def main(arguments: list[str]) -> int:
    """The exit status."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=900, help="how long new shoppers come")
    options.add_argument("--rate", type=float, default=3, help="new shoppers a second")
    asked = options.parse_args(arguments)
    with tempfile.TemporaryDirectory() as made:
        folder, (port, plain_port) = Path(made), free_ports(2)
        settings = {**SETTINGS, "PUBLIC_URL": f"https://{HOST}:{port}"}
        with (
            Installation(folder, hosts=2, **settings) as installation,
            Nginx(folder / "nginx", installation.urls, port=port, plain_port=plain_port) as nginx,
        ):
            outcome = Steady(installation, nginx, rate=asked.rate, seconds=asked.seconds, tell=print).run()
    print(_shown(outcome))
    return 0 if outcome.right and outcome.flat else 1


def _shown(outcome: Outcome) -> str:
    before, after = (each / MIB for each in outcome.memory)
    rows = {
        "visits": outcome.visits,
        "restarts": outcome.restarts,
        "leads taken; of them lost": f"{len(outcome.leads)}; {len(outcome.lost)}",
        "seen the first offer at once": outcome.paid,
        "charges in the CRM; double": f"{outcome.books.charged}; {outcome.books.doubles}",
        "unknown, phantoms, unsaid": f"{outcome.books.unknown}, {outcome.books.phantoms}, {outcome.books.unsaid}",
        "answers with 500, and other surprises": f"{len(outcome.errors)} {outcome.errors[:3] or ''}",
        "requests made again, for nobody answered": outcome.broken,
        "memory after the restarts; at the end": f"{before:.0f} MiB; {after:.0f} MiB",
    }
    return table(rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
