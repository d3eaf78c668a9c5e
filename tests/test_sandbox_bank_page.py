"""The sandbox's 3DS script runs in a real browser, and brings the shopper back to the shop either way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from browser import OpenPage
from conftest import served
from flask import Flask, request
from sandbox_caller import Caller, sandbox

SCRIPT_CARD, URL_CARD, UPSALE_BANK_CARD = "4000000000003063", "4000000000003220", "4000000000003246"


@contextmanager
def shop(answers: list[dict[str, Any]]) -> Iterator[tuple[str, list[tuple[str, dict[str, str]]]]]:
    """A shop that does what the CRM last told it, and what came back to it."""
    came_back: list[tuple[str, dict[str, str]]] = []
    app = Flask(__name__)

    @app.get("/pay")
    def pay() -> str:
        told = answers[-1]
        where = f"location={told['url']!r}" if "url" in told else told["script"]
        return f"<!doctype html><title>Shop</title><body><p>Your bank</p><script>{where}</script>"

    @app.route("/back", methods=["GET", "POST"])
    def back() -> str:
        came_back.append((request.method, {**request.args.to_dict(), **request.form.to_dict()}))
        return "<!doctype html><title>Back</title><h1>Welcome back</h1>"

    with served(app) as url:
        yield url, came_back


@pytest.fixture
def crm() -> Iterator[Caller]:
    with sandbox() as caller:
        yield caller


@pytest.mark.parametrize("card", [SCRIPT_CARD, URL_CARD, UPSALE_BANK_CARD])
@pytest.mark.parametrize("button", ["Confirm", "Fail the check"])
def test_the_shopper_comes_back_from_the_bank(crm: Caller, open_page: OpenPage, card: str, button: str) -> None:
    answers: list[dict[str, Any]] = []
    upsale, page = card == UPSALE_BANK_CARD, open_page()
    with shop(answers) as (url, came_back):
        orderId = crm.bought(card) if upsale else crm.lead()
        addresses = {"redirectsTo": f"{url}/back?leg=paid", "errorRedirectsTo": f"{url}/back?leg=failed"}
        reply = crm.upsale(orderId, **addresses) if upsale else crm.order(orderId, card, **addresses)
        answers.append(reply["message"])
        page.goto(f"{url.replace('127.0.0.1', 'localhost')}/pay")  # another site than the bank's, as in life
        place = page.frame_locator("iframe") if card == SCRIPT_CARD else page
        place.get_by_role("button", name=button).click()
        page.get_by_role("heading", name="Welcome back").wait_for()
    ((method, sent),) = came_back
    if button == "Confirm":
        assert (method, sent["leg"], sent["finalizeTransaction"]) == ("POST", "paid", "1")
        assert f'"orderId": "{orderId}"' in sent["orderData"]
    else:
        assert (method, sent) == ("GET", {"leg": "failed", "errorMsg": "3DS authentication failed"})
    charged = {"upsale:201" if upsale else "order": 1} if button == "Confirm" else {}
    assert crm.charges(orderId) == {**({"order": 1} if upsale else {}), **charged}
