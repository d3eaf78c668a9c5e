"""The way shoppers come: through PUBLIC_URL and the proxy, with a page, its cookie, and a form that is refused."""

from collections.abc import Iterator

import requests
from itsdangerous import BadSignature, TimestampSigner

from funnel.doctor.finding import Finding, error, fine, warning

PATIENCE = 10.0  # seconds
SALT = "doctor"
TICKET_LIFE = 60  # seconds
FLAGS = ("Secure", "HttpOnly", "SameSite=Lax")
FORM_WITHOUT_TOKEN = 400


def ticket(key: str) -> str:
    """Whoever bears it is told by /healthz what the funnel believes of them."""
    return TimestampSigner(key, salt=SALT).sign("seen").decode()


def is_ticket(given: str, key: str) -> bool:
    try:
        return bool(TimestampSigner(key, salt=SALT).unsign(given, max_age=TICKET_LIFE))
    except BadSignature:
        return False


def way(public_url: str | None, key: str, *, verify: str | bool = True) -> Iterator[Finding]:
    if public_url is None:
        yield warning("street", "PUBLIC_URL is not set, so the way through the proxy was not tried.")
        return
    with requests.Session() as browser:
        browser.trust_env, browser.verify = False, verify
        try:
            yield _seen(browser, public_url, key)
            yield from _cookie(browser, public_url)
            yield _form(browser, public_url)
        except requests.exceptions.SSLError:
            yield error(
                "street", f"{public_url} has a certificate that is not trusted here; name your own CA by --ca-file."
            )
        except requests.RequestException as reason:
            yield error("street", f"{public_url} cannot be reached from here ({type(reason).__name__}).")


def _seen(browser: requests.Session, url: str, key: str) -> Finding:
    answer = browser.get(f"{url}/healthz", headers={"X-Doctor": ticket(key)}, timeout=PATIENCE)
    seen = answer.text.strip().removeprefix("ok").split()
    if not answer.ok or len(seen) != 2:
        return error(
            "proxy", f"{url}/healthz is answered by something else than this funnel: see where PUBLIC_URL leads."
        )
    address, scheme = seen
    if scheme != url.split(":", 1)[0]:
        return error(
            "proxy",
            f"The funnel believes that shoppers come by {scheme}: "
            "set PROXY_HOPS to the number of proxies, and let the proxy send X-Forwarded-Proto.",
        )
    return fine(
        "proxy", f"The funnel believes that this visitor comes from {address} by {scheme}: is that this machine?"
    )


def _cookie(browser: requests.Session, url: str) -> Iterator[Finding]:
    answer = browser.get(f"{url}/lead", headers={"User-Agent": "funnel doctor (bot)"}, timeout=PATIENCE)
    given = answer.headers.get("Set-Cookie", "")
    missing = [flag for flag in FLAGS if flag.lower() not in given.lower()]
    if not answer.ok:
        yield error("street", f"The lead page answers with {answer.status_code}.")
    elif given and missing:
        yield error("cookie", f"The cookie lacks {', '.join(missing)}.")
    elif given:
        yield fine("cookie", f"{given.split('=')[0]} has {', '.join(FLAGS)}.")
    else:
        yield fine("cookie", "The lead page sets none for who is no shopper.")


def _form(browser: requests.Session, url: str) -> Finding:
    """A form without its token is refused before anything is done."""
    answer = browser.post(f"{url}/lead", data={}, allow_redirects=False, timeout=PATIENCE)
    if answer.status_code == FORM_WITHOUT_TOKEN:
        return fine("street", "Forms arrive, and one without its token is refused.")
    return warning("street", f"A form without its token was answered with {answer.status_code} instead of 400.")
