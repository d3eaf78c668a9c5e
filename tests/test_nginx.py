"""Behind a real nginx with the configuration we ship: what the funnel believes of a shopper; what never gets there."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from conftest import eventually
from nginx import HOST, Nginx, trusting
from processes import Installation, free_ports
from shopper import Shopper

JANES_ADDRESS = "127.0.0.9"
SPOOFED = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "for=6.6.6.6;host=evil.example;proto=http",
}
SLOW_SENDERS = 300


@dataclass(frozen=True)
class Shop:
    nginx: Nginx
    installation: Installation

    def jane(self, **headers: str) -> Shopper:
        shopper = Shopper(self.nginx.url, **headers)
        trusting(shopper.browser, self.nginx, JANES_ADDRESS)
        return shopper


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    port, plain_port = free_ports(2)
    settings = {
        "PUBLIC_URL": f"https://{HOST}:{port}",
        "TRUSTED_HOSTS": HOST,
        "PROXY_HOPS": "1",
        "METRICS_TOKEN": "a-token-for-figures",
    }
    with ExitStack() as opened:
        installation = opened.enter_context(Installation(folder, production=True, **settings))
        nginx = Nginx(folder / "nginx", installation.urls, port=port, plain_port=plain_port)
        yield Shop(opened.enter_context(nginx), installation)


def test_the_crm_is_told_the_shoppers_own_address_scheme_and_host_whatever_they_claim(shop: Shop) -> None:
    with shop.jane(**SPOOFED) as jane:
        jane.get("/?c1=behind-nginx")
        assert jane.buy().path == "upsell/1"
    crm = shop.installation.crm
    crm.wait_for("/landers/clicks/import/")
    (order,) = crm.calls("/order/import/")
    clicks = crm.calls("/landers/clicks/import/")
    told = [call["params"].get("ipAddress") for call in [*clicks, order]]
    assert (told[0], told[-1]) == (JANES_ADDRESS, JANES_ADDRESS), "of the visit's first click, and of the order"
    assert set(told) <= {JANES_ADDRESS, None}, "later clicks have a session, which knows it"
    assert clicks[0]["params"]["requestUri"] == f"{shop.nginx.url}/?c1=behind-nginx"
    assert not [call for call in crm.calls() if "evil.example" in str(call) or "6.6.6.6" in str(call)]


def test_the_cookie_is_for_this_host_alone_and_for_https(shop: Shop) -> None:
    with shop.jane() as jane:
        set_cookie = jane.get("/").headers["Set-Cookie"]
    assert set_cookie.startswith("__Host-funnel=")
    for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert flag in set_cookie


def test_plain_http_is_led_to_https(shop: Shop) -> None:
    answer = requests.get(
        f"http://127.0.0.1:{shop.nginx.plain_port}/lead?c1=x", headers={"Host": HOST}, allow_redirects=False, timeout=10
    )
    assert (answer.status_code, answer.headers["Location"]) == (308, f"https://{HOST}/lead?c1=x")


def test_who_asks_for_another_host_gets_no_answer(shop: Shop) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{shop.nginx.plain_port}/", headers={"Host": "evil.example"}, timeout=10)
    context = ssl._create_unverified_context()  # noqa: S323  # it must not even come to a certificate
    with socket.create_connection(("127.0.0.1", shop.nginx.port)) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="evil.example")


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/lead", 17 << 10, 413),
        ("/return/bank/none", 250 << 10, 303),
        ("/return/bank/none", 300 << 10, 413),
    ],
)
def test_a_body_has_the_size_its_page_needs_and_no_more(shop: Shop, path: str, size: int, status: int) -> None:
    with shop.jane() as jane:
        answer = jane.browser.post(shop.nginx.url + path, data=b"x" * size, allow_redirects=False, timeout=20)
    assert answer.status_code == status
    assert not [file for file in shop.nginx.bodies.rglob("*") if file.is_file()], "nothing is left on the disk"


def test_the_figures_are_not_for_the_street(shop: Shop) -> None:
    with shop.jane() as jane:
        bearer = {"Authorization": "Bearer a-token-for-figures"}
        assert jane.browser.get(f"{shop.nginx.url}/metrics", headers=bearer, timeout=10).status_code == 404
    assert requests.get(f"{shop.installation.url}/metrics", headers={**bearer, "Host": HOST}, timeout=10).ok


def test_the_log_holds_neither_queries_nor_tickets(shop: Shop) -> None:
    with shop.jane() as jane:
        jane.browser.get(f"{shop.nginx.url}/lead?emailAddress=jane@example.com", timeout=10)
        jane.browser.get(f"{shop.nginx.url}/return/paypal/a-ticket", timeout=10)
    # nginx writes a line down once the answer is on its way.
    assert eventually(lambda: "GET /return/paypal/... " in shop.nginx.log.read_text())
    log = shop.nginx.log.read_text()
    assert "GET /lead 200" in log
    assert "jane@" not in log
    assert "a-ticket" not in log


TWO_LENGTHS = {
    "length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 4\r\nContent-Length: 5\r\n\r\na=bcd",
    "chunks of another kind": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("rest", TWO_LENGTHS.values(), ids=TWO_LENGTHS)
def test_a_request_of_two_lengths_is_refused(shop: Shop, rest: bytes) -> None:
    request = b"POST /lead HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\n" + rest
    context = ssl.create_default_context(cafile=shop.nginx.certificate)
    plain = socket.create_connection(("127.0.0.1", shop.nginx.port), timeout=10)
    with context.wrap_socket(plain, server_hostname=HOST) as peer:
        assert refused(peer, request), "by nginx"
    web = urlsplit(shop.installation.url)
    with socket.create_connection((str(web.hostname), int(web.port or 0)), timeout=10) as direct:
        assert refused(direct, request), "by the web server, too, whoever stands in front"


def refused(peer: socket.socket, request: bytes) -> bool:
    peer.sendall(request)
    return re.match(rb"HTTP/1\.1 (400|501) ", peer.recv(1 << 16)) is not None


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_only_new_tls_is_spoken_even_where_the_systems_nginx_speaks_old_ones(shop: Shop) -> None:
    context = ssl.create_default_context(cafile=shop.nginx.certificate)
    plain = socket.create_connection(("127.0.0.1", shop.nginx.port), timeout=10)
    with context.wrap_socket(plain, server_hostname=HOST) as peer:
        assert peer.version() == "TLSv1.3"
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # else it would be our own OpenSSL that refuses
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", shop.nginx.port), timeout=10) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname=HOST)


def test_every_answer_names_its_kind_and_charset(shop: Shop) -> None:
    kinds = {"/lead": "html", "/nowhere": "html", "/healthz": "plain", "/static/css/funnel.css": "css"}
    with shop.jane() as jane:
        for path, kind in kinds.items():
            answer = jane.browser.get(shop.nginx.url + path, timeout=10)
            assert answer.headers["Content-Type"].replace('"', "").lower() == f"text/{kind}; charset=utf-8", path


def test_nothing_is_told_of_what_runs_behind(shop: Shop) -> None:
    with shop.jane() as jane:
        for path in ("/", "/lead", "/nowhere", "/static/", "/static/css/", "/.git/config", "/.env", "/app.py"):
            answer = jane.browser.get(shop.nginx.url + path, timeout=10)
            assert answer.headers["Server"] == "nginx"
            assert not {"X-Powered-By", "Via", "Access-Control-Allow-Origin"} & answer.headers.keys()
            assert (answer.status_code == 200) is (path in ("/", "/lead"))
        assert jane.browser.request("TRACE", shop.nginx.url, timeout=10).status_code == 405


def test_hundreds_of_slow_senders_keep_nobody_waiting(shop: Shop) -> None:
    context = ssl.create_default_context(cafile=shop.nginx.certificate)
    with ExitStack() as opened:
        for number in range(SLOW_SENDERS):  # each from a machine of its own, for one of them may not have that many
            source = (f"127.0.1.{1 + number % 250}", 0)
            plain = socket.create_connection(("127.0.0.1", shop.nginx.port), source_address=source)
            slow = opened.enter_context(context.wrap_socket(plain, server_hostname=HOST))
            begun = b"POST /lead HTTP/1.1\r\nHost: localhost\r\n"
            slow.sendall(begun + (b"Content-Length: 90\r\n\r\nfirst" if number % 2 else b"X-Slow: "))
        with shop.jane() as jane:
            for _ in range(10):
                assert jane.browser.get(f"{shop.nginx.url}/lead", timeout=5).status_code == 200
            assert jane.leave_lead().path == "checkout"


class Dropper:
    """A web server that takes a request and closes the connection without a word; `heard` counts them."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.heard: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.heard.append(connection.recv(1 << 16))

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


def test_a_form_is_sent_on_once_even_if_its_answer_is_lost(tmp_path: Path) -> None:
    port, plain_port = free_ports(2)
    droppers = [Dropper(), Dropper()]
    try:
        with Nginx(tmp_path / "nginx", [each.url for each in droppers], port=port, plain_port=plain_port) as nginx:
            answer = requests.post(f"{nginx.url}/checkout", data={"a": "b"}, verify=str(nginx.certificate), timeout=20)
    finally:
        for each in droppers:
            each.close()
    assert answer.status_code == 502
    assert sum(len(each.heard) for each in droppers) == 1
