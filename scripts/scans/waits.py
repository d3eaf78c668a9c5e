"""How long pages take through the proxy, one after another: `waits.py URL CERTIFICATE [PATH]`, for scripts/scans."""

import sys
import time

import requests
from proxy import From

PAGES = 200
ADDRESS = "127.0.0.9"  # another machine than the scanner's, whose connections the proxy limits


def main(url: str, certificate: str, path: str = "/lead") -> int:
    waits = []
    with requests.Session() as browser:
        browser.trust_env, browser.verify = False, certificate
        browser.mount(url, From(ADDRESS))
        for _ in range(PAGES):
            began = time.perf_counter()
            browser.get(url + path, timeout=30).raise_for_status()
            waits.append(1000 * (time.perf_counter() - began))
    half, most, last = (sorted(waits)[number] for number in (PAGES // 2, PAGES * 95 // 100, -1))
    print(f"{PAGES} times {path}: p50 {half:.0f} ms, p95 {most:.0f} ms, slowest {last:.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
