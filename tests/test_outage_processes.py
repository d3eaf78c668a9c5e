"""Real processes, and nothing is lost: the CRM away from a crowd, kill -9 while it is told, two hosts on one store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from conftest import eventually
from crowd import PROXIED, Crowd, Someone, all_at_once
from facts import Facts, UnderWay
from processes import Installation
from shopper import ADDRESS, CARD, PATIENCE, Page
from test_charged_once import ORDER

CONFIRM = "/order/confirm/"
LOOKERS, LEADS, PAYERS = 700, 200, 5
CLICKS = 2 * LOOKERS + 3 * LEADS  # presell and lead form; and checkout, for the leads
PAUSED_WITHIN = 60.0  # seconds until the funnel has noticed that the CRM is away
DELIVERED_WITHIN = 200.0  # seconds, on a machine that is busy
BACKLOG, SUBMITTERS, BUYERS = 150, 60, 12  # shoppers
SHORT = "2"  # seconds of a deadline: what was killed is due again after twice as long and the margin of a lease
CRM_TAKES = 0.5  # seconds of each call
PATIENT = {"FUNNEL_ANSWER_DEADLINE": "20", "FUNNEL_OWED_DEADLINE": "20"}  # so that no call is given up and made again
OpenInstallation = Callable[..., Installation]


@pytest.fixture
def install(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenInstallation]:
    with ExitStack() as opened:

        def open_on(database: str, **settings: Any) -> Installation:
            url = request.getfixturevalue("postgres_database") if database == "postgresql" else ""
            chosen = {"DATABASE_URL": url} if url else {}
            return opened.enter_context(Installation(tmp_path, **PROXIED, **chosen, **settings))

        yield open_on


@pytest.mark.timeout(500)
@pytest.mark.parametrize(("database", "away"), [("sqlite", "killed"), ("postgresql", "hang")])
def test_all_that_happens_while_the_crm_is_away_arrives_once_and_in_order(
    install: OpenInstallation, database: str, away: str
) -> None:
    installation = install(database, FUNNEL_OWED_DEADLINE="5", FUNNEL_ANSWER_DEADLINE="0.5")
    crowd, facts = Crowd(installation.urls), Facts(installation.crm, installation.books)
    _take_away(installation, away)
    lookers, leads = crowd.come(LOOKERS), crowd.come(LEADS)
    all_at_once(Someone.look_at_offer, lookers)
    assert eventually(lambda: _is_paused(installation), within=PAUSED_WITHIN)
    assert all_at_once(Someone.become_lead, leads) == ["/checkout"] * LEADS
    for answer in all_at_once(lambda one: one.glance("/checkout", "checkoutPage"), leads):
        page = Page(answer)
        assert page.status == 503
        assert "We cannot take payments right now." in page.text
        assert page.forms == [], "no card is asked for"
    assert sum(crowd.facts().values()) == CLICKS + LEADS
    _bring_back(installation, away)
    assert eventually(lambda: facts.owed() == 0, within=DELIVERED_WITHIN), facts.owed()
    stories = {who: [heard.what for heard in story] for who, story in facts.stories().items()}
    assert stories == crowd.stories(), "each fact once, in the order in which it happened"
    _see_sessions(facts)
    _see_who_pays(installation, facts, leads[:PAYERS])


def _take_away(installation: Installation, away: str) -> None:
    if away == "killed":
        installation.kill("sandbox")
    else:
        installation.crm.fault("*", away, times=0)


def _bring_back(installation: Installation, away: str) -> None:
    if away == "killed":
        installation.start("sandbox")
    else:
        installation.crm.heal()


def _is_paused(installation: Installation) -> bool:
    """HEAD is nobody's visit."""
    return requests.head(f"{installation.url}/checkout", timeout=PATIENCE).status_code == 503


def _see_sessions(facts: Facts) -> None:
    """A shopper's first click has come first, and was given the session that all the rest belongs to."""
    for story in facts.stories().values():
        assert "sessionId" not in story[0].params
        assert story[0].what == "presellPage"
        assert len({heard.params["sessionId"] for heard in story[1:]}) == 1


