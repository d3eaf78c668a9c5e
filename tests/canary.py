"""A card to look for afterwards: every dress it could wear, and every place where a funnel could have left it."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import zlib
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import requests

Trace = tuple[str, str]  # where, and what stands there

HASHES = ("md5", "sha1", "sha256", "blake2b")
KEPT_DIGITS = 12  # so many of them, first or last, are as good as the number
BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[\s.,_/+\-\u00a0]+(?=[0-9])")
SECRETS = ("cardNumber", "cardSecurityCode")


@dataclass(frozen=True)
class Canary:
    """A card as it is typed. The code begins with 0, as no count, port or process id does, so it is found alone."""

    number: str
    code: str
    expiry: str = "12 / 39"

    @property
    def digits(self) -> str:
        return self.number.replace(" ", "")

    @property
    def typed(self) -> dict[str, str]:
        return {"cardNumber": self.number, "cardExpiryDate": self.expiry, "cardSecurityCode": self.code}

    def seen_in(self, text: str) -> list[str]:
        """The names of the dresses in which the card stands in the text."""
        plain = BETWEEN_DIGITS.sub("", unquote_plus(unquote_plus(text)))
        dresses = {
            "number": self.digits in plain,
            "last digits": self.digits[-KEPT_DIGITS:] in plain,
            "first digits": self.digits[:KEPT_DIGITS] in plain,
            "base64": any(code in text for said in (self.digits, self.number) for code in _in_base64(said)),
            "hex": self.digits.encode().hex() in text.lower(),
            "hash": any(hashlib.new(name, self.digits.encode()).hexdigest() in text.lower() for name in HASHES),
            # not of a log line's clock, which writes milliseconds behind a comma
            "security code": re.search(rf"(?<!:[0-9][0-9],)(?<![\w.]){self.code}(?!\w)", text) is not None,
            "expiry date": re.search(r"12\s?/\s?(20)?39\b", text) is not None,
        }
        return [dress for dress, worn in dresses.items() if worn]


AMEX = Canary("3782 822463 10005", "0739")


def _in_base64(said: str) -> list[str]:
    """What is the same in base64 whatever stands before and after, for each of the three ways to be aligned."""
    whole = [b64encode(b"\0" * before + said.encode()).decode() for before in range(3)]
    return [code[(0, 2, 3)[before] : (before + len(said)) * 8 // 6] for before, code in enumerate(whole)]


def sightings(canary: Canary, traces: Iterator[Trace]) -> list[str]:
    return [f"{dress} in {where}" for where, text in traces for dress in canary.seen_in(text)]


class Answers:
    """Every answer that a browser gets, those that lead on included."""

    def __init__(self, browser: requests.Session) -> None:
        self._got: list[requests.Response] = []
        browser.hooks["response"].append(lambda response, **_: self._got.append(response))

    def traces(self) -> Iterator[Trace]:
        for response in self._got:
            where = f"the answer to {response.request.method} {response.request.path_url.partition('?')[0]}"
            yield where, f"{response.status_code} {response.reason}\n{response.text}"
            for name, value in response.raw.headers.items():
                yield f"{where}, {name}", value
            for header in response.raw.headers.getlist("Set-Cookie"):
                for cookie in SimpleCookie(header).values():
                    yield f"{where}, inside its cookie", inside(cookie.value)


def inside(cookie: str) -> str:
    """What Flask has put into a signed cookie."""
    payload = cookie.rsplit(".", 2)[0]
    packed = urlsafe_b64decode(payload.lstrip(".") + "=" * (-len(payload.lstrip(".")) % 4))
    return (zlib.decompress(packed) if payload.startswith(".") else packed).decode()


def kept_in(folder: Path) -> Iterator[Trace]:
    """Every file, databases and their journals included, byte by byte; and the databases row by row."""
    # All of them before any database is opened: who closes it last may tidy its journal away.
    files = {file: file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}
    for file, content in files.items():
        yield file.name, content.decode("latin-1")
    for file in (file for file in files if file.suffix == ".db"):
        with closing(sqlite3.connect(file)) as database:
            yield f"the rows of {file.name}", "\n".join(database.iterdump())


@dataclass
class Overheard:
    """A WSGI application whose every call is written down raw, before it is answered."""

    application: Any
    calls: list[tuple[str, str, str]] = field(default_factory=list)  # path, head, body

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        if not environ["PATH_INFO"].startswith("/_sandbox"):
            head = {name: value for name, value in environ.items() if isinstance(value, str)}
            self.calls.append((environ["PATH_INFO"], str(head), body.decode()))
        return self.application(environ, start_response)

    def charges_with(self, canary: Canary) -> int:
        """How many calls of Import Order brought the card where it belongs."""
        bodies = [dict(parse_qsl(body)) for path, _, body in self.calls if path == "/order/import/"]
        return [(body["cardNumber"], body["cardSecurityCode"]) for body in bodies].count((canary.digits, canary.code))

    def traces(self) -> Iterator[Trace]:
        """All that was said, but for the card in the body of Import Order."""
        for path, head, body in self.calls:
            yield f"the head of {path}", head
            parameters = parse_qsl(body, keep_blank_values=True)
            allowed = SECRETS if path == "/order/import/" else ()
            yield f"the body of {path}", str([pair for pair in parameters if pair[0] not in allowed])
