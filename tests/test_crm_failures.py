"""Everything a peer can do wrong: each call ends, and says truly whether money may have moved."""

import gzip
import json
import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from crm_calls import ORDER, QUERY, ask, client_for
from crm_peers import Guest, Peer, Script, answer, says

from funnel.crm.calls import Call
from funnel.crm.client import Client
from funnel.crm.errors import CrmError, Garbled, Kind, NoAnswer, NotSent, Refused
from funnel.crm.wire import LARGEST_ANSWER

DEADLINE = 0.5  # seconds: short for the peers that would never end, long enough for the others
FOR_EVER = 600.0  # seconds, more than a test may take
AMPLE = 10.0  # seconds, for peers that answer at once

pytestmark = pytest.mark.timeout(30)

PLACED = json.dumps({"result": "SUCCESS", "message": {"orderId": "D6C8C390A7", "orderStatus": "COMPLETE"}})
GOOD = answer(PLACED.encode())
HALF = GOOD[: -len(PLACED) // 2]
SHORTENED = answer(PLACED[:-9].encode()) + PLACED[-9:].encode()
OPEN_END = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PAGE = b"<!doctype html><title>Bad gateway</title>"


def reset_at_once(guest: Guest) -> None:
    guest.reset()


def reset_at_the_first_byte(guest: Guest) -> None:
    guest.sock.recv(1)
    guest.reset()


def hang_up_at_once(guest: Guest) -> None:
    """Closes with nothing said, before or after the request arrives."""


def hears_then(*pieces: bytes, reset: bool = False, drip: bytes = b"", linger: bool = False) -> Script:
    """Hears the request, says this, and then resets, drips or falls silent."""

    def script(guest: Guest) -> None:
        guest.hear()
        guest.say(*pieces)
        if drip:
            guest.drip(drip)
        if linger:
            guest.linger()
        if reset:
            guest.reset()

    return script


def too_much(guest: Guest) -> None:
    """A good answer, followed by blanks for as long as somebody reads."""
    guest.hear()
    guest.say(OPEN_END, PLACED.encode())
    while True:
        guest.say(b" " * LARGEST_ANSWER)


def text(body: str | bytes) -> Script:
    return says(answer(body.encode() if isinstance(body, str) else body))


def status(line: str, *headers: str, body: bytes = PLACED.encode()) -> Script:
    return says(answer(body, *headers, status=line))


@dataclass(frozen=True)
class Case:
    """What a peer does, and what the call has to come to."""

    name: str
    script: Script
    error: type[CrmError]
    answered: bool
    endless: bool = False


PLAIN = [
    Case("reset within the request", reset_at_the_first_byte, NoAnswer, False),
    Case("reset after the request", hears_then(reset=True), NoAnswer, False),
    Case("reset within the headers", hears_then(GOOD[:20], reset=True), NoAnswer, False),
    Case("reset within the body", hears_then(HALF, reset=True), NoAnswer, False),
    Case("closed after accepting", hang_up_at_once, NoAnswer, False),
    Case("closed after the request", hears_then(), NoAnswer, False),
    Case("closed within the status line", hears_then(GOOD[:6]), NoAnswer, False),
    Case("closed within the headers of a 200", hears_then(GOOD[:20]), Garbled, True),
    Case("closed before Content-Length was reached", hears_then(HALF), NoAnswer, False),
    Case("chunks broken off", hears_then(CHUNKED + b"ff\r\n{"), NoAnswer, False),
    Case("chunks of no size", hears_then(CHUNKED + b"zz\r\n{}\r\n"), NoAnswer, False),
    Case("never answers", hears_then(linger=True), NoAnswer, False, endless=True),
    Case("headers drip", hears_then(b"HTTP/1.1 200 OK\r\nX: ", drip=b"y"), NoAnswer, False, endless=True),
    Case("continue drips", hears_then(drip=b"HTTP/1.1 100 Go\r\n\r\n"), NoAnswer, False, endless=True),
    Case(
        "a body drips",
        hears_then(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", drip=b" "),
        NoAnswer,
        False,
        endless=True,
    ),
    Case("chunks drip", hears_then(CHUNKED, drip=b"1\r\n \r\n"), NoAnswer, False, endless=True),
    Case(
        "a whole answer, but never its end",
        hears_then(OPEN_END, PLACED.encode(), linger=True),
        NoAnswer,
        False,
        endless=True,
    ),
    Case("not HTTP", hears_then(b"SSH-2.0-OpenSSH_9.2\r\n"), NoAnswer, False),
    Case("500 with a success in it", status("500 Internal Server Error"), Garbled, False),
    Case("502 page", status("502 Bad Gateway", body=PAGE), Garbled, False),
    Case("502 without end", hears_then(b"HTTP/1.1 502 Bad\r\n\r\n", drip=b" "), Garbled, False),
    Case("503 and come again", status("503 Service Unavailable", "Retry-After: 0"), Garbled, False),
    Case("504 page", status("504 Gateway Timeout", body=PAGE), Garbled, False),
    Case("202 accepted", status("202 Accepted"), Garbled, False),
    Case("429 and come again", status("429 Too Many Requests", "Retry-After: 0"), Garbled, True),
    Case("401", status("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"'), Garbled, True),
    Case("404", status("404 Not Found", body=PAGE), Garbled, True),
    Case("304", status("304 Not Modified", body=b""), Garbled, True),
    Case("a page", text(PAGE), Garbled, True),
    Case("an empty answer", text(""), Garbled, True),
    Case("half JSON", text(PLACED[:-9]), Garbled, True),
    Case("more JSON than one", text(PLACED + PLACED), Garbled, True),
    Case("Content-Length too short", hears_then(SHORTENED), Garbled, True),
    Case("a repeated key", text(PLACED[:-1] + ',"result":"ERROR"}'), Garbled, True),
    Case(
        "a repeated key inside",
        text('{"result":"SUCCESS","message":{"orderId":"1","orderStatus":"PARTIAL","orderStatus":"COMPLETE"}}'),
        Garbled,
        True,
    ),
    Case("JSON 5000 deep", text('{"result":' + "[" * 5000 + "]" * 5000 + "}"), Garbled, True),
    Case("a JSON array", text(f"[{PLACED}]"), Garbled, True),
    Case("a JSON number", text("200"), Garbled, True),
    Case("null", text("null"), Garbled, True),
    Case("NaN", text('{"result":"SUCCESS","message":{"orderId":"1","orderStatus":"COMPLETE","x":NaN}}'), Garbled, True),
    Case("a number of 9000 digits", text('{"result":"SUCCESS","message":' + "9" * 9000 + "}"), Garbled, True),
    Case("not UTF-8", text(PLACED.encode("utf-16")), Garbled, True),
    Case("no result", text('{"message":{"orderId":"1","orderStatus":"COMPLETE"}}'), Garbled, True),
    Case("a result nobody knows", text(PLACED.replace("SUCCESS", "DECLINED")), Garbled, True),
    Case("a result that is no text", text('{"result":{"SUCCESS":1},"message":"no"}'), Garbled, True),
    Case("an ERROR nobody knows", text('{"result":"ERROR","message":"Try later"}'), Refused, True),
    Case("too much", too_much, Garbled, True),
    Case(
        "a gzip bomb",
        status("200 OK", "Content-Encoding: gzip", body=gzip.compress(PLACED.encode() + b" " * (64 * LARGEST_ANSWER))),
        Garbled,
        True,
    ),
    Case("broken gzip", status("200 OK", "Content-Encoding: gzip"), Garbled, True),
]


@pytest.mark.parametrize("call", [ORDER, QUERY], ids=["charge", "query"])
@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_a_broken_answer_leaves_the_charge_open(case: Case, call: Call) -> None:
    with Peer(case.script) as crm:
        error = failure(crm.url, call, DEADLINE if case.endless else AMPLE)
        assert (type(error), error.answered, error.may_have_charged) == (case.error, case.answered, True)
        assert error.permanent is False
        assert crm.connections == 1
    if isinstance(error, Refused):
        assert error.kind is Kind.UNKNOWN
    if case.endless:
        assert error.args == ("deadline",)


@pytest.mark.parametrize("call", [ORDER, QUERY], ids=["charge", "query"])
def test_a_refused_connection_is_not_sent(call: Call) -> None:
    with Peer(hang_up_at_once) as gone:
        url = gone.url
    assert_not_sent(failure(url, call, AMPLE))


@pytest.mark.parametrize("call", [ORDER, QUERY], ids=["charge", "query"])
def test_a_reset_after_accepting_is_not_sent_only_where_the_connection_was_never_seen_up(call: Call) -> None:
    """Which of the two it is, the system decides: the reset may be there before connecting has returned."""
    with Peer(reset_at_once) as crm:
        error = failure(crm.url, call, AMPLE)
        assert type(error) in (NotSent, NoAnswer)
        assert error.may_have_charged is (type(error) is NoAnswer)
        assert (crm.requests, crm.connections) == ([], 1)


@pytest.mark.parametrize("call", [ORDER, QUERY], ids=["charge", "query"])
def test_a_name_that_does_not_exist_is_not_sent(call: Call) -> None:
    assert_not_sent(failure("https://crm.invalid", call, AMPLE))


@pytest.mark.parametrize("call", [ORDER, QUERY], ids=["charge", "query"])
def test_a_host_that_never_accepts_is_not_sent_and_the_deadline_ends_the_wait(call: Call) -> None:
    with full_house() as url, pytest.raises(NotSent) as caught:
        ask(Client(url, "apiuser", "apisecret", connect_timeout=FOR_EVER), call, DEADLINE)
    assert_not_sent(caught.value)


@pytest.mark.parametrize("host", ["elsewhere", "the same"])
@pytest.mark.parametrize("line", ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect"])
def test_a_redirect_is_not_followed(line: str, host: str) -> None:
    with Peer(says(GOOD)) as elsewhere:
        target = elsewhere.url if host == "elsewhere" else ""
        with Peer(status(line, f"Location: {target}/order/import/", body=b"")) as crm:
            for call in (ORDER, QUERY):
                error = failure(crm.url, call, AMPLE)
                assert (type(error), error.answered, error.may_have_charged) == (Garbled, True, True)
            assert (len(crm.requests), elsewhere.connections) == (2, 0)


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate, and the server's side of it. Whoever takes the file for a CA trusts it."""

    file: str
    server: ssl.SSLContext


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("ours"), "IP:127.0.0.1")


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("strangers"), "DNS:crm.example")


def make_certificate(folder: Path, names: str) -> Certificate:
    key, file = str(folder / "key.pem"), str(folder / "certificate.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=crm"]
    outcome = subprocess.run(
        [*command, "-keyout", key, "-out", file, "-addext", f"subjectAltName={names}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file, key)
    return Certificate(file, server)


@pytest.mark.parametrize("call", [ORDER, QUERY], ids=["charge", "query"])
def test_a_trusted_certificate_is_all_it_takes(ours: Certificate, call: Call) -> None:
    with Peer(
        says(GOOD if call is ORDER else answer(b'{"result":"SUCCESS","message":{"data":[]}}')),
        tls=ours.server,
    ) as crm:
        ask(client_for(crm.url, ca_file=ours.file), call, AMPLE)
        assert len(crm.requests) == 1


@pytest.mark.parametrize("call", [ORDER, QUERY], ids=["charge", "query"])
def test_an_untrusted_certificate_is_not_sent_to(ours: Certificate, call: Call) -> None:
    with Peer(says(GOOD), tls=ours.server) as crm:
        assert_not_sent(failure(crm.url, call, AMPLE))
        assert crm.requests == []


@pytest.mark.parametrize("call", [ORDER, QUERY], ids=["charge", "query"])
def test_another_hosts_certificate_is_not_sent_to(strangers: Certificate, call: Call) -> None:
    with Peer(says(GOOD), tls=strangers.server) as crm:
        assert_not_sent(failure(crm.url, call, AMPLE, ca_file=strangers.file))
        assert crm.requests == []


def speaks_plainly(guest: Guest) -> None:
    guest.say(GOOD)
    guest.linger()


def drips_a_handshake(guest: Guest) -> None:
    """The head of a TLS record that announces 16 KB, and then a byte now and then."""
    guest.say(b"\x16\x03\x03\x40\x00")
    guest.drip(b"\x02")


@pytest.mark.parametrize("call", [ORDER, QUERY], ids=["charge", "query"])
@pytest.mark.parametrize(
    ("script", "deadline"),
    [
        (speaks_plainly, AMPLE),
        (hang_up_at_once, AMPLE),
        (reset_at_the_first_byte, AMPLE),
        (drips_a_handshake, DEADLINE),
        (lambda guest: guest.sock.recv(9999) and guest.linger(), DEADLINE),
    ],
    ids=["plain HTTP", "hangs up", "resets", "drips", "silent"],
)
def test_without_a_handshake_nothing_is_sent(script: Script, deadline: float, call: Call) -> None:
    with Peer(script) as crm:
        assert_not_sent(failure(crm.url.replace("http:", "https:"), call, deadline))


def damage(guest: Guest) -> None:
    """Answers past the encryption: for the client that is a TLS error, though the request has arrived."""
    guest.hear()
    os.write(guest.sock.fileno(), b"HTTP/1.1 200 OK\r\n\r\n")
    guest.linger()


@pytest.mark.parametrize("call", [ORDER, QUERY], ids=["charge", "query"])
@pytest.mark.parametrize(
    ("script", "error", "endless"),
    [
        (damage, NoAnswer, False),
        (hears_then(), NoAnswer, False),
        (hears_then(HALF), NoAnswer, False),
        (hears_then(OPEN_END, PLACED[:-5].encode()), Garbled, False),
        (hears_then(linger=True), NoAnswer, True),
        (hears_then(b"HTTP/1.1 200 OK\r\nX: ", drip=b"y"), NoAnswer, True),
        (hears_then(OPEN_END, drip=b" "), NoAnswer, True),
    ],
    ids=["damaged answer", "hangs up", "half a body", "half JSON", "silent", "headers drip", "a body drips"],
)
def test_once_tls_is_up_the_charge_is_open(
    ours: Certificate, script: Script, error: type[CrmError], endless: bool, call: Call
) -> None:
    with Peer(script, tls=ours.server) as crm:
        found = failure(crm.url, call, DEADLINE if endless else AMPLE, ca_file=ours.file)
        assert (type(found), found.may_have_charged) == (error, True)
        assert len(crm.requests) == 1


def test_a_kept_connection_that_died_is_no_answer_and_the_next_call_gets_a_new_one() -> None:
    def one_answer_then_reset(guest: Guest) -> None:
        guest.hear()
        guest.say(answer(b'{"result":"SUCCESS","message":{"data":[]}}'))
        guest.hear()
        guest.reset()

    with Peer(one_answer_then_reset) as crm:
        client = client_for(crm.url)
        ask(client, QUERY, AMPLE)
        with pytest.raises(NoAnswer):
            ask(client, QUERY, AMPLE)
        ask(client, QUERY, AMPLE)
        assert (crm.connections, len(crm.requests)) == (2, 3)


@contextmanager
def full_house() -> Iterator[str]:
    """A listener whose queue is full, so that the system answers no further connection."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as waiting:
        address = listener.getsockname()
        for _ in range(3):
            sock = waiting.enter_context(socket.socket())
            sock.setblocking(False)
            with suppress(BlockingIOError):
                sock.connect(address)
        yield f"http://127.0.0.1:{address[1]}"


def test_a_kept_connection_is_held_to_the_deadline_too() -> None:
    def one_answer_then_drips(guest: Guest) -> None:
        guest.hear()
        guest.say(answer(b'{"result":"SUCCESS","message":{"data":[]}}'))
        guest.hear()
        guest.drip(b"HTTP/1.1 100 Go\r\n\r\n")

    with Peer(one_answer_then_drips) as crm:
        client = client_for(crm.url)
        ask(client, QUERY, AMPLE)
        with pytest.raises(NoAnswer, match="deadline"):
            ask(client, QUERY, DEADLINE)
        assert crm.connections == 1


def failure(url: str, call: Call, deadline: float, *, ca_file: str | None = None) -> CrmError:
    with pytest.raises(CrmError) as caught:
        ask(client_for(url, ca_file=ca_file), call, deadline)
    return caught.value


def assert_not_sent(error: CrmError) -> None:
    assert (type(error), error.may_have_charged, error.answered) == (NotSent, False, False)
    assert error.permanent is False
