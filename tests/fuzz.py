"""Requests as nobody's browser sends them: any route, method, header, cookie, body and size, from a seed."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO

from flask import Flask
from shopper import ADDRESS, CARD, JANE
from werkzeug.test import create_environ, run_wsgi_app

ODD = [
    *("", " ", "\x00", "\r\nX-Evil: 1", "{{7*7}}", "${7*7}", "<script>alert(1)</script>", "'\"><b>", "../../passwd"),
    *("%", "%00", "%FF", "\ufffe", "\u202e", "ａ１", "٣٤", "🦆" * 9, "a" * 300, "a" * 9000, "-1", "1e999", "NaN"),
    *("9" * 40, "4242424242424242", "0" * 16, "12/39", "US", "XX", "yes", "y", "on", "lamp-1", "//evil.example"),
    *("O’Brien", "李小龍", "\u0301" * 20, "\ud7ff", "a@b.co", "@", "jane@example.com", "=", "&", ";", "1" * 4300),
]
BLANK = re.compile(r"[\x00-\x20\x7f]")
FORM_FIELDS = [
    *(*JANE, *ADDRESS, *CARD, "address1", "city", "state", "postalCode", "country", "billShipSame"),
    *("offer", "bump", "shipping", "couponCode", "do", "again", "choice", "attempt", "csrf_token", "token", "PayerID"),
]
FIELDS = [
    *FORM_FIELDS,
    *("ba_token", "look", "coupon", "affId", "utm_source", "cf-turnstile-response", "", "__proto__", "a[b]", "\x00"),
]
METHODS = ["GET"] * 8 + ["POST"] * 10 + ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "FOO"]
TYPES = [
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/json",
    "application/x-www-form-urlencoded; charset=utf-7",
    "text/plain",
    "",
    "\x80",
]
HEADERS = [
    *("User-Agent", "Referer", "Accept-Language", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Host"),
    *("Origin", "Sec-Fetch-Site", "Sec-Purpose", "If-None-Match", "If-Modified-Since", "Range", "Accept-Encoding"),
    *("Expect", "Forwarded", "Authorization", "X-Request-Id", "Purpose", "Transfer-Encoding"),
]


@dataclass
class Fuzzer:
    """One stream of requests to one application; now and then it goes on in a visit that is under way."""

    app: Flask
    seed: int
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311  (a seed, to have the same again)
        self._paths = list(paths_of(self.app))
        self._cookie = self._newcomer()

    def run(self, count: int) -> None:
        for number in range(count):
            if number % 100 == 0:
                self._cookie = self._newcomer()
            self._ask(number)

    def _newcomer(self) -> str:
        """A cookie; sometimes of a visit whose lead is known, so that the inner pages open."""
        client = self.app.test_client()
        page = client.get("/lead").get_data(as_text=True)
        self._token = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
        if self._dice.random() < 0.5:
            client.post("/lead", data={**JANE, "csrf_token": self._token})
        cookie = client.get_cookie("funnel")
        return f"funnel={cookie.value}" if cookie else ""

    def _ask(self, number: int) -> None:
        method, path = self._dice.choice(METHODS), self._path()
        raw, _, query = path.partition("?")
        body = self._body() if method != "GET" or self._dice.random() < 0.1 else b""
        environ = {
            **create_environ(method=method, input_stream=BytesIO(body)),
            "HTTP_COOKIE": self._cookie,
            "PATH_INFO": raw,
            "QUERY_STRING": query,
            "RAW_URI": path,
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": self._dice.choice(TYPES[:1] * 8 + TYPES),
            **self._headers(),
        }
        if self._dice.random() < 0.02:
            environ["CONTENT_LENGTH"] = self._dice.choice(["-1", "x", "", "99999999999999999999", "1e3", "٣"])
        what = f"seed {self.seed} number {number} {method} {path[:80]!r}"
        try:
            _, status, _ = run_wsgi_app(self.app, environ, buffered=True)
        except Exception as error:
            self.failures.append(f"{what}: {type(error).__name__}: {error}")
            return
        code = int(status.split()[0])
        self.statuses[code] += 1
        if code >= 500 and code != HTTPStatus.SERVICE_UNAVAILABLE:
            self.failures.append(f"{what}: {code}")

    def _path(self) -> str:
        path = self._dice.choice(self._paths)
        if self._dice.random() < 0.1:
            path += self._some()[:100]
        if self._dice.random() < 0.4:
            path += "?" + "&".join(f"{self._name()}={self._some()}" for _ in range(self._dice.randint(0, 4)))[:3000]
        raw, asked, query = path.encode("utf-8", "replace").decode("latin-1").partition("?")
        # A path is unescaped by the server; a query is as it came, and no line of HTTP holds blanks or control signs.
        return raw + asked + BLANK.sub(lambda sign: f"%{ord(sign[0]):02X}", query)

    def _headers(self) -> dict[str, str]:
        """As a WSGI server hands them on: bytes as latin-1, no line breaks."""
        found = {}
        for _ in range(self._dice.choice([0, 0, 1, 2, 5])):
            found[self._dice.choice(HEADERS)] = self._wire(self._some())
        if self._dice.random() < 0.1:
            some = self._wire(self._some())
            found["Cookie"] = self._dice.choice([f"funnel={some}", some, "funnel=a.b.c; funnel=", "=;="])
        return {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in found.items()}

    def _wire(self, text: str) -> str:
        return text.encode("utf-8", "replace").decode("latin-1").translate({10: None, 13: None})

    def _body(self) -> bytes:
        kind = self._dice.random()
        if kind < 0.1:
            return self._dice.randbytes(self._dice.choice([0, 1, 50, 4000, 17000]))
        if kind < 0.15:
            return json.dumps({self._name(): self._some() for _ in range(5)}).encode()
        if kind < 0.25:
            head = '--x\r\nContent-Disposition: form-data; name="'
            parts = (f'{head}{self._name()}"\r\n\r\n{self._some()}\r\n' for _ in "abc")
            return "".join((*parts, "--x--\r\n" if kind < 0.22 else "")).encode("utf-8", "replace")
        pairs: dict[str, str] = {**JANE, **ADDRESS, **CARD, "billShipSame": "y"} if self._dice.random() < 0.6 else {}
        if self._dice.random() < 0.7:
            pairs["csrf_token"] = self._token
        for _ in range(self._dice.choice([0, 1, 2, 6])):
            pairs[self._name()] = self._some()
        text = "&".join(f"{name}={value}" for name, value in pairs.items())
        return text.encode("utf-8", "replace")

    def _name(self) -> str:
        return self._dice.choice(FIELDS)

    def _some(self) -> str:
        odd = self._dice.choice(ODD)
        return odd if self._dice.random() < 0.7 else odd + self._dice.choice(ODD)


def paths_of(app: Flask) -> Iterator[str]:
    """Every route, its variables filled in, and some that are none."""
    for rule in app.url_map.iter_rules():
        for filled in ("1", "b", "x", "9" * 30):
            yield _filled(rule.rule, filled)
    yield from ("/nowhere", "//", "/%2e%2e/app.py", "/static/../app.py", "/static/css/", "/.env", "/lead/", "*", "")


def _filled(rule: str, value: str) -> str:
    head, opened, rest = rule.partition("<")
    return head + (value + _filled(rest.partition(">")[2], value) if opened else "")
