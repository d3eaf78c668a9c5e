"""What matters of a payment page as browsers get it, so that two looks at it can be compared (PCI DSS 11.6.1); pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from urllib.parse import urljoin

from funnel.inventory import sha384

# What is another one each time, without being another page.
NONCE = re.compile(r"nonce-[\w+/=-]+")
CHANGING = ("nonce",)
SCRIPT = re.compile(r"\s*javascript:", re.IGNORECASE)
# Headers that say what a page may do, or that make a browser do something.
HEADERS = (
    "content-security-policy",
    "content-security-policy-report-only",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "cross-origin-embedder-policy",
    "cross-origin-resource-policy",
    "access-control-allow-origin",
    "cache-control",
    "content-type",
    "refresh",
    "link",
)
# Elements that run, load, frame, send or draw over something; the others only say something.
TOLD = {
    *("script", "style", "link", "base", "meta"),
    *("form", "button", "input", "select", "textarea"),
    *("iframe", "frame", "object", "embed", "applet", "portal", "template"),
    *("img", "source", "video", "audio", "svg", "use", "animate", "set"),
}
VALUES = ("value", "content")  # tokens and what is typed; of a meta element what it says is told all the same
Fetch = Callable[[str], bytes]


def page_print(address: str, headers: Mapping[str, str], html: str, fetch: Fetch) -> dict[str, str]:
    """A line of what stands there for each name. `fetch` gives what a script's or style sheet's address holds."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lower = {name.lower(): value for name, value in headers.items()}
    found = {f"header {name}": NONCE.sub("nonce", lower[name]) for name in HEADERS if name in lower}
    counts: dict[str, int] = {}
    for tag, text in reader.told:
        counts[tag] = counts.get(tag, 0) + 1
        found[f"<{tag}> {counts[tag]}"] = text
    for tag, place in reader.files:
        found[f"file {place.split('?')[0]} of <{tag}>"] = sha384(fetch(urljoin(address, place)))
    return found


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if old is None:
            yield f"{name} is new: {new}"
        elif new is None:
            yield f"{name} is gone: {old}"
        elif old != new:
            yield f"{name} has changed: {old} -> {new}"


class _Reader(HTMLParser):
    """`told` are pairs of a tag and all it says; `files` of a tag and the address it runs or is drawn by."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, str]] = []
        self.files: list[tuple[str, str]] = []
        self._inside: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs if name not in CHANGING}
        acts = any(name.startswith("on") or SCRIPT.match(value) for name, value in given.items())
        leads = tag == "a" and "://" in given.get("href", "")
        if tag in TOLD or acts or leads or "style" in given:
            self.told.append((tag, _said(tag, given)))
        if tag == "script" and "src" in given:
            self.files.append((tag, given["src"]))
        elif tag == "link" and "stylesheet" in given.get("rel", ""):
            self.files.append((tag, given.get("href", "")))
        self._inside = tag if tag in ("script", "style") else None

    def handle_data(self, data: str) -> None:
        if self._inside and data.strip():
            self.told.append((f"{self._inside} text", sha384(data.encode())))

    def handle_endtag(self, tag: str) -> None:
        self._inside = None


def _said(tag: str, given: dict[str, str]) -> str:
    """Without values, and without the version in the address of a file, whose content counts."""
    kept = {name: value for name, value in given.items() if tag == "meta" or name not in VALUES}
    return " ".join(f'{name}="{value.split("?v=")[0]}"' for name, value in sorted(kept.items()))
