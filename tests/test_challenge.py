"""Under suspicion, and only then, a shopper shows that they are a person before a card is taken."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from conftest import Crm, OpenFunnel, served
from shopper import CARD, DECLINED_CARD, Page, Shopper
from werkzeug.wrappers import Request, Response

from funnel.limits.challenge import PROVIDERS, Challenge, Seen

ORDER = "/order/import/"
MALLORY = "93.184.216.34"
JANES = "151.101.1.69"


@dataclass
class Provider:
    """Somebody who sees persons by the token "person", each once, and says so over HTTP."""

    asked: list[dict[str, str]] = field(default_factory=list)
    answer: str = ""

    @property
    def application(self) -> Callable[..., object]:
        @Request.application
        def siteverify(request: Request) -> Response:
            token = request.form["response"]
            again = token in [earlier["response"] for earlier in self.asked]
            self.asked.append(request.form.to_dict())
            return Response(self.answer or json.dumps({"success": token.startswith("person") and not again}))

        return siteverify


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def verify_url(provider: Provider) -> Iterator[str]:
    with served(provider.application) as url:
        yield f"{url}/siteverify"


def challenge(verify_url: str) -> Challenge:
    return Challenge(PROVIDERS["turnstile"], "site", "secret", verify_url)


def test_the_provider_is_asked_once_for_each_token(provider: Provider, verify_url: str) -> None:
    asking = challenge(verify_url)
    assert asking.look_at("person", JANES) is Seen.PERSON
    assert asking.look_at("person", JANES) is Seen.UNPROVEN
    assert asking.look_at("machine", JANES) is Seen.UNPROVEN
    assert provider.asked[0] == {"secret": "secret", "response": "person", "remoteip": JANES}


@pytest.mark.parametrize("token", ["", "x" * 5000])
def test_what_is_no_token_is_not_asked_about(provider: Provider, verify_url: str, token: str) -> None:
    assert challenge(verify_url).look_at(token, JANES) is Seen.UNPROVEN
    assert provider.asked == []


@pytest.mark.parametrize("answer", ["<html>", "[]", '{"success": "true"', "[" * 100_000])
def test_an_answer_that_says_nothing_is_no_proof(provider: Provider, verify_url: str, answer: str) -> None:
    provider.answer = answer
    assert challenge(verify_url).look_at("person", JANES) is Seen.UNKNOWN


@pytest.mark.parametrize("answer", ['{"success": "true"}', '{"success": 1}', "{}"])
def test_only_true_is_true(provider: Provider, verify_url: str, answer: str) -> None:
    provider.answer = answer
    assert challenge(verify_url).look_at("person", JANES) is Seen.UNPROVEN


def test_nobody_there_is_no_proof() -> None:
    assert challenge("http://127.0.0.1:9/siteverify").look_at("person", JANES) is Seen.UNKNOWN


def test_the_secret_does_not_show() -> None:
    assert "secret" not in repr(challenge("http://127.0.0.1:9")).replace("secret_key", "")


# At the checkout.


@dataclass(frozen=True)
class Shop:
    url: str
    crm: Crm

    @contextmanager
    def visitor(self, ip: str) -> Iterator[Shopper]:
        with Shopper(self.url, **{"X-Forwarded-For": ip}) as shopper:
            yield shopper

    def tries_in_vain(self, ip: str) -> None:
        with self.visitor(ip) as mallory:
            mallory.leave_lead()
            assert mallory.pay(**DECLINED_CARD).status == 422


@pytest.fixture
def shop(crm: Crm, open_funnel: OpenFunnel, verify_url: str) -> Shop:
    keys = {"CHALLENGE": "turnstile", "CHALLENGE_SITE_KEY": "site", "CHALLENGE_SECRET_KEY": "secret"}
    funnel = open_funnel(**keys, CHALLENGE_VERIFY_URL=verify_url, FUNNEL_ALARM_DECLINES="2", PROXY_HOPS="1")
    return Shop(funnel.url, crm)


def prove(shopper: Shopper, token: str = "person") -> Page:
    return shopper.submit(**{"cf-turnstile-response": token})


def test_without_suspicion_nobody_is_asked(provider: Provider, shop: Shop) -> None:
    shop.tries_in_vain(MALLORY)
    with shop.visitor(JANES) as jane:
        assert jane.leave_lead().path == "checkout"
        assert jane.get("/checkout/person").path == "checkout"
        assert jane.pay().path == "upsell/1"
    assert provider.asked == []


def test_in_a_shop_under_attack_everybody_is_asked_before_the_card(provider: Provider, shop: Shop) -> None:
    shop.tries_in_vain(MALLORY)
    shop.tries_in_vain("93.184.217.34")
    with shop.visitor(JANES) as jane:
        page = jane.leave_lead()
        assert (page.path, "Nothing was charged just now" in page.text) == ("checkout/person", True)
        assert page.attributes("div", **{"data-sitekey": "site"})["class"] == "cf-turnstile"
        assert "https://challenges.cloudflare.com" in page.headers["Content-Security-Policy"]
        assert not [name for name in page.form.values if name.startswith("card")]
        assert prove(jane, "machine").status == 422
        page = prove(jane)
        assert page.path == "checkout"
        assert "cloudflare" not in page.headers["Content-Security-Policy"] + page.html
        assert jane.pay().path == "upsell/1"
    assert [asked["remoteip"] for asked in provider.asked] == [JANES, JANES]


def test_a_proof_is_good_for_one_card(shop: Shop) -> None:
    shop.tries_in_vain("93.184.218.34")
    shop.tries_in_vain("93.184.217.34")
    with shop.visitor(MALLORY) as mallory:
        mallory.leave_lead()
        assert prove(mallory).path == "checkout"
        assert mallory.pay(**DECLINED_CARD).status == 422
        assert mallory.pay(**CARD).path == "checkout/person"
        assert prove(mallory, "person").status == 422, "the same token again"
        assert len(shop.crm.calls(ORDER)) == 3


def test_suspicion_that_comes_while_the_form_is_open_asks_first_and_keeps_what_was_typed(shop: Shop) -> None:
    with shop.visitor(JANES) as jane:
        jane.leave_lead()
        shop.tries_in_vain(MALLORY)
        shop.tries_in_vain("93.184.217.34")
        assert jane.pay().path == "checkout/person"
        page = prove(jane)
        assert page.form.values["shipCity"] == "Springfield"
        assert page.form.values["cardNumber"] == ""
        assert len(shop.crm.calls(ORDER)) == 2
        assert jane.pay().path == "upsell/1"


def test_while_the_provider_says_nothing_no_card_is_taken_and_that_is_said_kindly(
    provider: Provider, shop: Shop
) -> None:
    shop.tries_in_vain(MALLORY)
    shop.tries_in_vain("93.184.217.34")
    provider.answer = "<html>"
    with shop.visitor(JANES) as jane:
        jane.leave_lead()
        page = prove(jane)
        assert (page.status, page.headers["Retry-After"]) == (503, "60")
        assert "Try again in a minute" in page.text
        assert jane.get("/checkout").path == "checkout/person"
        assert len(shop.crm.calls(ORDER)) == 2


def test_a_proof_without_the_forms_token_counts_for_nothing(provider: Provider, shop: Shop) -> None:
    shop.tries_in_vain(MALLORY)
    shop.tries_in_vain("93.184.217.34")
    with shop.visitor(JANES) as jane:
        jane.leave_lead()
        assert jane.submit(csrf_token="forged", **{"cf-turnstile-response": "person"}).status == 400
        assert jane.get("/checkout").path == "checkout/person"
    assert provider.asked == []
