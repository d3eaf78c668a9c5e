"""flask funnel page-watch: whether the page with the card form is still the one that was approved (PCI DSS 11.6.1)."""

import sys
from pathlib import Path
from typing import NoReturn
from urllib.parse import urljoin

import click
import requests
from flask.cli import with_appcontext
from itsdangerous import BadData, URLSafeSerializer

from funnel import web
from funnel.commands.counted import counted
from funnel.steps import PATHS
from funnel.watch.page_print import differences, page_print

CHANGED, UNKNOWN = 1, 2  # exit statuses
PATIENCE = 20.0  # seconds for one answer
# A browser's name, for who steals shows watchers no theft.
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
STEPS = (PATHS["presell"], PATHS["lead"], PATHS["checkout"])


@click.command("page-watch")
@click.argument("url")
@click.option(
    "--manifest",
    default="instance/page-watch.signed",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The file of what is approved.",
)
@click.option("--write", is_flag=True, help="Approve the page as it is now: sign it into the manifest.")
@with_appcontext
def page_watch(url: str, manifest: Path, write: bool) -> None:
    """Compare the payment page at URL with the approved one: headers, scripts, styles, frames, forms.

    Exit status 1 when it differs, 2 when it cannot be looked at. Sends no form; a click is reported for each step.
    """
    try:
        now = look(url)
    except (requests.RequestException, ValueError) as error:
        _give_up(f"{url} could not be looked at: {error}")
    if write:
        _approve(manifest, now)
        click.echo(f"{len(now)} facts of {url} are approved and signed in {manifest}.")
        return
    found = list(differences(_approved(manifest), now))
    for line in found:
        click.echo(line)
    click.echo(f"{len(now)} facts of {url} compared, {counted(len(found), 'difference')}.")
    sys.exit(CHANGED if found else 0)


def look(url: str) -> dict[str, str]:
    """As a shopper who walks there for the first time. Raises RequestException, and ValueError for no payment page."""
    with requests.Session() as browser:
        browser.trust_env = False
        browser.headers.update({"User-Agent": BROWSER, "Accept": "text/html", "Accept-Language": "en"})
        for step in STEPS:
            page = browser.get(urljoin(url, step), timeout=PATIENCE)
        if page.status_code != requests.codes.ok or 'name="cardNumber"' not in page.text:
            raise ValueError(f"{page.url} answers {page.status_code} and asks for no card")

        def fetch(address: str) -> bytes:
            """Nothing for a file that cannot be had, which is another content than it had before."""
            try:
                return browser.get(address, timeout=PATIENCE).content
            except requests.RequestException:
                return b""

        return {**page_print(page.url, page.headers, page.text, fetch), "cookies": _kept(browser)}


def _approve(manifest: Path, facts: dict[str, str]) -> None:
    try:
        manifest.parent.mkdir(parents=True, exist_ok=True)
        manifest.write_text(str(_signer().dumps(facts)))
    except OSError as error:
        _give_up(f"{manifest} cannot be written ({error.strerror}); name another file by --manifest.")


def _approved(manifest: Path) -> dict[str, str]:
    try:
        facts: dict[str, str] = _signer().loads(manifest.read_text())
    except OSError as error:
        _give_up(
            f"{manifest} cannot be read ({error.strerror}). See that the page is yours, and approve it by --write."
        )
    except (BadData, UnicodeDecodeError):
        _give_up(
            f"{manifest} was changed, or was signed with another SECRET_KEY. "
            "See that the page is yours, and approve it again by --write."
        )
    return facts


def _give_up(why: str) -> NoReturn:
    click.echo(f"Nothing was compared: {why}", err=True)
    sys.exit(UNKNOWN)


def _kept(browser: requests.Session) -> str:
    """How the cookies of the walk are kept, without what they hold."""
    return " | ".join(
        f"{cookie.name} {cookie.path} secure={cookie.secure} {sorted(name.lower() for name in cookie._rest)}"  # type: ignore[attr-defined]
        for cookie in browser.cookies
    )


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer([*reversed(web.rooms().settings.secret_keys)], salt="page-watch")
