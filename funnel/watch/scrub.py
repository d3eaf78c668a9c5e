"""The last step before a line leaves the program: what looks like a card, or is named like one, is taken out."""

import logging
import re

from funnel.cards import ascii_digits, looks_like_card

MASK = "•••"
BETWEEN = r"(?:%[0-9A-Fa-f]{2}|[\s.,_+/\-\u00a0\u2010-\u2015\u2212])"
RUN = re.compile(rf"[0-9]+(?:{BETWEEN}{{1,3}}[0-9]+)*")
SEPARATOR = re.compile(BETWEEN)
NAMED = re.compile(
    r"(?i)\b(card_?(?:number|security_?code|expiry_?date|month|year)|cvv2?|cvc2?|(?:password|loginid|secret_key))"
    r"(\\?[\"']?\s*[=:]\s*\\?[\"']?)[^\s\"'\\&,;)}\]]+"
)


class Scrubbed(logging.Formatter):
    """Another formatter's line, traceback and all, scrubbed.

    A line that cannot be drawn is told by its logger and place alone, for logging itself would print its values.
    """

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        try:
            return scrub(self._inner.format(record))
        except Exception as error:
            broken = f"a log line could not be drawn: {type(error).__name__} at {record.pathname}:{record.lineno}"
            return self._inner.format(logging.makeLogRecord(_told_of(record, broken)))


def _told_of(record: logging.LogRecord, text: str) -> dict[str, object]:
    return {"name": record.name, "levelno": logging.ERROR, "levelname": "ERROR", "msg": text}


def scrub(text: str) -> str:
    """The text without card numbers, in digits of any script, and without the values of fields named like a secret.

    A number counts as a card's by its length and check digit alone, so one in ten long numbers goes too.
    """
    plain = ascii_digits(text)
    for found in reversed([*RUN.finditer(plain)]):
        if looks_like_card(SEPARATOR.sub(" ", found[0])):
            text = text[: found.start()] + MASK + text[found.end() :]
    return NAMED.sub(rf"\g<1>\g<2>{MASK}", text)
