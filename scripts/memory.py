"""Card numbers in the memory of idle web servers: with Python's defaults, and with the environment of the image.

PYTHONPATH=.:tests .venv/bin/python scripts/memory.py [--orders 20] [--views 200]

Of the last press the CRM's answer is lost, so that an error, too, has to let go of the card.
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

from processes import Installation
from shopper import Shopper

from config import ROOT

TYPED = "4539 5787 6362 1486"  # stands nowhere in the code
DIGITS = TYPED.replace(" ", "")
DRESSES = {each.encode() for each in (TYPED, DIGITS, quote(TYPED), quote_plus(TYPED))}
GCORE = Path("/usr/bin/gcore")
REST = 2.0  # seconds; what was still being answered has ended by then
IN_THE_IMAGE = re.compile(r"\b(PYTHONMALLOC|GLIBC_TUNABLES)=(\S+)")


def main(arguments: list[str]) -> int:
    """The exit status."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--orders", type=int, default=20, help="how often the card is paid with")
    options.add_argument("--views", type=int, default=200, help="pages that are looked at afterwards")
    asked = options.parse_args(arguments)
    if not GCORE.exists():
        sys.exit(f"There is no {GCORE} on this machine. Debian and Ubuntu:  sudo apt-get install gdb")
    hardened = dict(IN_THE_IMAGE.findall((ROOT / "Dockerfile").read_text()))
    plain = copies({}, asked.orders, asked.views)
    kept = copies(hardened, asked.orders, asked.views)
    print(f"Python's defaults: {sum(plain)} copies in {len(plain)} processes {plain}")
    print(f"the image's environment {hardened}: {sum(kept)} copies in {len(kept)} processes {kept}")
    return 1 if sum(kept) else 0


def copies(environment: dict[str, str], orders: int, views: int) -> list[int]:
    """Of the number, in gunicorn's master and each of its workers after the orders, the views and a rest."""
    with tempfile.TemporaryDirectory() as folder, Installation(Path(folder), **environment) as installation:
        for _ in range(orders):
            buy(installation.url)
        lose(installation)
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


def lose(installation: Installation) -> None:
    with Shopper(installation.url) as shopper:
        shopper.leave_lead()
        installation.crm.fault("/order/import/", "process_then_drop")
        page = shopper.pay(cardNumber=TYPED)
        assert page.path == "checkout/confirming", f"an answer that is lost, not {page.path}"


def counted(folder: Path, pid: int) -> int:
    """How often the number stands in the whole memory of the process."""
    subprocess.run([GCORE, "-a", "-o", folder / "core", str(pid)], check=True, capture_output=True)
    core = folder / f"core.{pid}"
    with core.open("rb") as file, closing(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) as memory:
        found = sum(1 for _ in re.finditer(b"|".join(map(re.escape, DRESSES)), memory))
    core.unlink()
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
