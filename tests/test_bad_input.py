"""Whatever a visitor sends: a clear answer in plain words, nothing charged, never a 500."""

from __future__ import annotations

import re
import socket
from urllib.parse import urlsplit

import pytest
from conftest import Crm, Funnel
from shopper import ADDRESS, CARD, JANE, Page, Shopper

FORMS = ["/", "/lead", "/checkout", "/upsell/1", "/thank-you"]


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_its_token_is_shown_afresh_and_does_nothing(crm: Crm, shopper: Shopper, path: str) -> None:
    shopper.buy()
    calls = [call for call in crm.calls() if "clicks" not in call["path"]]
    page = shopper.post(path, choice="yes", **JANE, **ADDRESS, **CARD)
    assert page.status == 400 or page.path == "upsell/1", "the forms of a placed order lead on"
    assert [call for call in crm.calls() if "clicks" not in call["path"]] == calls


@pytest.mark.parametrize("path", ["/lead", "/checkout"])
def test_a_stale_form_keeps_what_was_typed_but_not_the_card(shopper: Shopper, path: str) -> None:
    shopper.get(path)
    page = shopper.submit(csrf_token="stale", **JANE, **(ADDRESS | CARD if path == "/checkout" else {}))
    assert page.status == 400
    assert {"/lead": "Nothing was sent just now", "/checkout": "You have not been charged"}[path] in page.text
    assert page.form.values["emailAddress"] == "jane@example.com"
    assert "4242" not in page.html
    assert shopper.submit(**(CARD if path == "/checkout" else {})).path in ("checkout", "upsell/1")


def test_who_blocks_cookies_is_told_so(shopper: Shopper) -> None:
    shopper.get("/lead")
    shopper.browser.cookies.clear()
    page = shopper.submit(**JANE)
    assert page.status == 400
    assert "blocks cookies" in page.text


def test_a_form_from_another_site_is_refused(crm: Crm, shopper: Shopper) -> None:
    shopper.get("/lead")
    shopper.browser.headers["Sec-Fetch-Site"] = "cross-site"
    assert shopper.submit(**JANE).status == 403
    assert crm.calls("/leads/import/") == []


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("firstName", "", "Enter your first name"),
        ("lastName", " \u200b", "Enter your last name"),
        ("emailAddress", "jane@", "like name@example.com"),
        ("phoneNumber", "12", "Enter a phone number"),
        ("firstName", "4242 4242 4242 4242", "looks like a card number"),
        ("lastName", "x" * 31, "30 characters"),
    ],
)
def test_a_mistake_on_the_lead_page_is_told_at_its_field(
    crm: Crm, shopper: Shopper, field: str, typed: str, words: str
) -> None:
    shopper.get("/lead")
    page = shopper.submit(**{**JANE, field: typed})
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert "There is a problem" in page.text
    assert page.text.count(words) == 2, "in the summary and at the field, in the same words"
    assert page.attributes("input", name=field)["aria-invalid"] == "true"
    assert crm.calls("/leads/import/") == []


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("cardNumber", "4242 4242 4242 4243", "Check the card number"),
        ("cardNumber", "", "Enter your card number"),
        ("cardExpiryDate", "01/20", "expired"),
        ("cardSecurityCode", "12", "security code"),
        ("shipPostalCode", "ABC", "ZIP code"),
        ("shipState", "ON", "state"),
        ("shipCountry", "XX", "country"),
        ("offer", "lamp-99", "Select how many"),
    ],
)
def test_a_mistake_at_checkout_charges_nothing_and_keeps_the_address(
    crm: Crm, shopper: Shopper, field: str, typed: str, words: str
) -> None:
    shopper.leave_lead()
    page = shopper.pay(**{field: typed})
    assert page.status == 422
    assert words in page.text
    assert page.form.values["shipAddress1"] == ADDRESS["shipAddress1"]
    for card_field in ("cardNumber", "cardExpiryDate", "cardSecurityCode"):
        assert page.form.values[card_field] == ""
    assert "4242" not in page.html
    assert crm.calls("/order/import/") == []


@pytest.mark.parametrize("path", ["/lead", "/checkout"])
def test_a_slip_in_an_email_address_is_asked_after_and_never_in_the_way(crm: Crm, shopper: Shopper, path: str) -> None:
    shopper.get(path)
    page = shopper.submit(**{**JANE, "emailAddress": "jane@gmial.com", "lastName": ""})
    assert "Did you mean gmail.com?" in page.text
    page = shopper.submit(do="mend")
    assert page.attributes("input", name="emailAddress")["value"] == "jane@gmail.com"
    assert page.attributes("input", name="firstName")["value"] == "Jane"
    assert "Did you mean" not in page.text
    assert crm.calls("/order/import/") == []
    assert shopper.leave_lead(emailAddress="jane@gmial.com").path == "checkout"


