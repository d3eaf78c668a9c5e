"""Grades the headers of every page over https.

    PYTHONPATH=.:tests .venv/bin/python scripts/grade_headers.py FOLDER

The certificate is made on the spot, for localhost. The sandbox plays the CRM without https, which a real one has, so
its address is taken out of the policy of the page for a bank's script.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from campaigns import CAMPAIGN
from conftest import LOGIN, sandbox_selling, served, stock_of
from nginx import make_certificate
from proxy import HOST
from shopper import Shopper
from travellers import SCRIPT_CARD, URL_CARD
from werkzeug.serving import make_server
from werkzeug.utils import redirect
from werkzeug.wrappers import Request

from app import create_app
from config import load_settings

HERE = Path(__file__).parent
HTTPS, HTTP = 18443, 18080
SITE = f"https://{HOST}:{HTTPS}"
Walk = Callable[[Shopper], object]


def stay(_: Shopper) -> None:
    """Where every visit begins."""


def buy_nothing_more(shopper: Shopper) -> None:
    shopper.buy()
    shopper.submit(choice="no")
    shopper.submit(choice="no")


def pay_by(card: str) -> Walk:
    def walk(shopper: Shopper) -> None:
        shopper.leave_lead()
        shopper.pay(cardNumber=card)

    return walk


ROADS: dict[str, tuple[str, Walk]] = {
    "presell": ("/", stay),
    "lead": ("/lead", stay),
    "checkout, a new visit": ("/checkout", stay),
    "lead, known": ("/lead", Shopper.leave_lead),
    "checkout": ("/checkout", Shopper.leave_lead),
    "upsell": ("/upsell/1", Shopper.buy),
    "thank-you": ("/thank-you", buy_nothing_more),
    "hand-over": ("/away", pay_by(URL_CARD)),
    "confirming": ("/checkout/confirming", pay_by(URL_CARD)),
    "a bank's script": ("/away/run", pay_by(SCRIPT_CARD)),
}


def main(arguments: list[str]) -> int:
    """The exit status of scripts/grade_headers.mjs."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    packages = "where scripts/grade_headers.mjs finds its packages; that file says how they are installed"
    options.add_argument("folder", type=Path, help=packages)
    asked = options.parse_args(arguments)
    with TemporaryDirectory() as made, ExitStack() as opened:
        folder = Path(made)
        certificate = folder / "certificate.pem"
        make_certificate(certificate, folder / "key.pem")
        serve(folder, opened)
        pages = [[name, path, walked(walk, certificate)] for name, (path, walk) in ROADS.items()]
        command = ["node", str(HERE / "grade_headers.mjs"), HOST, str(HTTPS), str(HTTP), json.dumps(pages)]
        trusting = {**os.environ, "NODE_EXTRA_CA_CERTS": str(certificate)}
        return subprocess.run(command, cwd=asked.folder, env=trusting, check=False).returncode


def serve(folder: Path, opened: ExitStack) -> None:
    """The funnel in production over https, and a server that leads there from http."""
    crm = opened.enter_context(served(sandbox_selling(stock_of(CAMPAIGN, folder))))
    environment = {
        **LOGIN,
        "KONNEKTIVE_API_URL": crm,
        "FUNNEL_FILE": str(CAMPAIGN),
        "FUNNEL_ENV": "production",
        "SECRET_KEY": "only for this measurement, " * 2,
        "DATABASE_URL": f"sqlite:///{folder}/funnel.db",
        "PUBLIC_URL": SITE,
        "LOG_LEVEL": "ERROR",
    }
    app = create_app(load_settings(environment, root=folder))

    def without_sandbox(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        def told(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start(status, [(name, value.replace(f" {crm}", "")) for name, value in headers], *more)

        return app(environ, told)

    keys = (str(folder / "certificate.pem"), str(folder / "key.pem"))
    server = make_server("127.0.0.1", HTTPS, without_sandbox, threaded=True, ssl_context=keys)
    Thread(target=server.serve_forever, daemon=True).start()
    opened.enter_context(served(Request.application(lambda asked: redirect(SITE + asked.full_path, 301)), HTTP))


def walked(walk: Walk, certificate: Path) -> str:
    """The cookie of a shopper who is there."""
    with Shopper(SITE) as shopper:
        shopper.browser.verify = str(certificate)
        walk(shopper)
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in shopper.browser.cookies)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
