"""A crowd over HTTP: hundreds of shoppers at once, each behind an address and with a click id of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any, TypeVar

import requests
from conftest import eventually
from processes import START_WITHIN
from requests.adapters import HTTPAdapter
from shopper import JANE, PATIENCE, Form, Page, Shopper

HANDS = 24  # shoppers at a time
PROXIED = {"PROXY_HOPS": "1"}  # what the funnel must be told, so that it sees a crowd and not one address
Fact = tuple[str, str]  # a shopper's name, and the pageType seen or "lead"
Seen = TypeVar("Seen")


class Balancer(HTTPAdapter):
    """In front of all hosts: the requests of each shopper go to one after the other, over connections that are kept."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls
        self._turns: dict[str, Iterator[int]] = {}
        super().__init__(pool_maxsize=HANDS)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        path = "/" + (request.url or "").split("/", 3)[3]
        address = str(request.headers["X-Forwarded-For"])
        turns = self._turns.setdefault(address, count(int(address.rpartition(".")[2])))  # not all begin with the same
        request.url = self._urls[next(turns) % len(self._urls)] + path
        return super().send(request, *args, **options)


class Someone(Shopper):
    """One of the crowd, told by their number; what the CRM has to hear of them is in `facts`."""

    def __init__(self, number: int, url: str, balancer: Balancer) -> None:
        self._balancer = balancer
        self.name = f"s{number}"
        self.email = f"{self.name}@example.com"
        self.again = 0  # requests made once more, because nobody answered
        self.facts: list[str] = []
        self._address = {"X-Forwarded-For": f"10.0.{number // 250}.{number % 250 + 1}"}
        super().__init__(url, **self._address)
        self.browser.mount("http://", balancer)

    def glance(self, path: str, page_type: str) -> requests.Response:
        """See a page, again and again while nobody answers; without the critical eye, for there are hundreds."""
        answer = self._insist(lambda: self._request("GET", f"{path}?c1={self.name}"))
        self.facts.append(page_type)
        return answer

    def look_at_offer(self) -> None:
        assert self.glance("/", "presellPage").status_code == 200
        assert self.glance("/lead", "leadPage").status_code == 200

    def become_lead(self) -> str:
        """See the form, fill it and press the button; where that leads."""
        assert self.glance("/", "presellPage").status_code == 200
        form = Page(self.glance("/lead", "leadPage")).form
        answer = self._insist(lambda: self._press(form))
        assert answer.status_code == 303, answer.text
        self.facts.append("lead")
        return answer.headers["Location"]

    def press_twice(self, **typed: str) -> list[Page]:
        """The form of the page at hand, from two tabs at once: with two hosts, from both of them."""

        def press(form: Form) -> Page:
            tab = Shopper(self.url, **self._address)
            tab.browser.mount("http://", self._balancer)
            tab.browser.cookies.update(self.browser.cookies)
            tab.page = self.page
            return tab.submit(form, **typed)

        with ThreadPoolExecutor(2) as tabs:
            return list(tabs.map(press, [self.page.form] * 2))

    def _press(self, form: Form) -> requests.Response:
        return self._request("POST", "/lead", data={**form.values, **JANE, "emailAddress": self.email})

    def _request(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.browser.request(method, self.url + path, allow_redirects=False, timeout=PATIENCE, **options)

    def _insist(self, action: Callable[[], requests.Response]) -> requests.Response:
        def attempt() -> list[requests.Response]:
            try:
                return [action()]
            except requests.RequestException:
                self.again += 1
                return []

        answers = eventually(attempt, within=2 * START_WITHIN)
        assert answers, f"nobody answers {self.name}"
        return answers[0]


class Crowd:
    """So many shoppers, numbered in the order of their coming."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls
        self._balancer = Balancer(urls)
        self.people: list[Someone] = []

    def come(self, number: int) -> list[Someone]:
        first = len(self.people)
        newcomers = [Someone(first + each, self._urls[0], self._balancer) for each in range(number)]
        self.people += newcomers
        return newcomers

    def stories(self) -> dict[str, list[str]]:
        return {one.name: one.facts for one in self.people}

    def facts(self) -> Counter[Fact]:
        """Who has done what."""
        return Counter((one.name, fact) for one in self.people for fact in one.facts)


def all_at_once(doing: Callable[[Someone], Seen], people: Iterable[Someone]) -> list[Seen]:
    with ThreadPoolExecutor(HANDS, thread_name_prefix="crowd") as hands:
        return list(hands.map(doing, people))