@pytest.mark.parametrize("name", ["{{7*7}}", "<script>alert(1)</script>", "O’Brien", "李小龍", "Ñandú", "Zoë"])
def test_names_come_out_as_they_were_typed(crm: Crm, shopper: Shopper, name: str) -> None:
    shopper.get("/lead")
    shopper.submit(**{**JANE, "firstName": name})
    assert crm.calls("/leads/import/")[0]["params"]["firstName"] == name
    page = shopper.get("/checkout")
    assert name in page.text
    assert "<script>alert" not in page.html


@pytest.mark.parametrize(
    "typed",
    [
        {"firstName": "Ja\x00ne"},
        {"firstName": "Jane\u202e"},
        {"firstName": "Jane\r\nX-Header: 1"},
        {"emailAddress": "jane@example.com\x00"},
    ],
)
def test_signs_that_nobody_sees_are_left_out(crm: Crm, shopper: Shopper, typed: dict[str, str]) -> None:
    shopper.get("/lead")
    page = shopper.submit(**{**JANE, **typed})
    if page.status == 303 or page.path == "checkout":
        (lead,) = crm.calls("/leads/import/")
        assert lead["params"]["emailAddress"] == "jane@example.com"
        assert re.fullmatch(r"Jane( X-Header: 1)?|JaneX-Header: 1", lead["params"]["firstName"])
    else:
        assert page.status == 422


@pytest.mark.parametrize(
    "body",
    [
        b"firstName=%FF%FE&lastName=%00&emailAddress=%C3%28",
        b"\xff\xfe\x00\x01",
        b"&&&===",
        b"firstName=" + b"a" * 10_000,
        b"cardNumber[]=1&cardNumber=2&cardNumber=3",
        b"%" * 300,
    ],
)
@pytest.mark.parametrize("path", FORMS)
def test_broken_bodies_are_answered(shopper: Shopper, path: str, body: bytes) -> None:
    shopper.buy()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    page = Page(shopper.browser.post(shopper.url + path, data=body, headers=kind, timeout=10))
    assert page.status in (200, 400, 422)


@pytest.mark.parametrize("path", FORMS)
def test_an_oversized_body_is_refused_in_plain_words(shopper: Shopper, path: str) -> None:
    shopper.get(path)
    if shopper.page.path == path.strip("/"):
        page = shopper.post(path, firstName="a" * 20_000)
        assert page.status == 413
        assert "too much" in page.text


def test_more_fields_than_any_form_has_are_refused(shopper: Shopper) -> None:
    files = {f"field{n}": (None, "x") for n in range(100)}
    assert Page(shopper.browser.post(shopper.url + "/lead", files=files, timeout=10)).status == 413


@pytest.mark.parametrize("path", ["/?q=%FF%FE", "/?q=%00", "/lead?next=//evil.example", "/%00", "/%FF", "/upsell/%00"])
def test_odd_addresses_are_answered(shopper: Shopper, path: str) -> None:
    assert shopper.get(path).status in (200, 404)


def test_a_line_break_in_a_banks_address_is_no_header(shopper: Shopper) -> None:
    address = f"{shopper.url}/return/bank/x%0D%0AX-Evil:%201"
    answer = shopper.browser.post(address, allow_redirects=False, timeout=10)
    assert (answer.status_code, "X-Evil" in answer.headers) == (303, False)


def test_a_tampered_cookie_is_a_new_visit(crm: Crm, shopper: Shopper) -> None:
    shopper.buy()
    (cookie,) = shopper.browser.cookies
    assert cookie.value
    for damaged in (cookie.value[:-1], "x" + cookie.value, cookie.value.replace(".", ",", 1), "a.b.c", "\x7f"):
        with Shopper(shopper.url) as other:
            page = other.get("/upsell/1", Cookie=f"{cookie.name}={damaged}")
            assert page.path == "", "no order is found by a cookie that we did not sign"
    assert crm.charges()["total"] == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_not_taken(funnel: Funnel, shopper: Shopper, method: str) -> None:
    response = shopper.browser.request(method, funnel.url + "/lead", timeout=10)
    assert response.status_code in (200, 405)
    assert "Allow" in response.headers


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: \r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: \xff\xfe\r\nReferer: \xff\r\n\r\n",
        b"GET /?q=\xc3\xa9\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /lead HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    ],
)
def test_odd_requests_end_in_an_answer_that_is_not_a_500(funnel: Funnel, head: bytes) -> None:
    address = urlsplit(funnel.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10) as peer:
        peer.sendall(head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answer = b""
        while more := peer.recv(65536):
            answer += more
    assert re.match(rb"HTTP/1\.[01] [234]\d\d ", answer), answer[:200]


def test_healthz_answers_without_a_visit(shopper: Shopper) -> None:
    response = shopper.browser.get(shopper.url + "/healthz", timeout=10)
    assert (response.status_code, response.text) == (200, "ok\n")
    assert not shopper.browser.cookies
