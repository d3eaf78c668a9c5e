"""A card that is typed is afterwards nowhere but in the one request to the CRM, whatever road the shopper takes."""

from __future__ import annotations

import hashlib
import json
import logging
import pickle
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from sqlite3 import connect
from traceback import TracebackException
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from canary import AMEX, Answers, Canary, Overheard, Trace, kept_in, sightings
from conftest import Crm, Funnel, OpenFunnel, eventually, served
from flask import Flask, session
from jinja2 import ChoiceLoader, DictLoader
from processes import Installation
from shopper import ADDRESS, JANE, Page, Shopper
from werkzeug.wrappers import Request, Response

from app import create_app
from funnel.cards import Card, Secret
from funnel.forms.checks import phone_number
from funnel.rooms import Rooms
from funnel.sandbox.cards import TEST_CARDS

CLICK, LEAD, ORDER = "/landers/clicks/import/", "/leads/import/", "/order/import/"
NOBODY = "http://127.0.0.1:9"  # where nobody listens
HASTY = {
    "FUNNEL_QUIET_TIME": "1.5",
    "FUNNEL_READ_LAG": "0.5",
    "FUNNEL_CHARGE_DEADLINE": "1",
    "FUNNEL_PAY_WAIT": "1.5",
    "FUNNEL_OWED_DEADLINE": "2",
}


def visa(ending: str) -> Canary:
    """The sandbox's test card with these last four digits."""
    (number,) = (card.number for card in TEST_CARDS if card.number.startswith("4") and card.number.endswith(ending))
    return Canary(" ".join(number[start : start + 4] for start in range(0, 16, 4)), "073")


@dataclass
class Scene:
    """A shopper with a card at a funnel before the CRM, and all that the three leave behind."""

    canary: Canary
    shopper: Shopper
    funnel: Funnel
    open_funnel: OpenFunnel
    crm: Crm
    heard: Overheard
    folder: Path
    logs: pytest.LogCaptureFixture
    prints: pytest.CaptureFixture[str]
    answers: Answers = field(init=False)

    def __post_init__(self) -> None:
        self.answers = Answers(self.shopper.browser)

    def pay(self, **changed: str | None) -> Page:
        return self.shopper.submit(**{**ADDRESS, **self.canary.typed, **changed})

    def confirmed(self, path: str) -> bool:
        """Whether the confirming page leads there, sooner or later."""
        return eventually(lambda: self.shopper.get("/checkout/confirming").path == path)

    def move_to(self, url: str) -> None:
        """Another funnel over the same store; the form at hand stays open."""
        page = self.shopper.page
        self.shopper.url = url
        page.url = f"{url}/checkout"
        self.shopper.page = page

    def in_the_store(self, statement: str) -> None:
        """Something happens to the database, from outside."""
        with closing(connect(self.folder / "instance" / "funnel.db")) as database:
            database.execute(statement)
            database.commit()

    def leaks(self) -> list[str]:
        return sightings(self.canary, self._traces())

    def _traces(self) -> Iterator[Trace]:
        for name, lines in self._log().items():
            yield f"the log of {name}", "\n".join(lines)
        yield from zip(("stdout", "stderr"), self.prints.readouterr(), strict=True)
        yield from kept_in(self.folder)
        yield from self.answers.traces()
        yield from self.heard.traces()

    def _log(self) -> dict[str, list[str]]:
        """By logger, each line as it is printed and what it is made of; without what the shopper's own browser logs."""
        lines: dict[str, list[str]] = {}
        for record in self.logs.get_records("call"):
            if not (record.name.startswith("urllib3") and record.threadName == "MainThread"):
                lines.setdefault(record.name, []).append(f"{self.logs.handler.format(record)} {record.args!r}")
        return lines


OpenScene = Callable[..., Scene]


