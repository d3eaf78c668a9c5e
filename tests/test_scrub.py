"""What a careless line would tell of a card never leaves the program."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from io import StringIO
from urllib.parse import quote, quote_plus

import pytest
from canary import AMEX

from funnel.watch.scrub import Scrubbed, scrub

TOLD = {
    "as typed": f"card {AMEX.number} thanks",
    "digits": f"n={AMEX.digits};",
    "dashes": "3782-822463-10005",
    "in a form body": f"cardNumber={quote_plus(AMEX.number)}&cardSecurityCode={AMEX.code}&shipCity=Springfield",
    "in an address": f"GET /?q={quote(AMEX.number)} HTTP/1.1",
    "a dictionary": str({"cardNumber": AMEX.digits, "cardSecurityCode": AMEX.code}),
    "JSON": json.dumps({"cardSecurityCode": AMEX.code}),
    "JSON in JSON": json.dumps({"event": json.dumps({"cardSecurityCode": AMEX.code})}),
    "beside a code": f"{AMEX.digits} 12/39",
    "amid letters": f"x{AMEX.digits}y",
    "by its other name": f"cvv: {AMEX.code}",
}
HARMLESS = (
    "2026-11-24 15:04:55,073 INFO funnel.crm call=/order/query/ ms=1204 outcome=ok visit=4cQw9s",
    "order 1A2B3C4D for $49.95, 62701 Springfield, +1 555-123-4567",
    '{"event": "request", "status": 303, "ms": 12.5}',
    "",
)
LAST_WORDS = """
from funnel.watch import logs
logs.install("INFO", as_json=True)
raise ValueError("odd card 3782 822463 10005, cardSecurityCode=0739")
"""


@pytest.mark.parametrize("told", TOLD.values(), ids=TOLD)
def test_a_card_is_taken_out_of_a_line(told: str) -> None:
    assert AMEX.seen_in(told), "the line does tell of it"
    assert AMEX.seen_in(scrub(told).replace("12/39", "")) == []


@pytest.mark.parametrize("digits", ["３７８２８２２４６３１０００５", "٣٧٨٢٨٢٢٤٦٣١٠٠٠٥"])
def test_digits_of_any_script_are_digits(digits: str) -> None:
    assert scrub(f"card {digits}.") == "card •••."


@pytest.mark.parametrize("line", HARMLESS)
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert scrub(line) == line


def test_json_stays_json() -> None:
    line = json.dumps({"event": f"card {AMEX.number}", "cardSecurityCode": AMEX.code, "status": 422})
    assert json.loads(scrub(line)) == {"event": "card •••", "cardSecurityCode": "•••", "status": 422}


def test_a_password_is_taken_out_too() -> None:
    assert scrub("loginId=tester&password=a-password&campaignId=1") == "loginId=•••&password=•••&campaignId=1"


def test_a_traceback_is_scrubbed_with_its_line() -> None:
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Scrubbed(logging.Formatter("%(levelname)s %(message)s")))
    log = logging.Logger("careless")
    log.addHandler(handler)
    try:
        raise ValueError(f"odd card {AMEX.number}, cardSecurityCode={AMEX.code}")
    except ValueError:
        log.exception("no card %s", AMEX.digits)
    assert "Traceback (most recent call last)" in written.getvalue()
    assert AMEX.seen_in(written.getvalue()) == []


def test_a_line_that_cannot_be_drawn_is_told_by_its_place_alone(capfd: pytest.CaptureFixture[str]) -> None:
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Scrubbed(logging.Formatter("%(name)s %(levelname)s %(message)s")))
    log = logging.Logger("careless")
    log.addHandler(handler)
    log.info("%d cards", AMEX.number)
    told = written.getvalue()
    assert told.startswith("careless ERROR a log line could not be drawn: TypeError at ")
    assert "test_scrub.py:" in told
    assert AMEX.seen_in(told + "".join(capfd.readouterr())) == []


def test_the_last_words_of_a_process_are_a_line_like_any_other() -> None:
    ended = subprocess.run([sys.executable, "-c", LAST_WORDS], capture_output=True, text=True, timeout=60, check=False)
    (line,) = ended.stderr.splitlines()
    told = json.loads(line)
    assert (ended.returncode, told["event"], told["level"]) == (1, "the process has failed", "critical")
    assert "ValueError: odd card •••" in told["exception"]
    assert AMEX.seen_in(ended.stderr) == []
