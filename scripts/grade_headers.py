"""Grades the headers of every page over https: `PYTHONPATH=.:tests .venv/bin/python scripts/grade_headers.py FOLDER`.

FOLDER is where scripts/grade_headers.mjs finds its packages; that file says how they are installed. The certificate is
made on the spot, for localhost. The sandbox plays the CRM without https, which a real one has, so its address is taken
out of the policy of the page for a bank's script.
"""

from __future__ import annotations

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

from conftest import LOGIN, served
from shopper import Shopper
from travellers import SCRIPT_CARD, URL_CARD
from werkzeug.serving import make_server
from werkzeug.utils import redirect
from werkzeug.wrappers import Request

from app import create_app
from config import load_settings
from funnel.sandbox.app import create_sandbox
from funnel.sandbox.catalogue_file import as_catalogue
from funnel.stand_in import catalogue

HERE = Path(__file__).parent
HTTPS, HTTP = 18443, 18080
SITE = f"https://localhost:{HTTPS}"
OPENSSL = "openssl req -x509 -newkey rsa:2048 -nodes -keyout {0}/key.pem -out {0}/cert.pem -days 2 -subj /CN=localhost"
ROADS: dict[str, tuple[str, Callable[[Shopper], object]]] = {
    "presell": ("/", lambda shopper: None),
    "lead": ("/lead", lambda shopper: None),
    "checkout, a new visit": ("/checkout", lambda shopper: None),
    "lead, known": ("/lead", lambda shopper: shopper.leave_lead()),
    "checkout": ("/checkout", lambda shopper: shopper.leave_lead()),
    "upsell": ("/upsell/1", lambda shopper: shopper.buy()),
    "thank-you": ("/thank-you", lambda shopper: (shopper.buy(), refused(shopper), refused(shopper))),
    "hand-over": ("/away", lambda shopper: (shopper.leave_lead(), shopper.pay(cardNumber=URL_CARD))),
    "confirming": ("/checkout/confirming", lambda shopper: (shopper.leave_lead(), shopper.pay(cardNumber=URL_CARD))),
    "a bank's script": ("/away/run", lambda shopper: (shopper.leave_lead(), shopper.pay(cardNumber=SCRIPT_CARD))),
}


def refused(shopper: Shopper) -> object:
    return shopper.submit(choice="no")


def main(packages: str) -> int:
    with TemporaryDirectory() as folder, ExitStack() as opened:
        subprocess.run([*OPENSSL.format(folder).split(), "-addext", "subjectAltName=DNS:localhost"], check=True)
        serve(folder, opened)
        pages = [[name, path, walked(walk, f"{folder}/cert.pem")] for name, (path, walk) in ROADS.items()]
        command = ["node", str(HERE / "grade_headers.mjs"), "localhost", str(HTTPS), str(HTTP), json.dumps(pages)]
        trusting = {**os.environ, "NODE_EXTRA_CA_CERTS": f"{folder}/cert.pem"}
        return subprocess.run(command, cwd=packages, env=trusting, check=False).returncode


def serve(folder: str, opened: ExitStack) -> None:
    file = str(HERE.parent / "tests" / "funnel.toml")
    sold = catalogue(load_settings({"FUNNEL_FILE": file}, root=Path(folder)).campaign)
    sandbox = create_sandbox(
        login_id=LOGIN["KONNEKTIVE_LOGIN_ID"], password=LOGIN["KONNEKTIVE_PASSWORD"], catalogue=as_catalogue(sold)
    )
    crm = opened.enter_context(served(sandbox))
    environment = {
        **LOGIN,
        "KONNEKTIVE_API_URL": crm,
        "FUNNEL_FILE": file,
        "FUNNEL_ENV": "production",
        "SECRET_KEY": "only for this measurement, " * 2,
        "DATABASE_URL": f"sqlite:///{folder}/funnel.db",
        "PUBLIC_URL": SITE,
        "LOG_LEVEL": "ERROR",
    }
    app = create_app(load_settings(environment, root=Path(folder)))

    def without_sandbox(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        def told(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start(status, [(name, value.replace(f" {crm}", "")) for name, value in headers], *more)

        return app(environ, told)

    keys = (f"{folder}/cert.pem", f"{folder}/key.pem")
    server = make_server("127.0.0.1", HTTPS, without_sandbox, threaded=True, ssl_context=keys)
    Thread(target=server.serve_forever, daemon=True).start()
    opened.enter_context(served(Request.application(lambda asked: redirect(SITE + asked.full_path, 301)), HTTP))


def walked(walk: Callable[[Shopper], object], certificate: str) -> str:
    """The cookie of a shopper who is there."""
    with Shopper(SITE) as shopper:
        shopper.browser.verify = certificate
        walk(shopper)
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in shopper.browser.cookies)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
