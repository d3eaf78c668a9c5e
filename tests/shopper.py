"""A shopper: fetches pages over HTTP like a person without JavaScript, and looks at each one with a critical eye."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

PATIENCE = 20.0  # seconds for one page
LEFTOVERS = re.compile(r"\{\{|\}\}|\{%|%\}|\bNone\b|Undefined|Traceback \(most recent")
UNLABELLED = {"hidden", "submit", "button"}
JANE = {
    "firstName": "Jane",
    "lastName": "O’Brien",
    "emailAddress": "jane@example.com",
    "phoneNumber": "555 123 4567",
}
ADDRESS = {
    "shipAddress1": "1 Main Street",
    "shipCity": "Springfield",
    "shipState": "IL",
    "shipPostalCode": "62701",
    "shipCountry": "US",
}
CARD = {"cardNumber": "4242 4242 4242 4242", "cardExpiryDate": "12 / 39", "cardSecurityCode": "123"}
DECLINED_CARD = {**CARD, "cardNumber": "4000 0000 0000 0002"}


@dataclass
class Form:
    """A form as a browser would send it: names and values, without the buttons."""

    action: str
    method: str
    values: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


def _several(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.forms: list[Form] = []
        self.words: list[str] = []
        self.title = ""
        self._open: list[str] = []
        self._select: tuple[str, bool] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements.append((tag, given))
        self._open.append(tag)
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get")))
        elif self.forms:
            self._read_field(tag, given)

    def _read_field(self, tag: str, given: dict[str, str]) -> None:
        form, name = self.forms[-1], given.get("name", "")
        kind = given.get("type", "text")
        if tag == "button":
            form.buttons.append((name, given.get("value", "")))
        elif tag == "select":
            self._select = (name, False)
        elif tag == "option" and self._select:
            select, chosen = self._select
            if "selected" in given or not chosen:
                form.values[select] = given.get("value", "")
                self._select = (select, True)
        elif tag == "input" and name and kind == "checkbox" and "checked" in given and name in form.values:
            form.values[name] = (*_several(form.values[name]), given.get("value", "on"))
        elif tag == "input" and name and (kind not in ("checkbox", "radio") or "checked" in given):
            form.values[name] = given.get("value", "on" if kind == "checkbox" else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "title" and not self.title:
            self.title = data.strip()
        elif not (self._open and self._open[-1] in ("style", "script")):
            self.words.append(data)


class Page:
    """One answer. Reading it checks what every page owes a visitor."""

    def __init__(self, response: requests.Response, typed: Iterable[str] = ()) -> None:
        self.status = response.status_code
        self.path = response.url.split("/", 3)[3].split("?")[0]
        self.url = response.url
        self.headers = response.headers
        self.html = response.text
        reader = _Reader()
        reader.feed(self.html)
        self.elements, self.forms, self.title = reader.elements, reader.forms, reader.title
        self.text = " ".join(" ".join(reader.words).split())
        self._look_over(set(typed))

    @property
    def form(self) -> Form:
        return next(form for form in self.forms if form.method.lower() == "post")

    def attributes(self, tag: str, **wanted: str) -> dict[str, str]:
        """Of the first such element."""
        for name, given in self.elements:
            if name == tag and all(given.get(key) == value for key, value in wanted.items()):
                return given
        raise AssertionError(f"no <{tag}> with {wanted} on {self.url}")

    def _look_over(self, typed: set[str]) -> None:
        assert "text/html" in self.headers["Content-Type"], self.url
        assert [tag for tag, _ in self.elements].count("h1") == 1, f"one h1 on {self.url}"
        assert self.title, f"a title on {self.url}"
        ids = Counter(given["id"] for _, given in self.elements if "id" in given)
        assert not [name for name, count in ids.items() if count > 1], f"repeated ids on {self.url}"
        labels = {given.get("for") for tag, given in self.elements if tag == "label"}
        for tag, given in self.elements:
            if tag in ("input", "select", "textarea") and given.get("type") not in UNLABELLED:
                assert given.get("id") in labels, f"a label for {given.get('name')} on {self.url}"
        ours = re.sub("|".join(map(re.escape, typed - {""})) or "(?!)", "", self.text)
        assert not LEFTOVERS.search(ours), f"leftovers on {self.url}: {LEFTOVERS.search(ours)}"
        assert self.attributes("html").get("lang"), f"a language on {self.url}"


class Shopper:
    """One browser without JavaScript. `headers` go with every request."""

    def __init__(self, url: str, **headers: str) -> None:
        self.url = url
        self.browser = requests.Session()
        self.browser.trust_env = False
        self.browser.headers.update({"User-Agent": "Mozilla/5.0 (a shopper's phone)", **headers})
        self.page: Page
        self.typed: set[str] = set()  # what was ever typed, so that it is not taken for a template's leftovers

    def __enter__(self) -> Shopper:
        return self

    def __exit__(self, *_: object) -> None:
        self.browser.close()

    def get(self, path: str, **headers: str) -> Page:
        response = self.browser.get(urljoin(self.url, path), headers=headers, timeout=PATIENCE)
        return self._look_at(response)

    def submit(self, form: Form | None = None, **typed: str | tuple[str, ...] | None) -> Page:
        """Fill the form of the page at hand and send it; None leaves a field out, as an unticked box does.

        Several values are the ticked boxes of one name.
        """
        form = form or self.page.form
        values = {name: value for name, value in {**form.values, **typed}.items() if value is not None}
        self.typed |= {each for value in typed.values() if value for each in _several(value)}
        return self._look_at(self.browser.post(urljoin(self.page.url, form.action), data=values, timeout=PATIENCE))

    def post(self, path: str, **values: str) -> Page:
        """A form that no page gave."""
        return self._look_at(self.browser.post(urljoin(self.url, path), data=values, timeout=PATIENCE))

    def _look_at(self, response: requests.Response) -> Page:
        self.page = Page(response, self.typed)
        return self.page

    def leave_lead(self, **changed: str) -> Page:
        self.get("/lead")
        return self.submit(**{**JANE, **changed})

    def reckon(self, **changed: str | tuple[str, ...] | None) -> Page:
        """Fill the checkout page at hand, but for the card, and press the button that draws the new total."""
        return self.submit(**{**ADDRESS, "do": "reckon", **changed})

    def pay(self, **changed: str | tuple[str, ...] | None) -> Page:
        """Fill the checkout page at hand and press the button."""
        return self.submit(**{**ADDRESS, **CARD, **changed})

    def buy(self) -> Page:
        self.leave_lead()
        return self.pay()