@pytest.fixture
def open_scene(
    crm: Crm,
    sandbox: Flask,
    open_funnel: OpenFunnel,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[OpenScene]:
    """Opens the scene with a card. Every logger tells all it can: SQLAlchemy each statement with its parameters."""
    caplog.set_level(logging.INFO, "sqlalchemy")
    caplog.set_level(logging.DEBUG)
    heard = Overheard(sandbox.wsgi_app)
    sandbox.wsgi_app = heard  # type: ignore[method-assign]

    shopper = Shopper("")

    def open_one(canary: Canary = AMEX, **environment: str) -> Scene:
        funnel = open_funnel(LOG_LEVEL="DEBUG", **environment)
        shopper.url = funnel.url
        return Scene(canary, shopper, funnel, open_funnel, crm, heard, tmp_path, caplog, capfd)

    with shopper:
        yield open_one


# The roads. Each is walked to its own end, which it asserts.


def paid(scene: Scene) -> None:
    assert scene.pay().path == "upsell/1"
    assert scene.shopper.submit(choice="yes").path == "upsell/2"
    assert scene.shopper.submit(choice="no").path == "thank-you"
    scene.crm.wait_for("/order/confirm/")


def paid_with_the_number_in_the_billing_address(scene: Scene) -> None:
    assert scene.pay(address1=scene.canary.number, postalCode=scene.canary.digits).path == "upsell/1"


def sent_in_parts(scene: Scene) -> None:
    """multipart/form-data, as an odd client sends it."""
    values = {**scene.shopper.page.form.values, **ADDRESS, **scene.canary.typed}
    parts = {name: (None, value) for name, value in values.items()}
    answer = scene.shopper.browser.post(f"{scene.funnel.url}/checkout", files=parts, timeout=10)
    assert answer.url.endswith("/upsell/1")


def pressed_again(scene: Scene) -> None:
    form = scene.shopper.page.form
    assert scene.pay().path == "upsell/1"
    assert scene.shopper.submit(form, **ADDRESS, **scene.canary.typed).path == "upsell/1"


def refused(status: int, words: str) -> Callable[[Scene], None]:
    def walk(scene: Scene) -> None:
        form = scene.shopper.page.form
        for _ in range(2):  # the same form, pressed again, is told the same
            page = scene.shopper.submit(form, **ADDRESS, **scene.canary.typed)
            assert (page.status, words in page.text) == (status, True), page.text

    return walk


def declined_too_often(scene: Scene) -> None:
    assert scene.pay().status == 422
    assert scene.pay().status == 429


def unanswered(ends_at: str | None = None) -> Callable[[Scene], None]:
    def walk(scene: Scene) -> None:
        assert scene.pay().path == "checkout/confirming"
        for path in ("/checkout", "/thank-you"):
            assert scene.shopper.get(path).path == "checkout/confirming"
        assert ends_at is None or scene.confirmed(ends_at)

    return walk


def answered_late(scene: Scene) -> None:
    scene.crm.fault(ORDER, "process_late", seconds=2)
    unanswered("upsell/1")(scene)


def at_the_bank(scene: Scene) -> None:
    assert scene.pay().path == "away"


def mistaken(**changed: str | None) -> Callable[[Scene], None]:
    def walk(scene: Scene) -> None:
        assert scene.pay(**changed).status == 422

    return walk


def stale_form(scene: Scene) -> None:
    page = scene.pay(csrf_token="stale")
    assert (page.status, "not been charged" in page.text) == (400, True)


def without_cookies(scene: Scene) -> None:
    scene.shopper.browser.cookies.clear()
    assert scene.pay().status == 400


def stale_ticket(scene: Scene) -> None:
    page = scene.pay(attempt="stale")
    assert (page.status, "not been charged" in page.text) == (422, True)


def dearer_meanwhile(scene: Scene) -> None:
    dearer = scene.folder / "dearer.toml"
    dearer.write_text(scene.funnel.settings.funnel_file.read_text().replace("49.95", "59.95"))
    scene.move_to(scene.open_funnel(relay=False, FUNNEL_FILE=str(dearer)).url)
    page = scene.pay()
    assert (page.status, "The price changed" in page.text) == (422, True)


def crm_away(scene: Scene) -> None:
    scene.move_to(scene.open_funnel(relay=False, KONNEKTIVE_API_URL=NOBODY).url)
    assert scene.pay().status == 503


def crm_away_from_the_start(scene: Scene) -> None:
    scene.move_to(scene.open_funnel(relay=False, KONNEKTIVE_API_URL=NOBODY).url)
    scene.shopper.browser.cookies.clear()
    scene.shopper.get("/checkout")
    assert scene.pay(**JANE).status == 503


def disk_full_at_the_claim(scene: Scene) -> None:
    scene.in_the_store("CREATE TRIGGER full BEFORE INSERT ON attempts BEGIN SELECT RAISE(ABORT, 'full'); END")
    assert scene.pay().status == 503


def disk_full_at_the_outcome(scene: Scene) -> None:
    """The executor cannot write down what the CRM said."""
    full = "CREATE TRIGGER full BEFORE UPDATE ON attempts WHEN NEW.state = 'CHARGED' BEGIN SELECT RAISE(ABORT, ''); END"
    scene.in_the_store(full)
    assert scene.pay().path == "checkout/confirming"
    assert "charge=order failed=IntegrityError" in scene.logs.text


def store_lost_before(scene: Scene) -> None:
    scene.in_the_store("DROP TABLE visits")
    assert scene.pay().status == 503


def store_lost_during(scene: Scene) -> None:
    """The charge is made, and then no page can be."""
    scene.crm.fault(ORDER, "latency", seconds=1)
    pages: list[Page] = []
    press = threading.Thread(target=lambda: pages.append(scene.pay()))
    press.start()
    scene.crm.wait_for(ORDER)
    scene.in_the_store("DROP TABLE refusals")
    press.join()
    assert [page.status for page in pages] == [503]


def drawn_by(status: int, **templates: str) -> Callable[[Scene], None]:
    """A merchant's own templates, the worst there can be, draw the answer to a mistake."""

    def walk(scene: Scene) -> None:
        app = create_app(scene.funnel.settings)
        rooms: Rooms = app.extensions["funnel"]
        theirs = DictLoader({f"{name.replace('_', '/', 1)}.html": text for name, text in templates.items()})
        app.jinja_loader = ChoiceLoader([theirs, app.jinja_loader])  # type: ignore[list-item]
        form = {**scene.shopper.page.form.values, **ADDRESS, **scene.canary.typed, "shipCity": ""}
        with served(app) as url:
            answer = scene.shopper.browser.post(f"{url}/checkout", data=form, timeout=10)
        rooms.store.close()
        assert answer.status_code == status
        assert status == 422 or "Something went wrong on our side" in answer.text

    return walk


def as_json(scene: Scene) -> None:
    answer = scene.shopper.browser.post(f"{scene.funnel.url}/checkout", json=scene.canary.typed, timeout=10)
    assert answer.status_code == 400


def too_long(scene: Scene) -> None:
    assert scene.pay(note="x" * 20_000).status == 413


def from_another_site(scene: Scene) -> None:
    scene.shopper.browser.headers["Sec-Fetch-Site"] = "cross-site"
    assert scene.pay().status == 403


def sent_elsewhere(scene: Scene) -> None:
    """The checkout's form, posted to each of the other pages."""
    form = {**scene.shopper.page.form.values, **ADDRESS, **scene.canary.typed}
    for path in ("/", "/lead", "/upsell/1", "/thank-you", "/checkout/confirming", "/healthz", "/nowhere"):
        answer = scene.shopper.browser.post(f"{scene.funnel.url}{path}", data=form, timeout=10)
        assert answer.status_code in (200, 404, 405, 422)


@dataclass(frozen=True)
class Road:
    """`sent` is how many calls of Import Order carry the card: one for each press that may charge."""

    name: str
    walk: Callable[[Scene], None]
    sent: int = 1
    canary: Canary = AMEX
    fault: str | None = None
    settings: dict[str, str] = field(default_factory=dict)


ROADS = (
    Road("paid", paid),
    Road("paid, and held for review", paid, canary=visa("4954")),
    Road("paid by a form in parts", sent_in_parts),
    Road("pressed again", pressed_again),
    Road("paid, with the number in a field that is not used", paid_with_the_number_in_the_billing_address),
    Road("declined", refused(422, "declined"), canary=visa("0002")),
    Road("declined too often", declined_too_often, canary=visa("0002"), settings={"FUNNEL_DECLINE_LIMIT": "1"}),
    Road("a prepaid card", refused(422, "prepaid"), canary=visa("0069")),
    Road("a card that asks for its bank", at_the_bank, canary=visa("3220")),
    Road("a mistake in the address", mistaken(shipPostalCode="ABC"), sent=0),
    Road("a mistake in the card itself", mistaken(cardExpiryDate="01/20"), sent=0),
    Road("a code of the wrong length", mistaken(cardNumber="4242 4242 4242 4242"), sent=0),
    Road("a stale form", stale_form, sent=0),
    Road("no cookies", without_cookies, sent=0),
    Road("a stale ticket", stale_ticket, sent=0),
    Road("the price changed", dearer_meanwhile, sent=0),
    Road("the answer lost", unanswered("upsell/1"), canary=visa("6009"), settings=HASTY),
    Road("no answer", unanswered(), fault="drop", settings=HASTY),
    Road("hanging past the deadline", unanswered("checkout"), canary=visa("6074"), settings=HASTY),
    Road("charged late", answered_late, settings={**HASTY, "FUNNEL_QUIET_TIME": "30"}),
    Road("a page for an answer", unanswered(), canary=visa("6025"), settings=HASTY),
    Road("half an answer", unanswered(), canary=visa("6082"), settings=HASTY),
    Road("a server error", unanswered(), fault="500", settings=HASTY),
    Road("an unknown error", unanswered(), canary=visa("6033"), settings=HASTY),
    Road("the CRM away", crm_away, sent=0),
    Road("the CRM away from the start", crm_away_from_the_start, sent=0),
    Road("no room for the claim", disk_full_at_the_claim, sent=0),
    Road("no room for the outcome", disk_full_at_the_outcome, settings=HASTY),
    Road("the store lost before", store_lost_before, sent=0),
    Road("the store lost during", store_lost_during),
    Road("a page that breaks", drawn_by(500, pages_checkout="{{ form.cardNumber.data.digits }}"), sent=0),
    Road("every page breaks", drawn_by(500, layout="{{ form.cardNumber.digits }}"), sent=0),
    Road(
        "a page that tells all", drawn_by(422, pages_checkout="{{ form.data }}{{ form.cardNumber.raw_data }}"), sent=0
    ),
    Road("JSON for a form", as_json, sent=0),
    Road("too long a form", too_long, sent=0),
    Road("a form from another site", from_another_site, sent=0),
    Road("a form sent elsewhere", sent_elsewhere, sent=0),
)


@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.name)
def test_the_card_is_nowhere_afterwards_but_in_the_charge(open_scene: OpenScene, road: Road) -> None:
    scene = open_scene(road.canary, **road.settings)
    scene.shopper.leave_lead()
    if road.fault:
        scene.crm.fault(ORDER, road.fault)
    road.walk(scene)
    assert scene.leaks() == []
    assert scene.heard.charges_with(road.canary) == road.sent


