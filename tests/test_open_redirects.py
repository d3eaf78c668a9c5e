"""Where the CRM sends a shopper: https alone, by itself to known hosts alone, to others by a button."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from conftest import Crm, Funnel, OpenFunnel
from flask import Flask
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shopper import Shopper
from travellers import URL_CARD

from funnel.crm.errors import Garbled
from funnel.crm.values import web_address
from funnel.redirects import is_known

GOOD = "https://acs.bank.example"
PIECES = st.sampled_from(
    [
        *(
            "https:",
            "http:",
            "javascript:",
            "data:",
            "//",
            "/",
            "\\",
            "@",
            "?",
            "#",
            ":443",
            ":8443",
            ".",
            "-",
            "user:pass",
        ),
        *("evil.example", "paypal.com", "www.paypal.com", "bank.example", "[::1]", "127.0.0.1", "localhost", "a"),
        *(
            "%00",
            "%0d%0a",
            "\t",
            "\n",
            "\r",
            "\x00",
            " ",
            "\x7f",
            "\x85",
            "\ufeff",
            "\u202e",
            "\u3002",
            "\uff50",
            "'",
            '"',
            "<",
        ),
    ]
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=60).map("https://".__add__))
@example("https://www.paypal.com@evil.example/")
@example("https://evil.example\\@www.paypal.com/")
@example("https://evil.example/\t")
@example("https://evil.example/\u202e")
@example("https:evil.example")
@example("//evil.example")
@example("https://paypal.com.evil.example/")
@example("https://notpaypal.com/")
@example("https://www.paypal.com:8443/")
@example("http://www.paypal.com/")
def test_whatever_the_crm_says_no_browser_is_led_astray(address: str) -> None:
    """Read as browsers do: a backslash is a slash to them, and they drop tabs and line ends."""
    try:
        taken = web_address(address)
    except Garbled:
        return
    if taken is None:
        return
    seen = urlsplit(taken.replace("\\", "/").replace("\t", "").replace("\n", "").replace("\r", "").strip())
    assert seen.username is None
    assert seen.hostname
    assert seen.scheme == "https" or seen.hostname in ("127.0.0.1", "localhost")
    assert taken.isprintable()
    if is_known(taken, ["bank.example"]):
        assert seen.scheme == "https"
        assert f".{seen.hostname}".endswith((".paypal.com", ".bank.example"))
        assert seen.port in (None, 443)


def test_no_address_is_endless() -> None:
    assert web_address(f"{GOOD}/{'x' * 2000}")
    with pytest.raises(Garbled):
        web_address(f"{GOOD}/{'x' * 2048}")


@pytest.fixture
def sandbox(sandbox: Flask) -> Flask:
    """Whose bank is elsewhere: what it plays at its own address is told to be at the bank's."""

    @sandbox.after_request
    def elsewhere(response):  # type: ignore[no-untyped-def]
        if b"MERC_REDIRECT" in (body := response.get_data()):
            own = next(part for part in body.decode().split('"') if part.startswith("http"))
            response.set_data(body.replace(own.encode(), f"{GOOD}/challenge?id=1".encode()))
        return response

    return sandbox


@pytest.mark.parametrize(("hosts", "at_once"), [("", False), ("bank.example", True), ("other.example", False)])
def test_to_an_unknown_bank_a_button_leads_that_names_it(
    crm: Crm, open_funnel: OpenFunnel, hosts: str, at_once: bool
) -> None:
    funnel: Funnel = open_funnel(REDIRECT_HOSTS=hosts)
    with Shopper(funnel.url) as shopper:
        shopper.leave_lead()
        page = shopper.pay(cardNumber=URL_CARD)
    assert page.path == "away"
    assert page.attributes("a", **{"class": "button"})["href"] == f"{GOOD}/challenge?id=1"
    assert ("Refresh" in page.headers) is at_once
    assert ("Continue to acs.bank.example" in page.text) is not at_once
