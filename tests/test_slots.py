"""Slots: a marketer's own pixels, found by their names, with a nonce each, and never near a card unless approved."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from conftest import Funnel, OpenFunnel, served
from shopper import PATIENCE, Page, Shopper

from app import create_app
from config import load_settings
from funnel import inventory
from funnel.mistakes import ConfigError
from funnel.rooms import Rooms
from funnel.slots.slot_markup import with_nonce

PLAIN = (Path(__file__).parent / "funnel.toml").read_text()
PIXEL = """<script>
// <script> in a comment, and "<script>" in a text
window.ran = (window.ran || 0) + 1;
</script>"""
PURCHASE = (
    '{% if order %}<script>window.bought = JSON.parse(document.getElementById("order").textContent)</script>{% endif %}'
)
HOSTS = 'hosts = ["https://www.facebook.com", "https://*.google-analytics.com"]'
OpenShop = Callable[..., Funnel]


def written(folder: Path, files: dict[str, str], table: str = "") -> Path:
    for name, text in files.items():
        (path := folder / "theme" / name).parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "funnel.toml").write_text(f'{PLAIN}\n[theme]\nfolder = "theme"\n[slots]\n{table}\n')
    return folder / "funnel.toml"


@pytest.fixture
def shop(open_funnel: OpenFunnel, tmp_path: Path) -> OpenShop:
    def open_shop(table: str = "", **files: str) -> Funnel:
        named = {f"templates/slots/{name.replace('_', '-')}.html": text for name, text in files.items()}
        return open_funnel(FUNNEL_FILE=str(written(tmp_path, named, table)))

    return open_shop


def nonces(page: Page) -> set[str | None]:
    return {given.get("nonce") for tag, given in page.elements if tag in ("script", "style")}


def test_a_file_stands_on_every_page_but_the_cards_and_one_of_a_page_on_that_alone(shop: OpenShop) -> None:
    funnel = shop(head="<script>common()</script>", presell_body="<script>mine()</script>")
    with Shopper(funnel.url) as shopper:
        page = shopper.get("/")
        assert "common()" in page.html.split("</head>")[0]
        assert "mine()" in page.html.split("</main>")[1]
        lead = shopper.get("/lead")
        assert "common()" in lead.html
        assert "mine()" not in lead.html
        assert "common()" not in shopper.leave_lead().html, "a card is typed here"
        assert "strict-dynamic" not in shopper.page.headers["Content-Security-Policy"]
        assert "common()" in shopper.pay().html
        assert "common()" not in shopper.get("/nothing").html


def test_each_script_and_style_gets_the_nonce_and_the_policy_lets_their_hosts_in(shop: OpenShop) -> None:
    with Shopper(shop(HOSTS, head=PIXEL + "<style>i { color: red }</style>").url) as shopper:
        page = shopper.get("/")
    policy = page.headers["Content-Security-Policy"]
    (nonce,) = set(re.findall(r"'nonce-([\w-]+)'", policy))
    assert nonces(page) == {nonce}
    for directive in ("img-src", "connect-src", "frame-src"):
        assert re.search(f"{directive} [^;]*https://www.facebook.com https://\\*.google-analytics.com", policy)
    assert "unsafe" not in policy
    assert "require-corp" not in page.headers.get("Cross-Origin-Embedder-Policy", "")


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<script>a()</script>", '<script nonce="N">a()</script>'),
        ("<SCRIPT\n async src='x'></SCRIPT>", "<SCRIPT nonce=\"N\"\n async src='x'></SCRIPT>"),
        ('<script nonce="mine">a()</script>', '<script nonce="mine">a()</script>'),
        ("<script>b('<script>')</script>", "<script nonce=\"N\">b('<script>')</script>"),
        (
            "<!-- <script>a()</script> --><style>i{}</style>",
            '<!-- <script>a()</script> --><style nonce="N">i{}</style>',
        ),
        ("é\r\n<p>&amp;</p>\n<script>1</script>", 'é\r\n<p>&amp;</p>\n<script nonce="N">1</script>'),
        ("<noscript><img src=x></noscript>", "<noscript><img src=x></noscript>"),
    ],
)
def test_a_nonce_is_put_where_a_parser_sees_a_tag(markup: str, expected: str) -> None:
    assert with_nonce(markup, "N") == expected


def test_the_order_is_told_to_pixels_once_and_to_nobody_else(shop: OpenShop) -> None:
    with Shopper(shop(thankyou_body=PURCHASE).url) as shopper:
        shopper.buy()
        shopper.submit(choice="no")
        page = shopper.submit(choice="no")
        told = re.search(r'<script type="application/json" id="order"[^>]*>(.+?)</script>', page.html)
        assert told
        number = re.search(r'class="number">(\w+)<', page.html)
        assert number
        assert json.loads(told[1]) == {"id": number[1], "value": 54.9, "currency": "USD", "held": False}
        assert "window.bought" in page.html
        again = shopper.get("/thank-you")
        assert 'id="order"' not in again.html
        assert "window.bought" not in again.html
    with Shopper(shopper.url) as stranger:
        assert 'id="order"' not in stranger.get("/thank-you").html


def test_of_two_tabs_at_the_same_moment_one_tells_the_order(shop: OpenShop) -> None:
    funnel = shop(thankyou_body=PURCHASE)
    with Shopper(funnel.url) as shopper:
        shopper.buy()
        shopper.submit(choice="no")
        answer = {**shopper.page.form.values, "choice": "no"}
        shopper.browser.post(shopper.page.url, answer, allow_redirects=False, timeout=PATIENCE)
    app, both = create_app(funnel.settings), Barrier(2, timeout=PATIENCE)

    @app.before_request
    def meet() -> None:
        """Each has read the visit by then, and nobody has written."""
        both.wait()

    def look(url: str) -> str:
        with Shopper(url) as tab:
            tab.browser.cookies.update(shopper.browser.cookies)
            return tab.get("/thank-you").html

    with served(app) as url, ThreadPoolExecutor(2) as tabs:
        pages = list(tabs.map(look, [url, url]))
    app.extensions["funnel"].store.close()
    assert all('class="number"' in page for page in pages)
    assert sorted("window.bought" in page for page in pages) == [False, True]


def test_a_broken_slot_costs_nobody_the_page(shop: OpenShop) -> None:
    """As in production, where files do not change; while they do, the mistake is shown."""
    funnel = shop(head="{{ nobody.knows }}", presell_head="<script>fine()</script>")
    with Shopper(funnel.url) as shopper:
        assert shopper.get("/").status == 500
    app = create_app(funnel.settings.model_copy(update={"funnel_env": "production"}))
    page = app.test_client().get("/")
    assert page.status_code == 200
    assert "fine()" in page.text
    rooms: Rooms = app.extensions["funnel"]
    rooms.store.close()


@pytest.mark.parametrize(
    ("file", "text", "table", "told"),
    [
        ("thank-you-head.html", "", "", "slots/thank-you-head.html: there is no such slot (did you mean"),
        ("head.html", "\n<script>a()", "", "slots/head.html:2: <script> has no end; needed: </script>"),
        ("head.html", '<img src="x" onload="a()">', "", "slots/head.html:1: onload on <img> is kept out by the pages'"),
        (
            "body.html",
            '<noscript><img src="https://www.facebook.com/tr?id=1"></noscript>',
            "",
            "slots/body.html:1: <img> loads from https://www.facebook.com; list",
        ),
        ("head.html", "", 'hosts = ["facebook.com"]', "funnel.toml: slots.hosts.0: found 'facebook.com'; allowed:"),
        ("head.html", "", "checkuot = true", 'funnel.toml: slots.checkuot: there is no such key (did you mean'),
        (
            "checkout-head.html",
            "<script>a()</script>",
            "checkout = true",
            "payment_scripts.toml: slots/checkout-head.html is shown on checkout and is not listed; needed: [[script]]",
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_a_slot_is_told_in_plain_words(
    tmp_path: Path, file: str, text: str, table: str, told: str
) -> None:
    with pytest.raises(ConfigError) as error:
        load_settings({}, root=written(tmp_path, {f"templates/slots/{file}": text}, table).parent)
    assert any(mistake.startswith(told) for mistake in error.value.mistakes), error.value.mistakes


def test_what_is_listed_needs_no_mistake(tmp_path: Path) -> None:
    text = '<img src="https://region1.google-analytics.com/x" alt="">'
    assert load_settings({}, root=written(tmp_path, {"templates/slots/lead-body.html": text}, HOSTS).parent)


def test_a_slot_on_checkout_is_approved_by_its_digest_and_only_so(open_funnel: OpenFunnel, tmp_path: Path) -> None:
    slot = {"templates/slots/checkout-head.html": "<script>approved()</script>"}
    file = written(tmp_path, slot, "checkout = true")
    digest = inventory.sha384((tmp_path / "theme" / "templates/slots/checkout-head.html").read_bytes())
    entry = f'[[script]]\nname = "slots/checkout-head.html"\nsha384 = "{digest}"\nwhy = "Counts the sales."\n'
    (tmp_path / "theme" / "payment_scripts.toml").write_text(entry)
    with Shopper(open_funnel(FUNNEL_FILE=str(file)).url) as shopper:
        assert "approved()" in shopper.get("/checkout").html
    written(tmp_path, {"templates/slots/checkout-head.html": "<script>other()</script>"}, "checkout = true")
    with pytest.raises(ConfigError) as error:
        load_settings({}, root=tmp_path)
    assert "is not the file that was approved" in str(error.value)
