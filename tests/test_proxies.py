"""Behind a real nginx and a real Caddy, with the configuration we ship: what the funnel believes of a shopper; what
never gets there; what is led to https, and what is not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from caddy import Caddy
from nginx import Nginx
from programs import free_ports
from proxy import HOST, Proxy
from street import JANES_ADDRESS, Shop, shop_behind

SPOOFED = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "for=6.6.6.6;host=evil.example;proto=http",
}
BEARER = {"Authorization": "Bearer a-token-for-figures"}
PROXIES = [Nginx, Caddy]


@pytest.fixture(scope="module", params=PROXIES)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop[Proxy]]:
    with shop_behind(request.param, tmp_path_factory.mktemp("shop"), METRICS_TOKEN="a-token-for-figures") as shop:
        yield shop


def test_the_crm_is_told_the_shoppers_own_address_scheme_and_host_whatever_they_claim(shop: Shop[Proxy]) -> None:
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
    assert clicks[0]["params"]["requestUri"] == f"{shop.proxy.url}/?c1=behind-nginx"
    assert not [call for call in crm.calls() if "evil.example" in str(call) or "6.6.6.6" in str(call)]


def test_the_cookie_is_for_this_host_alone_and_for_https(shop: Shop[Proxy]) -> None:
    with shop.jane() as jane:
        set_cookie = jane.get("/").headers["Set-Cookie"]
    assert set_cookie.startswith("__Host-funnel=")
    for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert flag in set_cookie


def without_tls(shop: Shop[Proxy], method: str, path: str) -> requests.Response:
    address = f"http://127.0.0.1:{shop.proxy.plain_port}{path}"
    return requests.request(method, address, headers={"Host": HOST}, allow_redirects=False, timeout=10)


@pytest.mark.parametrize("path", ["/", "/lead?c1=x", "/checkout", "/upsell/1", "/return/paypal/none?token=1", "/away"])
def test_plain_http_is_led_to_https_for_pages(shop: Shop[Proxy], path: str) -> None:
    for method in ("GET", "HEAD"):
        answer = without_tls(shop, method, path)
        assert (answer.status_code, answer.headers["Location"]) == (308, f"https://{HOST}{path}")


@pytest.mark.parametrize(
    "request_line",
    [
        *("GET /healthz", "GET /readyz", "GET /metrics", "GET /%6detrics", "GET /csp-report", "POST /csp-report"),
        *("POST /lead/partial", "POST /checkout", "POST /return/bank/none", "GET /away/run.js", "GET /pixel"),
        "GET /static/css/funnel.css",
    ],
)
def test_plain_http_is_refused_and_not_redirected_for_what_no_person_opens(
    shop: Shop[Proxy], request_line: str
) -> None:
    answer = without_tls(shop, *request_line.split())
    assert (answer.status_code, answer.headers.get("Location")) == (421, None)


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/lead", 17 << 10, 413),
        ("/return/bank/none", 250 << 10, 303),
        ("/return/bank/none", 300 << 10, 413),
    ],
)
def test_a_body_has_the_size_its_page_needs_and_no_more(shop: Shop[Proxy], path: str, size: int, status: int) -> None:
    with shop.jane() as jane:
        answer = jane.browser.post(shop.proxy.url + path, data=b"x" * size, allow_redirects=False, timeout=20)
    assert answer.status_code == status
    written = [file for file in shop.proxy.folder.rglob("*") if file.is_file() and b"xxxxx" in file.read_bytes()]
    assert not written, "nothing is left on the disk"


def test_a_banks_long_answer_is_taken_in_before_ours_goes_out(shop: Shop[Proxy]) -> None:
    """Else gunicorn hangs up on who still sends, and one return in three was a 502 of the proxy's."""
    web = HTTPConnection(urlsplit(shop.installation.url).netloc, timeout=20)
    web.connect()
    web.auto_open = False  # an answer on a connection that is closed would be no answer
    for _ in range(2):
        web.request("POST", "/return/bank/none", b"x" * (250 << 10), {"Host": HOST})
        answer = web.getresponse()
        assert (answer.status, answer.read() != b"") == (303, True)
    web.close()


def test_the_figures_are_not_for_the_street(shop: Shop[Proxy]) -> None:
    with shop.jane() as jane:
        for path in ("/metrics", "/%6detrics"):
            assert jane.browser.get(shop.proxy.url + path, headers=BEARER, timeout=10).status_code == 404
    assert requests.get(f"{shop.installation.url}/metrics", headers={**BEARER, "Host": HOST}, timeout=10).ok


def test_every_answer_names_its_kind_and_charset(shop: Shop[Proxy]) -> None:
    kinds = {"/lead": "html", "/nowhere": "html", "/healthz": "plain", "/static/css/funnel.css": "css"}
    with shop.jane() as jane:
        for path, kind in kinds.items():
            answer = jane.browser.get(shop.proxy.url + path, timeout=10)
            assert answer.headers["Content-Type"].replace('"', "").lower() == f"text/{kind}; charset=utf-8", path


def test_nothing_is_told_of_what_runs_behind(shop: Shop[Proxy]) -> None:
    with shop.jane() as jane:
        for path in ("/", "/lead", "/nowhere", "/static/", "/static/css/", "/.git/config", "/.env", "/app.py"):
            answer = jane.browser.get(shop.proxy.url + path, timeout=10)
            assert answer.headers.get("Server") == shop.proxy.name
            assert not {"X-Powered-By", "Via", "Access-Control-Allow-Origin"} & answer.headers.keys()
            assert (answer.status_code == 200) is (path in ("/", "/lead"))
        assert jane.browser.request("TRACE", shop.proxy.url, timeout=10).status_code == 405


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


@pytest.mark.parametrize("kind", PROXIES)
def test_a_form_is_sent_on_once_even_if_its_answer_is_lost(kind: type[Nginx | Caddy], tmp_path: Path) -> None:
    port, plain_port = free_ports(2)
    droppers = [Dropper(), Dropper()]
    try:
        with kind(tmp_path / "proxy", [each.url for each in droppers], port=port, plain_port=plain_port) as proxy:
            address = f"{proxy.url}/checkout?emailAddress=jane@example.com"
            answer = requests.post(address, data={"a": "b"}, verify=str(proxy.certificate), timeout=20)
    finally:
        for each in droppers:
            each.close()
    assert answer.status_code == 502
    assert sum(len(each.heard) for each in droppers) == 1
    logs = [file for file in proxy.folder.rglob("*") if file.is_file()]
    assert not [file for file in logs if b"jane@" in file.read_bytes()], "no log tells the address of what failed"
