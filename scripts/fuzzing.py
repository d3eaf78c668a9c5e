"""A hundred thousand requests that no browser sends, at the application and the sandbox; exit 1 after a server error.

PYTHONPATH=.:tests .venv/bin/python scripts/fuzzing.py [--requests 100000] [--seed 1]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from campaigns import CAMPAIGN
from conftest import LOGIN, sandbox_selling, served, stock_of
from fuzz import Fuzzer

from app import create_app
from config import load_settings
from funnel.rooms import Rooms


def main(arguments: list[str]) -> int:
    """The exit status."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--requests", type=int, default=100_000, help="how many")
    options.add_argument("--seed", type=int, default=1, help="the same seed asks the same")
    asked = options.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        fuzzer = _run(Path(folder), requests=asked.requests, seed=asked.seed)
    print(f"{sum(fuzzer.statuses.values())} answers: {dict(sorted(fuzzer.statuses.items()))}")
    print(f"{len(fuzzer.failures)} server errors", *fuzzer.failures[:20], sep="\n")
    return 1 if fuzzer.failures else 0


def _run(folder: Path, *, requests: int, seed: int) -> Fuzzer:
    """With limits so high that no request is refused for its number."""
    with served(sandbox_selling(stock_of(CAMPAIGN, folder))) as url:
        environment = {**LOGIN, "KONNEKTIVE_API_URL": url, "FUNNEL_FILE": str(CAMPAIGN), "LOG_LEVEL": "ERROR"}
        app = create_app(load_settings({**environment, "FUNNEL_SHOP_DECLINES": "9999"}, root=folder))
        rooms: Rooms = app.extensions["funnel"]
        fuzzer = Fuzzer(app, seed)
        fuzzer.run(requests)
        rooms.charging.drain()
        rooms.store.close()
    return fuzzer


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
