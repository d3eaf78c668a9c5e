"""How long pages take through the proxy, one after another; for scripts/scans."""

from __future__ import annotations

import argparse
import sys
import time

import requests
from proxy import From

PAGES = 200
PATIENCE = 30  # seconds for one page
ADDRESS = "127.0.0.9"  # another machine than the scanner's, whose connections the proxy limits


def main(arguments: list[str]) -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("url", help="of the proxy")
    options.add_argument("certificate", help="the proxy's, as a file")
    options.add_argument("path", nargs="?", default="/lead", help="of the page, %(default)s if left out")
    asked = options.parse_args(arguments)
    waits = []
    with requests.Session() as browser:
        browser.trust_env, browser.verify = False, asked.certificate
        browser.mount(asked.url, From(ADDRESS))
        for _ in range(PAGES):
            began = time.perf_counter()
            browser.get(asked.url + asked.path, timeout=PATIENCE).raise_for_status()
            waits.append(1000 * (time.perf_counter() - began))
    half, most, last = (sorted(waits)[number] for number in (PAGES // 2, PAGES * 95 // 100, -1))
    print(f"{PAGES} times {asked.path}: p50 {half:.0f} ms, p95 {most:.0f} ms, slowest {last:.0f} ms")


if __name__ == "__main__":
    main(sys.argv[1:])
