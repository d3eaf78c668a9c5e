"""Serves the funnel in production behind nginx, with the sandbox as its CRM, and runs a scanner against it.

    PYTHONPATH=.:tests .venv/bin/python scripts/scans schemathesis run {openapi} --url {url} …

In the scanner's words {url} is the address through nginx, {direct} that of gunicorn itself, {certificate} nginx's,
{openapi} a file that describes every route, {cookie} the one of a shopper at the checkout, whose forms' token is in
that file. docs/security.md has the whole commands. The exit status is the scanner's; or 1 where a request failed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from nginx import Nginx
from openapi import described
from processes import Installation
from programs import free_ports
from proxy import HOST, trusting
from shopper import Shopper

from app import create_app
from config import load_settings

FAILED = '"level": "error"'  # as in the funnel's own log of a request that raised
MANY = "100000000"  # no scanner is kept out for asking often; what limits do has tests of its own


def main(command: list[str]) -> int:
    """The exit status."""
    if not command or command[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if command else 2
    with tempfile.TemporaryDirectory() as made:
        folder, (port, plain_port) = Path(made), free_ports(2)
        settings = {
            "PUBLIC_URL": f"https://{HOST}:{port}",
            "TRUSTED_HOSTS": f"{HOST} 127.0.0.1",
            "PROXY_HOPS": "1",
            "METRICS_TOKEN": "a-token-for-figures",
            **dict.fromkeys(("FUNNEL_ADDRESS_FORMS", "FUNNEL_SHOP_DECLINES", "FUNNEL_ADDRESS_DECLINES"), MANY),
        }
        with (
            Installation(folder, production=True, **settings) as installation,
            Nginx(folder / "nginx", installation.urls, port=port, plain_port=plain_port) as nginx,
        ):
            cookie, token = at_the_checkout(nginx)
            words = {
                "cookie": cookie,
                "url": nginx.url,
                "direct": installation.url,
                "certificate": str(nginx.certificate),
                "openapi": str(routes_file(folder, installation, token)),
            }
            status = subprocess.run([filled(word, words) for word in command], check=False).returncode
            failures = [line for line in installation.printed_by("web").splitlines() if FAILED in line]
    print(f"{len(failures)} requests that failed in the funnel's log", *failures[:20], sep="\n")
    return status or int(bool(failures))


def filled(word: str, words: dict[str, str]) -> str:
    for name, value in words.items():
        word = word.replace(f"{{{name}}}", value)
    return word


def at_the_checkout(nginx: Nginx) -> tuple[str, str]:
    """The cookie and the form's token of somebody whose lead is known."""
    with Shopper(nginx.url) as shopper:
        trusting(shopper.browser, nginx, "127.0.0.1")
        token = shopper.leave_lead().form.values["csrf_token"]
        return "; ".join(f"{each.name}={each.value}" for each in shopper.browser.cookies), str(token)


def routes_file(folder: Path, installation: Installation, token: str) -> Path:
    file = folder / "openapi.json"
    app = create_app(load_settings(installation.environment, root=folder))
    file.write_text(json.dumps(described(app, token)))
    return file


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