# A CRM that says what it was told.

ECHOES = {
    "an unknown text": '{"result":"ERROR","message":"Odd card %s, code %s"}',
    "a decline": '{"result":"ERROR","message":"Transaction Declined: %s (%s)"}',
    "a prepaid refusal": '{"result":"ERROR","message":"Prepaid card %s %s Not Accepted"}',
    "a refused field": '{"result":"ERROR","message":{"cardNumber":"is not valid: %s","cardSecurityCode":"is not %s"}}',
    "a refused field named so": '{"result":"ERROR","message":{"n%s":"is not valid","%s":"is not valid"}}',
    "a page": "<h1>Error</h1>card %s, code %s",
    "no status": '{"result":"SUCCESS","message":{"orderId":"ORDER1","note":"%s %s"}}',
    "another order": '{"result":"SUCCESS","message":{"orderId":"%s","orderStatus":"COMPLETE","cvv":"%s"}}',
    "an order": '{"result":"SUCCESS","message":{"orderId":"ORDER1","orderStatus":"COMPLETE","totalAmount":"54.90",'
    '"cardNumber":"%s","cardSecurityCode":"%s"}}',
    "a redirect": '{"result":"MERC_REDIRECT","message":{"url":"https://bank.example/?card=%s&code=%s"}}',
    "a script": '{"result":"MERC_REDIRECT","message":{"script":"open(%s, %s)"}}',
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
def test_what_the_crm_says_of_the_card_goes_no_further(open_scene: OpenScene, echo: str) -> None:
    @Request.application
    def parrot(request: Request) -> Response:
        if request.path == ORDER:
            return Response(echo % (request.form["cardNumber"], request.form["cardSecurityCode"]))
        return Response('{"result":"SUCCESS","message":{"orderId":"ORDER1","sessionId":"1","orderStatus":"PARTIAL"}}')

    heard = Overheard(parrot)
    with served(heard) as url:
        scene = open_scene(KONNEKTIVE_API_URL=url, **HASTY)
        scene.heard = heard
        scene.shopper.leave_lead()
        assert scene.pay().path in ("checkout", "checkout/confirming", "upsell/1")
        scene.shopper.get("/checkout/confirming")
        scene.shopper.get("/checkout")
    assert scene.leaks() == []
    assert heard.charges_with(AMEX) == 1


# The card, typed where it does not belong.

DRESSES = ("{0}", "card {0} thanks", "{1}", "３７８２８２２４６３１０００５", "3782-822463-10005")
TEXTS = ("firstName", "lastName", "emailAddress", "phoneNumber")
DELIVERY = ("shipAddress1", "shipAddress2", "shipCity", "shipPostalCode", "shipState", "shipCountry")
BILLING = ("address1", "address2", "city", "postalCode", "state", "country")


def wrongly_typed(*names: str) -> Iterator[tuple[str, str]]:
    """Each of the fields twice with the card in it, each time in the next dress."""
    dresses = cycle(DRESSES)
    for name in names * 2:
        typed = next(dresses).format(AMEX.number, AMEX.digits)
        yield name, f"{typed}@example.com" if name == "emailAddress" else typed


def test_a_card_typed_into_the_lead_is_refused_and_kept_nowhere(open_scene: OpenScene) -> None:
    scene = open_scene()
    scene.shopper.get("/lead")
    for name, typed in wrongly_typed(*TEXTS):
        assert scene.shopper.submit(**{**JANE, name: typed}).status == 422, (name, typed)
        assert scene.shopper.submit(**{**JANE, name: typed, "csrf_token": "stale"}).status == 400
    assert scene.leaks() == []
    assert [path for path, _, _ in scene.heard.calls if path != CLICK] == []


@pytest.mark.parametrize("box", ["y", None], ids=["billed to the same address", "billed elsewhere"])
def test_a_card_typed_beside_its_field_is_refused_and_kept_nowhere(open_scene: OpenScene, box: str | None) -> None:
    scene = open_scene()
    billed = {name: ADDRESS[f"ship{name[0].upper()}{name[1:]}"] for name in BILLING if name != "address2"}
    scene.shopper.get("/checkout")
    for name, typed in wrongly_typed(*TEXTS, *DELIVERY, *BILLING, "offer"):
        given = {**JANE, **billed, "billShipSame": box, name: typed}
        unused = box and name in BILLING  # what stands there does not matter, but is not drawn again
        assert scene.pay(**given, **({"cardNumber": ""} if unused else {})).status == 422, (name, typed)
        assert scene.pay(**given, csrf_token="stale").status == 400
    for name in ("cardExpiryDate", "cardSecurityCode", "attempt"):
        other = {"cardNumber": "4242 4242 4242 4242", "cardSecurityCode": "123"}
        assert scene.pay(**{**JANE, **other, name: AMEX.digits}).status == 422, name
    assert scene.pay(**JANE, csrf_token=AMEX.number).status == 400
    assert scene.leaks() == []
    assert [path for path, _, _ in scene.heard.calls if path != CLICK] == []


@pytest.mark.parametrize("country", ["US", "CA", "GB", "JP", "ID"])
def test_a_card_is_no_phone_number_even_where_those_are_as_long(country: str) -> None:
    for typed in (AMEX.digits, AMEX.number, visa("0002").number, "5555 5555 5555 4444"):
        assert phone_number(typed, country) is None
    assert phone_number("+81 3 1234 5678", country) == "81-3-1234-5678"
    assert phone_number("+49 1511 1234501", country), "in use, though its digits would pass for a card's"


def test_a_card_typed_into_an_offers_form_is_kept_nowhere(open_scene: OpenScene) -> None:
    scene = open_scene()
    scene.shopper.leave_lead()
    assert scene.pay().path == "upsell/1"
    for name in ("choice", "attempt", "csrf_token"):
        scene.shopper.submit(**{"choice": "yes", name: AMEX.number})
        assert scene.shopper.page.path == "upsell/1"
    assert scene.leaks() == []


# The card in an address.

EXACT = "affId=000123&c1=5555555555554444&utm_source=4242424242424242"
QUERY = f"{EXACT}&card={quote(AMEX.number)}&n={AMEX.digits}&cardSecurityCode={AMEX.code}"
MASKED = f"{EXACT}&card=masked&n=masked&cardSecurityCode=masked"


@pytest.mark.parametrize("path", ["/", "/lead", "/checkout", "/upsell/1", "/thank-you", f"/{AMEX.digits}", "/static/x"])
def test_a_card_in_an_address_goes_no_further(open_scene: OpenScene, path: str) -> None:
    scene = open_scene()
    scene.shopper.browser.headers["Referer"] = f"https://search.example/?q={quote_plus(AMEX.number)}"
    scene.shopper.get(f"{path}?{QUERY}") if path != "/static/x" else scene.shopper.browser.get(
        f"{scene.funnel.url}{path}?{QUERY}", timeout=10
    )
    del scene.shopper.browser.headers["Referer"]
    scene.shopper.get("/lead")
    (first, *_) = scene.crm.wait_for(CLICK)
    if path in ("/", "/lead", "/checkout"):
        assert first["params"]["requestUri"] == f"{scene.funnel.url}{path}?{MASKED}"
        assert first["params"]["httpReferer"] == "https://search.example/?q=masked"
    scene.in_the_store("DROP TABLE visits")
    scene.shopper.browser.get(f"{scene.funnel.url}{path}?{QUERY}", timeout=10)
    assert scene.leaks() == []


# The card in memory, as those meet it who debug.


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        "{}".format,
        "%s".__mod__,
        lambda card: json.dumps(card, default=str, ensure_ascii=False),
        lambda card: str([card]),
    ],
)
def test_a_card_does_not_show(show: Callable[[object], str]) -> None:
    card = Card(Secret(AMEX.digits), 12, 2039, Secret(AMEX.code))
    assert AMEX.seen_in(show(card)) == []
    assert "•••" in show(card)


