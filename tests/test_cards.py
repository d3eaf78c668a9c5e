"""Cards told apart without asking anyone, and secrets that stay in."""

import copy
import json
import logging
import pickle
import pprint
from dataclasses import asdict, astuple, fields
from datetime import date
from functools import partial

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Template

from funnel.cards import (
    BRANDS,
    Card,
    Secret,
    ascii_digits,
    brand_of,
    expired,
    looks_like_card,
    luhn_ok,
    read_expiry,
)

NUMBER = "4111111111111111"


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("4111111111111111", "Visa"),
        ("4222222222222", "Visa"),
        ("5555555555554444", "Mastercard"),
        ("2221000000000009", "Mastercard"),
        ("2720990000000007", "Mastercard"),
        ("378282246310005", "American Express"),
        ("341111111111111", "American Express"),
        ("6011111111111117", "Discover"),
        ("6221260000000000", "Discover"),
        ("6500000000000002", "Discover"),
        ("30569309025904", "Diners Club"),
        ("38520000023237", "Diners Club"),
        ("36227206271667", "Diners Club"),
        ("3530111333300000", "JCB"),
    ],
)
def test_a_number_begins_like_its_brand(number, brand) -> None:
    found = brand_of(number)
    assert (found.name, len(number) in found.lengths, luhn_ok(number)) == (brand, True, True)


@pytest.mark.parametrize("digits", ["", "9", "2220990000000000", "2721000000000000", "3527000000000000", "643"])
def test_other_beginnings_are_of_no_brand(digits) -> None:
    assert brand_of(digits) is None


def test_the_test_number_is_a_brand_only_where_it_is_allowed() -> None:
    assert brand_of("0" * 16) is None
    assert brand_of("0" * 16, test_card=True).name == "TESTCARD"


def test_only_american_express_prints_four_digits() -> None:
    assert {brand.name: brand.code_length for brand in BRANDS if brand.code_length != 3} == {"American Express": 4}


@given(st.text("0123456789", min_size=12, max_size=18))
def test_exactly_one_last_digit_passes_luhn(digits) -> None:
    assert sum(luhn_ok(digits + last) for last in "0123456789") == 1


def test_no_digits_pass_no_check() -> None:
    assert not luhn_ok("")


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("4/27", (4, 2027)),
        ("04/27", (4, 2027)),
        ("0427", (4, 2027)),
        ("04/2027", (4, 2027)),
        ("042027", (4, 2027)),
        ("04-27", (4, 2027)),
        ("04 / 27", (4, 2027)),
        (" 12/30 ", (12, 2030)),
        ("2027-04", (4, 2027)),
        ("０４／２７".replace("／", "/"), (4, 2027)),
        ("٠٤/٢٧", (4, 2027)),
        *((wrong, None) for wrong in ("", "427", "13/27", "00/27", "04/1999", "04/27/28", "April 27", "04\n/27x")),
    ],
)
def test_expiry_dates_are_read_as_people_write_them(typed, read) -> None:
    assert read_expiry(typed) == read


@pytest.mark.parametrize(
    ("today", "past"), [(date(2027, 4, 30), False), (date(2027, 5, 1), True), (date(2026, 12, 31), False)]
)
def test_a_card_is_good_until_the_end_of_its_month(today, past) -> None:
    assert expired(4, 2027, today) is past


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111\u00a01111\u20131111.1111",
        "my card is 4111 1111 1111 1111 123, thanks",
        "12 4111111111111111",
        "４１１１１１１１１１１１１１１１",
        "٤١١١١١١١١١١١١١١١",
        "3782 822463 10005",
        "0000 0000 0000 0000",
    ],
)
def test_a_card_number_is_seen_in_any_dress(text) -> None:
    assert looks_like_card(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4111111111111112",
        "12 Long Lane",
        "90210-1234",
        "411111111111",
        NUMBER + "0000",
        "4111x1111x1111x1111",
    ],
)
def test_other_text_is_no_card(text) -> None:
    assert not looks_like_card(text)


def test_digits_of_any_script_become_ours_and_letters_stay() -> None:
    assert ascii_digits("Ｒ１２ ٣ 四 ½") == "Ｒ12 3 四 ½"


