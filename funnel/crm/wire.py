"""The one place that speaks HTTP: one POST, one answer, over by its deadline whatever the peer does.

The deadline is held by a watchdog that shuts the socket, because a peer that drips bytes outlives every
timeout of a single read. Only the name lookup is beyond it: the system's resolver cannot be interrupted.

There is no requests.Session around the adapter, on purpose: what a Session would add are redirects, cookies,
and the environment's proxies and .netrc, none of which may touch these calls.
"""

import socket
import ssl
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from requests import PreparedRequest, Request, Response
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.connection import create_connection

from funnel.crm.errors import DEADLINE, CrmError, Garbled, NoAnswer
from funnel.crm.flight import Flight
from funnel.crm.watchdog import Watchdog
from funnel.traces import letting_go

LARGEST_ANSWER = 1 << 20  # bytes, after unpacking
CHUNK = 1 << 16  # bytes
HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "konnektive-funnel"}

GAVE_UP_WAITING = (408, 499)  # said by a proxy in between, while the CRM may be at work still


class Current:
    """The call a transport's connections are used for now. Connections hold this and not their transport:

    urllib3 keeps them reachable until their pool is forgotten, so one that led back to it would never close.
    """

    flight: Flight


class _Watched(HTTPConnection):
    """A connection that tells the flight how far it came."""

    def __init__(self, current: Current, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._current = current

    def _new_conn(self) -> socket.socket:
        """Tries every address of the host, each within what is left of the deadline."""
        failure: OSError = ConnectionError()
        for *_, address in socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM):
            try:
                return self._connected(str(address[0]))
            except OSError as error:
                failure = error
        raise failure

    def _connected(self, address: str) -> socket.socket:
        flight = self._current.flight
        sock = create_connection((address, self.port), flight.patience(), socket_options=self.socket_options)
        try:
            flight.hold(sock)
        except BaseException:
            sock.close()
            raise
        return sock

    def request(self, *args: Any, **options: Any) -> None:
        if self.sock is None:
            self.connect()
        self._current.flight.up = True
        self._current.flight.hold(self.sock)
        super().request(*args, **options)


class _WatchedTLS(_Watched, HTTPSConnection):
    """The same over TLS; hands are shaken and the certificate is verified before the request is made."""

    def connect(self) -> None:
        super().connect()
        # Python gives back a socket without TLS where the peer was gone before the handshake could begin.
        if not isinstance(self.sock, ssl.SSLSocket) or self.sock.version() is None:
            raise ConnectionError


class Transport(HTTPAdapter):
    """Connections for one thread at a time."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.current = Current()
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **options)
        plain = partial(_pool, HTTPConnectionPool, partial(_Watched, self.current))
        secure = partial(_pool, HTTPSConnectionPool, partial(_WatchedTLS, self.current), ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = {"http": plain, "https": secure}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The context holds the CA bundle already; requests would load it anew for every connection."""
        conn.cert_reqs = "CERT_REQUIRED"


def _pool(
    pool_class: type[HTTPConnectionPool], connection: Callable[..., _Watched], *args: Any, **options: Any
) -> HTTPConnectionPool:
    pool = pool_class(*args, **options)
    pool.ConnectionCls = connection  # type: ignore[assignment]  # it only ever calls it
    return pool


class Wire:
    """Sends form bodies to the CRM. The CA bundle is loaded once; `ca_file` stands in for the usual one."""

    def __init__(self, *, connect_timeout: float, ca_file: str | None = None) -> None:
        self._connect_timeout = connect_timeout
        self._context = ssl.create_default_context(cafile=ca_file or DEFAULT_CA_BUNDLE_PATH)
        self._watchdog = Watchdog()
        self._mine = threading.local()

    def kept(self, url: str, body: str, seconds: float) -> bytes:
        """Over the thread's own connection, which is kept for its next call."""
        if not hasattr(self._mine, "transport"):
            self._mine.transport = Transport(self._context)
        return self._exchange(self._mine.transport, _request(url, body), seconds)

    def fresh(self, url: str, body: str, seconds: float) -> bytes:
        """Over a connection made for this call alone."""
        transport = Transport(self._context)
        try:
            return self._exchange(transport, _request(url, body, {"Connection": "close"}), seconds)
        finally:
            transport.close()

    def _exchange(self, transport: Transport, request: PreparedRequest, seconds: float) -> bytes:
        """The body of a whole answer with status 200. Raises NotSent, NoAnswer or Garbled."""
        failure: CrmError | None = None
        with Flight(seconds, self._connect_timeout, self._watchdog) as flight:
            transport.current.flight = flight
            try:
                with letting_go():
                    status, body = self._post(transport, request, seconds)
            except Exception as error:
                failure = flight.failure(error)
        # Raised out here, where no error of the libraries, which all hold the request, becomes its context.
        if failure:
            try:
                raise failure
            finally:
                failure = None  # it holds this frame by its traceback, and so the request
        if flight.expired:
            raise NoAnswer(DEADLINE)
        if status != 200:
            raise Garbled(f"HTTP {status}", answered=300 <= status < 500 and status not in GAVE_UP_WAITING)
        if len(body) > LARGEST_ANSWER:
            raise Garbled("too large")
        return body

    def _post(self, transport: Transport, request: PreparedRequest, seconds: float) -> tuple[int, bytes]:
        with transport.send(request, stream=True, timeout=(self._connect_timeout, seconds)) as response:
            return response.status_code, _read(response) if response.status_code == 200 else b""


def _request(url: str, body: str, headers: dict[str, str] | None = None) -> PreparedRequest:
    return Request("POST", url, data=body, headers={**HEADERS, **(headers or {})}).prepare()


def _read(response: Response) -> bytes:
    """At most a chunk more than the largest answer that is read."""
    body = bytearray()
    for chunk in response.iter_content(CHUNK):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            break
    return bytes(body)
