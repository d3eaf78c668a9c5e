"""What the CRM has heard of a crowd, fact by fact and in order; and what of it our books still owe."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from books import Books
from conftest import Crm
from crowd import Fact
from sqlalchemy import select

from funnel.outbox.outbox import State
from funnel.sandbox.calls import CALLS_KEPT
from funnel.store.tables import outbox, visits

CLICK, LEAD = "/landers/clicks/import/", "/leads/import/"
TAKEN = "SUCCESS"


_OWED_BY = select(outbox.c.id, outbox.c.lease, outbox.c.tries, visits.c.arrival).join(
    visits, visits.c.id == outbox.c.visit_id
)


class UnderWay(NamedTuple):
    """One call that was taken, by the lease it was taken with."""

    who: str
    row: int
    lease: str


@dataclass(frozen=True)
class Heard:
    """One call that had its effect."""

    who: str
    what: str
    params: dict[str, str]

    @property
    def fact(self) -> Fact:
        return self.who, self.what


class Facts:
    """The CRM's log read beside our books, which know whose a sessionId is."""

    def __init__(self, crm: Crm, books: Books) -> None:
        self._crm = crm
        self._books = books

    def heard(self) -> list[Heard]:
        """What was taken, in the order in which the calls came in; be it that nobody was there for the answer."""
        calls = self._crm.calls()
        assert len(calls) < CALLS_KEPT, "the sandbox has forgotten the first ones"
        sessions = self._sessions()
        return [_heard(call, sessions) for call in calls if call["path"] in (CLICK, LEAD) and call["result"] == TAKEN]

    def stories(self) -> dict[str, list[Heard]]:
        """Of each shopper, what was heard."""
        stories: dict[str, list[Heard]] = defaultdict(list)
        for heard in self.heard():
            stories[heard.who].append(heard)
        return stories

    def count(self) -> Counter[Fact]:
        return Counter(heard.fact for heard in self.heard())

    def owed(self) -> int:
        """What has not been delivered, for whatever reason."""
        return len(self._books.rows(select(outbox.c.id).where(outbox.c.state != State.DELIVERED)))

    def under_way(self) -> set[UnderWay]:
        """The calls that somebody has taken and not yet settled."""
        leased = (outbox.c.state == State.OWED) & (outbox.c.lease_until > time.time())
        rows = self._books.rows(_OWED_BY.where(leased))
        return {UnderWay(_name(row.arrival["requestUri"]), row.id, row.lease) for row in rows}

    def failed_tries(self) -> Counter[str]:
        """Of each shopper, the calls that were made and got no answer in time."""
        rows = self._books.rows(_OWED_BY.where(outbox.c.tries > 0))
        tries: Counter[str] = Counter()
        for row in rows:
            tries[_name(row.arrival["requestUri"])] += row.tries
        return tries

    def _sessions(self) -> dict[str, str]:
        """Whose each session is."""
        rows = self._books.rows(select(visits.c.session_id, visits.c.arrival))
        return {row.session_id: _name(row.arrival["requestUri"]) for row in rows}


def _heard(call: dict[str, Any], sessions: dict[str, str]) -> Heard:
    params = call["params"]
    if call["path"] == LEAD:
        return Heard(params["emailAddress"].partition("@")[0], "lead", params)
    who = sessions[params["sessionId"]] if "sessionId" in params else _name(params["requestUri"])
    return Heard(who, params["pageType"], params)


def _name(uri: str) -> str:
    return parse_qs(urlsplit(uri).query)["c1"][0]
