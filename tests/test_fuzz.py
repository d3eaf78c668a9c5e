"""Ten thousand requests that no browser sends: none ends in a server error, none charges, no forged cookie is taken."""

from __future__ import annotations

import random
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from conftest import LOGIN, Crm
from fuzz import Fuzzer
from itsdangerous import BadSignature
from shopper import JANE

from app import create_app
from config import load_settings
from funnel.rooms import Rooms

REQUESTS = 10_000
FORGERIES = 10_000


@pytest.fixture
def app(tmp_path: Path, crm: Crm, campaign_file: Path):
    """With short deadlines, for nobody waits for a lead here."""
    settings = load_settings(
        {
            **LOGIN,
            "KONNEKTIVE_API_URL": crm.url,
            "FUNNEL_FILE": str(campaign_file),
            "LOG_LEVEL": "ERROR",
            "FUNNEL_SHOP_DECLINES": "9999",
        },
        root=tmp_path,
    )
    app = create_app(settings)
    rooms: Rooms = app.extensions["funnel"]
    yield app
    rooms.charging.drain()
    rooms.store.close()


@pytest.mark.timeout(600)
def test_ten_thousand_odd_requests_end_in_no_server_error(app, crm: Crm) -> None:
    fuzzer = Fuzzer(app, seed=20261124)
    fuzzer.run(REQUESTS)
    assert fuzzer.failures == []
    assert sum(fuzzer.statuses.values()) > REQUESTS * 0.9
    assert {200, 303, 400, 404, 405, 413} <= set(fuzzer.statuses), "they come to every kind of answer"


def test_no_cookie_with_a_flipped_bit_is_taken(app) -> None:
    client = app.test_client()
    client.get("/")
    page = client.get("/lead").get_data(as_text=True)
    token = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    client.post("/lead", data={**JANE, "csrf_token": token})
    cookie = client.get_cookie("funnel")
    assert cookie
    serializer = app.session_interface.get_signing_serializer(app)
    said = serializer.loads(cookie.value)
    dice = random.Random(20261124)  # noqa: S311
    heard = [_read(serializer, _flipped(cookie.value, dice)) for _ in range(FORGERIES)]
    # Base64 has several last letters for the same bytes, so a few are the same signature of the same words.
    assert [each for each in heard if each not in (None, said)] == []
    assert heard.count(None) > FORGERIES * 0.99


def _flipped(value: str, dice: random.Random) -> str:
    """Another cookie by one bit, or by a few letters of the alphabet that cookies have."""
    raw = bytearray(value.encode())
    for _ in range(dice.choice([1, 1, 1, 2, 5])):
        raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(7)
    return raw.decode("latin-1")


def _read(serializer, forged: str) -> object:
    """What the cookie says, or None where its signature is none."""
    try:
        return serializer.loads(forged)
    except BadSignature:
        return None


def test_an_unsigned_cookie_of_ones_own_making_is_not_taken(app) -> None:
    serializer = app.session_interface.get_signing_serializer(app)
    made = urlsafe_b64encode(b'{"v":"mine","o":"ORDER1"}').decode().rstrip("=")
    assert not any(_read(serializer, f"{made}.{end}") for end in ("", "a.b", "aSBoYXZl.AAAA", "." * 3))
