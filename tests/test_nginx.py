"""What only nginx is asked, with the configuration we ship; test_proxies.py asks what Caddy has to answer, too."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import requests
from conftest import eventually
from nginx import Nginx
from proxy import HOST
from street import Shop, shop_behind

SLOW_SENDERS = 300


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop[Nginx]]:
    with shop_behind(Nginx, tmp_path_factory.mktemp("shop")) as shop:
        yield shop


def test_who_asks_for_another_host_gets_no_answer(shop: Shop[Nginx]) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{shop.proxy.plain_port}/", headers={"Host": "evil.example"}, timeout=10)
    context = ssl._create_unverified_context()  # noqa: S323  # it must not even come to a certificate
    with socket.create_connection(("127.0.0.1", shop.proxy.port)) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="evil.example")


def test_the_log_holds_neither_queries_nor_tickets(shop: Shop[Nginx]) -> None:
    with shop.jane() as jane:
        jane.browser.get(f"{shop.proxy.url}/lead?emailAddress=jane@example.com", timeout=10)
        jane.browser.get(f"{shop.proxy.url}/return/paypal/a-ticket", timeout=10)
    # nginx writes a line down once the answer is on its way.
    assert eventually(lambda: "GET /return/paypal/... " in shop.proxy.log.read_text())
    log = shop.proxy.log.read_text()
    assert "GET /lead 200" in log
    assert "jane@" not in log
    assert "a-ticket" not in log


TWO_LENGTHS = {
    "length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 4\r\nContent-Length: 5\r\n\r\na=bcd",
    "chunks of another kind": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("rest", TWO_LENGTHS.values(), ids=TWO_LENGTHS)
def test_a_request_of_two_lengths_is_refused(shop: Shop[Nginx], rest: bytes) -> None:
    request = b"POST /lead HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\n" + rest
    context = ssl.create_default_context(cafile=shop.proxy.certificate)
    plain = socket.create_connection(("127.0.0.1", shop.proxy.port), timeout=10)
    with context.wrap_socket(plain, server_hostname=HOST) as peer:
        assert refused(peer, request), "by nginx"
    web = urlsplit(shop.installation.url)
    with socket.create_connection((str(web.hostname), int(web.port or 0)), timeout=10) as direct:
        assert refused(direct, request), "by the web server, too, whoever stands in front"


def refused(peer: socket.socket, request: bytes) -> bool:
    peer.sendall(request)
    return re.match(rb"HTTP/1\.1 (400|501) ", peer.recv(1 << 16)) is not None


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_only_new_tls_is_spoken_even_where_the_systems_nginx_speaks_old_ones(shop: Shop[Nginx]) -> None:
    context = ssl.create_default_context(cafile=shop.proxy.certificate)
    plain = socket.create_connection(("127.0.0.1", shop.proxy.port), timeout=10)
    with context.wrap_socket(plain, server_hostname=HOST) as peer:
        assert peer.version() == "TLSv1.3"
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # else it would be our own OpenSSL that refuses
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", shop.proxy.port), timeout=10) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname=HOST)


def test_hundreds_of_slow_senders_keep_nobody_waiting(shop: Shop[Nginx]) -> None:
    context = ssl.create_default_context(cafile=shop.proxy.certificate)
    with ExitStack() as opened:
        for number in range(SLOW_SENDERS):  # each from a machine of its own, for one of them may not have that many
            source = (f"127.0.1.{1 + number % 250}", 0)
            plain = socket.create_connection(("127.0.0.1", shop.proxy.port), source_address=source)
            slow = opened.enter_context(context.wrap_socket(plain, server_hostname=HOST))
            begun = b"POST /lead HTTP/1.1\r\nHost: localhost\r\n"
            slow.sendall(begun + (b"Content-Length: 90\r\n\r\nfirst" if number % 2 else b"X-Slow: "))
        with shop.jane() as jane:
            for _ in range(10):
                assert jane.browser.get(f"{shop.proxy.url}/lead", timeout=5).status_code == 200
            assert jane.leave_lead().path == "checkout"
