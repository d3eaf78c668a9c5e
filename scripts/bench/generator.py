"""The load: so many connections ask for one page for so long, each as soon as it has its answer.

By wrk where it is installed, else by a generator in Python; one run uses one of them for everything.
"""

import asyncio
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from statistics import median, quantiles
from urllib.parse import urlsplit

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
PATIENCE = 15  # seconds for one answer
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}
WRK = shutil.which("wrk")


@dataclass(frozen=True)
class Figures:
    """Milliseconds, requests a second, and how many answers were none or not 200."""

    p50: float
    p99: float
    rate: float
    failed: int = 0


def middle(rounds: list[Figures]) -> Figures:
    """The median of each figure, and all the failures."""
    parts = ([each.p50 for each in rounds], [each.p99 for each in rounds], [each.rate for each in rounds])
    return Figures(*map(median, parts), sum(each.failed for each in rounds))


def measure(url: str, *, connections: int, seconds: int, cookie: str = "") -> Figures:
    """With a cookie every request is one visitor's who comes back; without, each is a new visitor's."""
    headers = {"User-Agent": AGENT, "Accept-Language": "en-US", **({"Cookie": cookie} if cookie else {})}
    if WRK:
        return _by_wrk(WRK, url, connections, seconds, headers)
    return asyncio.run(_by_ourselves(url, connections, seconds, headers))


def _by_wrk(wrk: str, url: str, connections: int, seconds: int, headers: dict[str, str]) -> Figures:
    asked = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={PATIENCE}s", "--latency"]
    for name, value in headers.items():
        asked += ["-H", f"{name}: {value}"]
    told = subprocess.run([*asked, url], capture_output=True, text=True, check=True).stdout
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", told)
    failed = int(refused[1]) if refused else 0
    failed += sum(map(int, broken.groups())) if broken else 0
    return Figures(_share(told, 50), _share(told, 99), float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1]), failed)


def _share(told: str, percent: int) -> float:
    """Milliseconds within which so many of a hundred answers came."""
    number, unit = re.search(rf"\s{percent}%\s+([\d.]+)(us|ms|s|m)\b", told).groups()
    return float(number) * UNITS[unit]


async def _by_ourselves(url: str, connections: int, seconds: int, headers: dict[str, str]) -> Figures:
    parts = urlsplit(url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    lines = [
        f"GET {target} HTTP/1.1",
        f"Host: {parts.netloc}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    request = "\r\n".join([*lines, "", ""]).encode()
    until = time.perf_counter() + seconds
    asking = [_ask(parts.hostname or "", parts.port or 80, request, until) for _ in range(connections)]
    asked = await asyncio.gather(*asking)
    waits = sorted(wait for one, _ in asked for wait in one)
    failed = sum(failures for _, failures in asked)
    if len(waits) < 2:
        return Figures(float("nan"), float("nan"), 0.0, failed)
    return Figures(median(waits), quantiles(waits, n=100)[98], len(waits) / seconds, failed)


async def _ask(host: str, port: int, request: bytes, until: float) -> tuple[list[float], int]:
    """The milliseconds of each answer that came in time, and how many were not 200."""
    waits: list[float] = []
    failures = 0
    reader, writer = await asyncio.open_connection(host, port)
    while (began := time.perf_counter()) < until:
        writer.write(request)
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), until - began)
            await reader.readexactly(int(re.search(rb"(?i)content-length: *(\d+)", head)[1]))
        except TimeoutError:
            break
        waits.append(1000 * (time.perf_counter() - began))
        failures += not head.startswith(b"HTTP/1.1 200")
    writer.close()
    return waits, failures