def _see_who_pays(installation: Installation, facts: Facts, payers: list[Someone]) -> None:
    """The order hangs on the lead's orderId and in its session; the books and the CRM agree."""
    for one in payers:
        assert one.get("/checkout").status == 200
        assert one.pay().path == "upsell/1"
        assert one.submit(choice="no").path == "upsell/2"
        assert one.submit(choice="no").path == "thank-you"
    crm = installation.crm
    confirmed = {call["params"]["orderId"] for call in crm.wait_for(CONFIRM, len(payers))}
    orders = {call["params"]["emailAddress"]: call["params"] for call in crm.calls(ORDER)}
    sessions = {heard.who: heard.params["sessionId"] for heard in facts.heard() if heard.what == "lead"}
    order_ids = installation.books.order_ids()
    for one in payers:
        assert orders[one.email]["orderId"] == order_ids[one.email]
        assert orders[one.email]["sessionId"] == sessions[one.name]
    assert len(crm.calls(ORDER)) == crm.charges()["total"] == len(payers)
    assert confirmed == {order_ids[one.email] for one in payers} == set(crm.charges()["orders"])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_killed_in_the_midst_of_it_nothing_is_lost_and_only_what_was_under_way_is_told_twice(
    install: OpenInstallation, database: str
) -> None:
    installation = install(database, FUNNEL_OWED_DEADLINE=SHORT, FUNNEL_ANSWER_DEADLINE=SHORT)
    crowd, facts = Crowd(installation.urls), Facts(installation.crm, installation.books)
    installation.crm.fault("*", "latency", times=0, seconds=CRM_TAKES)
    installation.kill("relay")
    all_at_once(Someone.look_at_offer, crowd.come(BACKLOG))
    installation.start("relay")
    assert eventually(lambda: len(facts.heard()) > BACKLOG / 2, within=DELIVERED_WITHIN)
    installation.kill("relay")
    under_way = facts.under_way()
    assert 0 < len(under_way) < facts.owed(), "the backlog was draining"
    installation.start("relay")
    with ThreadPoolExecutor(1) as door:
        submitted = door.submit(all_at_once, Someone.become_lead, crowd.come(SUBMITTERS))
        assert eventually(lambda: _leads_heard(facts) > SUBMITTERS / 4, within=DELIVERED_WITHIN)
        installation.kill("web", "relay")
        under_way |= facts.under_way()
        assert not submitted.done(), "leads were being submitted"
        installation.start("web")
        installation.start("relay")
        assert submitted.result() == ["/checkout"] * SUBMITTERS
    assert eventually(lambda: facts.owed() == 0, within=DELIVERED_WITHIN), facts.owed()
    _see_that_nothing_is_lost(crowd, facts, under_way)


def _leads_heard(facts: Facts) -> int:
    return sum(heard.what == "lead" for heard in facts.heard())


def _see_that_nothing_is_lost(crowd: Crowd, facts: Facts, under_way: set[UnderWay]) -> None:
    """Each fact once; once more for a call whose outcome nobody lived to see, a request that was made again, or a lead
    that could wait no longer for its session and belongs in it."""
    heard, done = facts.count(), crowd.facts()
    assert done - heard == Counter(), "lost"
    leads = [told for told in facts.heard() if told.what == "lead"]
    last = {told.who: told.params for told in leads}
    assert [who for who, params in last.items() if "sessionId" not in params] == [], "a lead outside its session"
    again = facts.failed_tries() + Counter(call.who for call in under_way)
    again.update({told.who for told in leads if "sessionId" not in told.params})
    again.update({one.name: one.again for one in crowd.people})
    twice: Counter[str] = Counter()
    for (who, _), times in (heard - done).items():
        twice[who] += times
    assert twice - again == Counter(), "told twice without need"


@pytest.mark.timeout(300)
def test_two_hosts_over_one_store_share_the_shoppers_and_the_work(install: OpenInstallation) -> None:
    installation = install("postgresql", hosts=2, LOG_LEVEL="INFO", **PATIENT)
    crowd, facts = Crowd(installation.urls), Facts(installation.crm, installation.books)
    installation.crm.fault("*", "latency", times=0, seconds=CRM_TAKES)
    installation.kill("relay", "relay2")
    all_at_once(Someone.look_at_offer, crowd.come(BACKLOG))
    for relay in ("relay", "relay2"):
        installation.start(relay)
    buyers = crowd.come(BUYERS)
    all_at_once(_buy_everything, buyers)
    assert eventually(lambda: facts.owed() == 0, within=DELIVERED_WITHIN), facts.owed()
    assert facts.count() == crowd.facts(), "each fact once"
    _see_sessions(facts)
    crm = installation.crm
    assert len(crm.wait_for(CONFIRM, BUYERS)) == BUYERS
    slots = {"order": 1, "upsale:202": 1}
    assert list(crm.charges()["orders"].values()) == [slots] * BUYERS
    assert set(crm.charges()["orders"]) == {installation.books.order_ids()[one.email] for one in buyers}
    shares = [installation.printed_by(relay).count("call=ImportClick") for relay in ("relay", "relay2")]
    assert min(shares) > sum(shares) / 20, shares
    served = [installation.printed_by(host) for host in ("web", "web2")]
    assert all("call=Import" in printed for printed in served)
    assert "".join(served).count("call=ImportOrder") == BUYERS


def _buy_everything(one: Someone) -> None:
    """Each request goes to the other host; the pay button is pressed twice at once, so on both of them."""
    one.become_lead()
    one.facts.append("checkoutPage")
    one.get("/checkout")
    assert [page.path for page in one.press_twice(**ADDRESS, **CARD)] == ["upsell/1"] * 2
    one.facts += ["upsellPage1", "upsellPage2", "thankyouPage"]
    assert one.get("/upsell/1").path == "upsell/1"
    assert one.submit(choice="yes").path == "upsell/2"
    assert one.submit(choice="no").path == "thank-you"
    assert "Thank you, Jane" in one.page.text
