"""Measures each page with Lighthouse, as gunicorn sends it in production, with the sandbox as its CRM.

    PYTHONPATH=.:tests .venv/bin/python scripts/lighthouse.py [lighthouse]

needs npm, or Lighthouse's own command as its argument, and a Chromium. It prints a row for each page, and below it what
is not all right there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from machine import find_chromium
from processes import Installation
from shopper import Shopper
from test_card_production import WithoutTls

from config import ROOT

CATEGORIES = ("performance", "accessibility", "best-practices")
FLAGS = "--headless=new --no-sandbox --disable-dev-shm-usage"
GOOD = 0.9  # of an audit's score, which ends at 1
ROADS: dict[str, Callable[[Shopper], object]] = {
    "/": lambda shopper: None,
    "/lead": lambda shopper: None,
    "/checkout": lambda shopper: shopper.leave_lead(),
    "/upsell/1": lambda shopper: shopper.buy(),
    "/thank-you": lambda shopper: (shopper.buy(), shopper.submit(choice="no"), shopper.submit(choice="no")),
}


def main(command: list[str]) -> None:
    print(f"| page | {' | '.join(CATEGORIES)} |\n| --- |{' --- |' * len(CATEGORIES)}")
    with TemporaryDirectory() as folder:
        settings = {"FUNNEL_FILE": str(ROOT / "funnel.toml"), "TRUSTED_HOSTS": "shop.example 127.0.0.1"}
        with Installation(Path(folder), production=True, **settings) as installation:
            for path, walk in ROADS.items():
                report = measured(command, installation.url + path, cookie(installation.url, walk))
                assert report["finalDisplayedUrl"] == installation.url + path
                print(f"| {path} | {' | '.join(str(score(report, name)) for name in CATEGORIES)} |", *faults(report))


def cookie(url: str, walk: Callable[[Shopper], object]) -> str:
    """Of a shopper who has come so far."""
    with Shopper(url) as shopper:
        shopper.browser.cookies = WithoutTls()
        walk(shopper)
        return "; ".join(f"{each.name}={each.value}" for each in shopper.browser.cookies)


def measured(command: list[str], url: str, told: str) -> Any:
    options = ["--quiet", "--output=json", f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={FLAGS}"]
    headers = [f"--extra-headers={json.dumps({'Cookie': told})}"] if told else []
    environment = os.environ | {"CHROME_PATH": find_chromium(os.environ).path or ""}
    ended = subprocess.run([*command, url, *options, *headers], capture_output=True, env=environment, check=True)
    return json.loads(ended.stdout)


def score(report: Any, category: str) -> int:
    return round(100 * report["categories"][category]["score"])


def faults(report: Any) -> list[str]:
    """What counts and is not all right."""
    counting = {each["id"] for name in CATEGORIES for each in report["categories"][name]["auditRefs"] if each["weight"]}
    told = [(name, report["audits"][name]) for name in sorted(counting)]
    return [
        f"\n  {name}: {each['score']} {each.get('displayValue', '')}"
        for name, each in told
        if each["score"] is not None and each["score"] < GOOD
    ]


if __name__ == "__main__":
    main(sys.argv[1:] or ["npx", "--yes", "lighthouse@12"])
