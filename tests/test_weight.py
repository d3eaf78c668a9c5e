"""What a page weighs: HTML and style sheets fit into a connection's first round trip, nothing comes from elsewhere."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from conftest import Funnel, OpenFunnel
from shopper import DECLINED_CARD, Page, Shopper

from config import ROOT

FIRST_ROUND = 14 * 1024  # bytes that a new connection brings before it waits
FETCHED = {"link": "href", "script": "src", "img": "src", "source": "srcset", "iframe": "src"}


@pytest.fixture
def funnel(open_funnel: OpenFunnel) -> Funnel:
    """The shop as it is shipped, with its own words and pictures."""
    return open_funnel(FUNNEL_FILE=str(ROOT / "funnel.toml"))


def walk(shopper: Shopper) -> Iterator[Page]:
    yield shopper.get("/")
    yield shopper.get("/lead")
    yield shopper.leave_lead()
    yield shopper.pay(**DECLINED_CARD)
    yield shopper.pay()
    yield shopper.submit(choice="no")
    yield shopper.submit(choice="no")
    yield shopper.get("/nothing-here")


def compressed(text: bytes) -> int:
    return len(gzip.compress(text, 9))


def test_every_page_of_the_walk_is_light_and_all_of_it_is_ours(shopper: Shopper) -> None:
    sheets: dict[str, int] = {}
    for page in walk(shopper):
        addresses = [given[FETCHED[tag]] for tag, given in page.elements if FETCHED.get(tag, "-") in given]
        assert addresses
        assert not [address for address in addresses if urlsplit(address).netloc], "no request to somebody else"
        styles = [each["href"] for tag, each in page.elements if tag == "link" and each.get("rel") == "stylesheet"]
        for address in styles:
            sheets[address] = sheets.get(address) or compressed(shopper.browser.get(shopper.url + address).content)
        weight = compressed(page.html.encode()) + sum(sheets[address] for address in styles)
        assert weight <= FIRST_ROUND, f"{page.path} weighs {weight} bytes"
    assert page.status == 404, "the walk came to its end"


def test_the_main_picture_comes_early_the_others_when_they_are_near(shopper: Shopper) -> None:
    page = shopper.get("/")
    pictures = [given for tag, given in page.elements if tag == "img"]
    assert [given.get("fetchpriority") for given in pictures] == ["high"] + [None] * (len(pictures) - 1)
    assert [given.get("loading") for given in pictures] == [None] + ["lazy"] * (len(pictures) - 1)
    assert len(pictures) > 1
    for given in pictures:
        assert int(given["width"]) > int(given["height"]) > 0, "the page does not jump when a picture arrives"
        assert given["alt"]
    assert re.search(r"lamp-480\.avif\?v=\w+ 480w", page.html), "a phone has a lighter copy"


def test_what_may_be_kept_is_kept_and_what_is_personal_is_not(shopper: Shopper) -> None:
    kept = [page.headers["Cache-Control"] for page in walk(shopper)]
    assert kept == ["private, no-cache"] + ["no-store"] * (len(kept) - 1)
