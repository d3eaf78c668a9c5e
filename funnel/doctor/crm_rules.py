"""The CRM: its name, its certificate, its clock, and what our API user may ask. Nothing is changed there."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

from funnel.crm.calls import CampaignQuery, OrderQuery, TransactionsQuery
from funnel.crm.client import Client
from funnel.crm.errors import CrmError, Kind, Refused
from funnel.doctor.finding import Finding, error, fine, warning

PATIENCE = 10.0  # seconds
SKEW, TOO_MUCH_SKEW = 30.0, 300.0  # seconds
DAY = 86400.0  # seconds
RENEW = 14  # days
NO_ORDER = "0"  # such an order never was
AUTH_HINT = (
    "login, password or the list of addresses: the CRM must allow this machine's address, and the API user this call"
)


def way(url: str) -> Iterator[Finding]:
    """From the name to the first answer; a failure ends it, for what follows needs it."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as reason:
        yield error(
            "CRM: DNS",
            f"{host} has no address here ({reason.strerror}): look at KONNEKTIVE_API_URL and at this machine's DNS.",
        )
        return
    yield fine("CRM: DNS", f"{host} has {len(addresses)} address(es).")
    connection = (HTTPSConnection if parts.scheme == "https" else HTTPConnection)(host, port, timeout=PATIENCE)
    try:
        connection.connect()
        yield from _certificate(connection.sock)
        connection.request("HEAD", "/")
        yield from _clock(connection.getresponse().getheader("Date"))
    except ssl.SSLCertVerificationError as reason:
        yield error("CRM: TLS", f"The certificate is not accepted: {reason.verify_message}.")
    except (OSError, ValueError) as reason:
        yield error("CRM: way", f"{host}:{port} does not answer ({type(reason).__name__}).")
    finally:
        connection.close()


def _certificate(connected: socket.socket) -> Iterator[Finding]:
    if not isinstance(connected, ssl.SSLSocket):
        return
    ends = ssl.cert_time_to_seconds(str((connected.getpeercert() or {})["notAfter"]))
    days = (ends - time.time()) / DAY
    yield (warning if days < RENEW else fine)(
        "CRM: TLS", f"{connected.version()}; the certificate is good for {days:.0f} days."
    )


def _clock(date: str | None) -> Iterator[Finding]:
    if date is None:
        return
    skew = time.time() - parsedate_to_datetime(date).timestamp()
    grade = error if abs(skew) > TOO_MUCH_SKEW else warning if abs(skew) > SKEW else fine
    yield grade("clock", f"{abs(skew):.0f} seconds {'ahead of' if skew > 0 else 'behind'} the CRM's.")


def permissions(client: Client, campaign_id: int) -> Iterator[Finding]:
    """The calls that only read; those that write cannot be tried without leaving a trace."""
    asked: dict[str, Callable[[], object]] = {
        "Campaign Query": lambda: client.campaign_query(CampaignQuery(campaignId=campaign_id)),
        "Order Query": lambda: client.order_query(OrderQuery(orderId=NO_ORDER)),
        "Transactions Query": lambda: client.transactions_query(TransactionsQuery(orderId=NO_ORDER)),
    }
    for name, ask in asked.items():
        yield _answer(name, ask)


def _answer(name: str, ask: Callable[[], object]) -> Finding:
    try:
        if ask() == () and name == "Campaign Query":
            return error("CRM: calls", f"{name} knows no campaign with the campaignId of funnel.toml.")
        return fine("CRM: calls", f"{name} is answered.")
    except Refused as refusal:
        if refusal.kind is Kind.AUTH:
            return error("CRM: calls", f"{name} is refused: {AUTH_HINT}.")
        return warning("CRM: calls", f"{name} is refused ({refusal.kind.value}).")
    except CrmError as reason:
        return error("CRM: calls", f"{name} got no answer that can be read ({reason.outcome}).")