SHOWN_BY = {
    "str": str,
    "repr": repr,
    "ascii": ascii,
    "pprint": pprint.pformat,
    "format": "{0} {0!r}".format,
    "percent": "%s".__mod__,
    "percent r": "%r".__mod__,
    "f-string": lambda secret: f"{secret} {secret!s} {secret!r} {secret!a}",
    "in a list": lambda secret: str([secret]),
    "JSON of its text": lambda secret: json.dumps(secret, default=str),
    "JSON of its repr": lambda secret: json.dumps(secret, default=repr),
    "Jinja": lambda secret: Template("{{ told }} {{ told|string }} {{ told|pprint }}").render(told=secret),
    "structlog's JSON": lambda secret: structlog.processors.JSONRenderer()(None, "", {"event": "x", "told": secret}),
    "structlog's console": lambda secret: structlog.dev.ConsoleRenderer()(None, "", {"event": "x", "told": secret}),
}
TAKEN_BY = {
    **{f"pickle {protocol}": partial(pickle.dumps, protocol=protocol) for protocol in range(6)},
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "its state": lambda secret: secret.__getstate__(),
    "JSON": json.dumps,
    "vars": vars,
    "JSON of vars": lambda secret: json.dumps(secret, default=vars),
    "hex": hex,
    "int": int,
    "bytes": bytes,
    "list": list,
    "len": len,
    "add": lambda secret: secret + "",
    "join": lambda secret: "".join([secret]),
    "percent d": "%d".__mod__,
    "in text": lambda secret: NUMBER in secret,
    "sorted": lambda secret: sorted([secret, secret]),
}


def hides(shown: str) -> bool:
    """Even the beginning and the end of the number; the mask is there, though it may be escaped."""
    return all(part not in shown for part in (NUMBER[:6], NUMBER[-4:])) and ("•••" in shown or r"\u2022" in shown)


@pytest.mark.parametrize("show", SHOWN_BY.values(), ids=SHOWN_BY)
def test_a_secret_does_not_show(show) -> None:
    assert hides(show(Secret(NUMBER)))


@pytest.mark.parametrize("wanted", [">30", ".4", "s", "q"])
def test_a_secret_is_the_same_in_every_format(wanted) -> None:
    assert format(Secret(NUMBER), wanted) == "•••"


@pytest.mark.parametrize("take", TAKEN_BY.values(), ids=TAKEN_BY)
def test_a_secret_cannot_be_carried_away(take) -> None:
    with pytest.raises(TypeError):
        take(Secret(NUMBER))


def test_a_secret_is_told_only_when_asked() -> None:
    assert Secret(NUMBER).reveal() == NUMBER


def test_equal_secrets_are_not_equal() -> None:
    assert Secret(NUMBER) != Secret(NUMBER)
    assert Secret(NUMBER) != NUMBER
    assert hash(Secret(NUMBER)) != hash(NUMBER)


@pytest.mark.parametrize("show", SHOWN_BY.values(), ids=SHOWN_BY)
def test_a_card_shows_nothing_of_itself(show) -> None:
    shown = show(Card(Secret(NUMBER), 4, 2027, Secret("737")))
    assert hides(shown)
    assert all(word not in shown for word in ("2027", "737"))


def in_a_log_record_kept_for_later(card) -> logging.LogRecord:
    return copy.deepcopy(logging.makeLogRecord({"msg": "card %s", "args": (card,)}))


def as_json_with_its_fields(card) -> str:
    return json.dumps({each.name: getattr(card, each.name) for each in fields(card)})


@pytest.mark.parametrize(
    "take",
    [
        *(partial(pickle.dumps, protocol=protocol) for protocol in range(6)),
        *(copy.copy, copy.deepcopy, asdict, astuple, json.dumps, lambda card: json.dumps(vars(card))),
        *(as_json_with_its_fields, in_a_log_record_kept_for_later),
    ],
)
def test_a_card_cannot_be_carried_away(take) -> None:
    with pytest.raises(TypeError):
        take(Card(Secret(NUMBER), 4, 2027, Secret("737")))
