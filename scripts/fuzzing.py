"""A hundred thousand requests that no browser sends, at the application and the sandbox; exit 1 after a server error.

PYTHONPATH=.:tests .venv/bin/python scripts/fuzzing.py [--requests 100000] [--seed 1]
"""

import argparse
import sys
import tempfile
from pathlib import Path

from conftest import LOGIN, served
from fuzz import Fuzzer

from app import create_app
from config import load_settings
from funnel.rooms import Rooms
from funnel.sandbox.app import create_sandbox
from funnel.sandbox.catalogue_file import as_catalogue
from funnel.stand_in import catalogue

CAMPAIGN = Path(__file__).parent.parent / "tests" / "funnel.toml"


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--requests", type=int, default=100_000)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        campaign = load_settings({"FUNNEL_FILE": str(CAMPAIGN)}, root=root).campaign
        sandbox = create_sandbox(
            login_id=LOGIN["KONNEKTIVE_LOGIN_ID"],
            password=LOGIN["KONNEKTIVE_PASSWORD"],
            catalogue=as_catalogue(catalogue(campaign)),
        )
        with served(sandbox) as url:
            environment = {**LOGIN, "KONNEKTIVE_API_URL": url, "FUNNEL_FILE": str(CAMPAIGN), "LOG_LEVEL": "ERROR"}
            app = create_app(load_settings({**environment, "FUNNEL_SHOP_DECLINES": "9999"}, root=root))
            rooms: Rooms = app.extensions["funnel"]
            fuzzer = Fuzzer(app, given.seed)
            fuzzer.run(given.requests)
            rooms.charging.drain()
            rooms.store.close()
    print(f"{sum(fuzzer.statuses.values())} answers: {dict(sorted(fuzzer.statuses.items()))}")
    print(f"{len(fuzzer.failures)} server errors", *fuzzer.failures[:20], sep="\n")
    return 1 if fuzzer.failures else 0


if __name__ == "__main__":
    sys.exit(main())