@pytest.mark.parametrize("take", [json.dumps, pickle.dumps, lambda card: card.number + "", lambda card: int(card)])
def test_what_fails_for_a_card_tells_nothing_of_it_even_with_its_variables(take: Callable[[Any], object]) -> None:
    card = Card(Secret(AMEX.digits), 12, 2039, Secret(AMEX.code))
    with pytest.raises(TypeError) as failed:
        take(card)
    told = TracebackException.from_exception(failed.value, capture_locals=True)
    assert "card = Card(" in "".join(told.format())
    assert AMEX.seen_in(f"{failed.value!r} {''.join(told.format())}") == []


# All of it as an installation runs it.


def test_real_programs_that_tell_all_they_can_tell_nothing_of_the_card(tmp_path: Path) -> None:
    chatty = {"LOG_LEVEL": "DEBUG", "GUNICORN_CMD_ARGS": "--log-level debug --access-logfile -", "WEB_CONCURRENCY": "1"}
    with Installation(tmp_path, **HASTY, **chatty) as installation, Shopper(installation.url) as shopper:
        answers, card = Answers(shopper.browser), {**ADDRESS, **AMEX.typed}
        shopper.get(f"/?{QUERY}")
        shopper.get("/lead")
        assert shopper.submit(**{**JANE, "lastName": AMEX.number}).status == 422
        assert shopper.submit(**JANE).path == "checkout"
        assert shopper.submit(**{**card, "shipPostalCode": AMEX.digits}).status == 422
        assert shopper.submit(**{**card, "csrf_token": "stale"}).status == 400
        assert shopper.submit(**{**card, "attempt": "stale"}).status == 422
        installation.crm.fault(ORDER, "process_then_drop")
        assert shopper.submit(**card).path == "checkout/confirming"
        assert eventually(lambda: shopper.get("/checkout/confirming").path == "upsell/1")
        assert shopper.submit(choice="yes").path == "upsell/2"
        assert shopper.submit(choice="no").path == "thank-you"
        journal = tmp_path / "funnel.db-wal"
        assert journal.stat().st_size > 0
        assert sightings(AMEX, kept_in(tmp_path)) == [], "while all of them run"
        assert sightings(AMEX, answers.traces()) == []
        assert [call["path"] for call in installation.crm.calls() if call["in_query"]] == []
        assert len(installation.crm.calls(ORDER)) == 1
        assert installation.web.stop() == 0
        assert "POST /checkout 303" in installation.printed
        assert "[debug " in installation.printed
    assert sightings(AMEX, kept_in(tmp_path)) == []


