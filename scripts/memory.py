"""Card numbers in the memory of idle web servers: with Python's defaults, and with the environment of the image.

PYTHONPATH=.:tests .venv/bin/python scripts/memory.py [--orders 20] [--views 200]

Needs gdb, for its gcore, and the right to trace other processes. Exit status 1 where the image leaves a copy.
"""

from __future__ import annotations

import argparse
import mmap
import re
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, quote_plus

from processes import ROOT, Installation
from shopper import Shopper

TYPED = "4539 5787 6362 1486"  # stands nowhere in the code
DIGITS = TYPED.replace(" ", "")
DRESSES = {each.encode() for each in (TYPED, DIGITS, quote(TYPED), quote_plus(TYPED))}
REST = 20.0  # seconds; idle connections and threads have ended their work by then
IN_THE_IMAGE = re.compile(r"\b(PYTHONMALLOC|GLIBC_TUNABLES)=(\S+)")


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--orders", type=int, default=20)
    asked.add_argument("--views", type=int, default=200)
    given = asked.parse_args()
    hardened = dict(IN_THE_IMAGE.findall((ROOT / "Dockerfile").read_text()))
    plain = copies({}, given.orders, given.views)
    kept = copies(hardened, given.orders, given.views)
    print(f"Python's defaults: {sum(plain)} copies in {len(plain)} processes {plain}")
    print(f"the image's environment {hardened}: {sum(kept)} copies in {len(kept)} processes {kept}")
    return 1 if sum(kept) else 0


def copies(environment: dict[str, str], orders: int, views: int) -> list[int]:
    """Of the number, in gunicorn's master and each of its workers after the orders, the views and a rest."""
    with tempfile.TemporaryDirectory() as folder, Installation(Path(folder), **environment) as installation:
        for _ in range(orders):
            buy(installation.url)
        with Shopper(installation.url) as shopper:
            for _ in range(views):
                shopper.get("/lead")
        time.sleep(REST)
        web = installation.web
        return [counted(Path(folder), pid) for pid in (web.pid, *web.children())]


def buy(url: str) -> None:
    with Shopper(url) as shopper:
        shopper.leave_lead()
        page = shopper.pay(cardNumber=TYPED)
        assert page.path.startswith("upsell"), f"an order that succeeds, not {page.path}"


def counted(folder: Path, pid: int) -> int:
    """How often the number stands in the whole memory of the process."""
    subprocess.run(["/usr/bin/gcore", "-a", "-o", folder / "core", str(pid)], check=True, capture_output=True)
    core = folder / f"core.{pid}"
    with core.open("rb") as file, closing(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) as memory:
        found = sum(1 for _ in re.finditer(b"|".join(map(re.escape, DRESSES)), memory))
    core.unlink()
    return found


if __name__ == "__main__":
    sys.exit(main())