# The searcher itself.

PLANTED = {
    "as typed": AMEX.number,
    "digits": AMEX.digits,
    "dashes": "3782-822463-10005",
    "in a form body": quote_plus(AMEX.number),
    "in an address": quote(AMEX.number),
    "twice escaped": quote(quote(AMEX.number)),
    "base64": b64encode(AMEX.digits.encode()).decode(),
    "base64 amid other bytes": b64encode(b"a=" + AMEX.digits.encode() + b"&b=1").decode(),
    "base64 as typed": b64encode(b"?" + AMEX.number.encode()).decode(),
    "hex": AMEX.digits.encode().hex(),
    "the last twelve": AMEX.digits[-12:],
    "the first twelve": AMEX.digits[:12],
    "a hash": hashlib.sha256(AMEX.digits.encode()).hexdigest(),
    "the code": f"cvv={AMEX.code}",
    "the code in JSON": json.dumps({"cardSecurityCode": AMEX.code}),
    "the expiry date": "12/39",
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_the_searcher_knows_the_card_in_every_dress(planted: str) -> None:
    assert AMEX.seen_in(f"before {planted} after")
    assert AMEX.seen_in("before  after, 12:00:00,073 0x0739a 1.0739 ") == []


def test_the_searcher_finds_what_is_planted(open_scene: OpenScene) -> None:
    scene = open_scene()
    scene.shopper.get("/")
    scene.crm.wait_for(CLICK)
    assert scene.leaks() == []

    logging.getLogger("funnel.web").debug("card=%s", AMEX.digits)
    print(AMEX.number, file=sys.stderr)
    scene.in_the_store(f"UPDATE visits SET notice = '{AMEX.digits}'")
    careless = Flask("careless")
    careless.secret_key = "a secret of the tests"

    @careless.get("/")
    def remember() -> Response:
        session["form"] = [AMEX.typed] * 9  # long enough to be packed
        return Response(f"Thanks, {AMEX.number}", headers={"Location": f"/?card={quote(AMEX.number)}"})

    with served(careless) as url:
        scene.shopper.browser.get(url, timeout=10)
    scene.heard.calls.append((LEAD, "POST /leads/import/ HTTP/1.1", f"firstName={AMEX.digits}"))
    scene.heard.calls.append((ORDER, f"POST /order/import/?cardNumber={AMEX.digits} HTTP/1.1", "shipCity=0739"))
    scene.heard.calls.append((ORDER, "POST /order/import/ HTTP/1.1", f"cardNumber={AMEX.digits}"))

    places = {leak.partition(" in ")[2] for leak in scene.leaks()}
    assert places >= {
        "the log of funnel.web",
        "stderr",
        "the rows of funnel.db",
        "the answer to GET /",
        "the answer to GET /, Location",
        "the answer to GET /, inside its cookie",
        "the body of /leads/import/",
        "the head of /order/import/",
        "the body of /order/import/",
    }
    assert places & {"funnel.db", "funnel.db-wal"}
