"""Whoever tries stolen cards, or floods the forms, is stopped before the CRM hears of it; their neighbours are not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from conftest import Crm, Funnel, OpenFunnel
from shopper import CARD, DECLINED_CARD, JANE, Page, Shopper
from sqlalchemy import func, select
from stores import Clock

from funnel.attempt import ORDER, By, Claim, Reason, Refusal, State, Verdict, new_key
from funnel.basket import Basket, Line
from funnel.charges.attempts import Attempts
from funnel.limits.floods import NEIGHBOURS, WINDOW, Floods
from funnel.limits.origin import NOWHERE, Origin, Origins
from funnel.limits.tries import ALARM_TIME, HOUR, MEMORY, STILL_ALARMED, TRIED_AGAIN, Limits, Mood, Tries
from funnel.outbox.housekeeping import Housekeeping
from funnel.outbox.outbox import Outbox
from funnel.settings import Timing
from funnel.store.store import Store
from funnel.store.tables import attempts, tallies

LAMP = Basket(lines=(Line(productId=1, name="Lamp", qty=1, each="1.00"),))
ORIGINS = Origins(["a secret of the tests"])
MALLORY = "93.184.216.34"
NEIGHBOUR = "93.184.216.99"
FAR_AWAY = "151.101.1.69"
BEHIND_A_PROXY = {"PROXY_HOPS": "1"}

DECLINED = Verdict(State.DECLINED, Reason.DECLINED)


class Till:
    """A ledger with limits, and people who press its pay button with cards that are declined."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self.tries = Tries(store, limits)
        self.ledger = Attempts(store, decline_limit=99, tries=self.tries)
        self._visits = 0

    def press(self, ip: str, visit: str = "") -> tuple[str, Claim]:
        """Each time in a visit of its own, unless one is told."""
        self._visits += 1
        key, visit = new_key(), visit or f"visit{self._visits}"
        return key, self.ledger.claim(key, visit, ORDER, LAMP, lease=30, origin=ORIGINS.of(ip))

    def try_in_vain(self, ip: str, verdict: Verdict = DECLINED, visit: str = "") -> Claim:
        key, claim = self.press(ip, visit)
        if claim.mine:
            assert self.ledger.mark_sent(key, f"ORDER-{key}", lease=30)
            assert self.ledger.settle(key, verdict, by=By.CHARGE, seen=(State.SENT,))
        return claim

    def raise_alarm(self, declines: int) -> None:
        """Each from a network of its own."""
        for number in range(declines):
            assert self.try_in_vain(f"8.{number // 250}.{number % 250}.1").mine

    def mood(self, ip: str, visit: str = "somebody's") -> Mood:
        return self.tries.mood(ORIGINS.of(ip), visit)

    def refuses(self, ip: str) -> bool:
        return self.mood(ip) is Mood.SPENT


def test_an_address_that_has_tried_too_many_cards_is_refused_and_its_neighbour_is_not(store: Store) -> None:
    till = Till(store, Limits(address=3))
    assert [till.try_in_vain(MALLORY).mine for _ in range(5)] == [True, True, True, False, False]
    assert till.press(MALLORY)[1].refusal is Refusal.TOO_MANY_TRIES
    assert till.press(NEIGHBOUR)[1].mine


def test_a_network_is_refused_as_a_whole_when_it_has_tried_too_many(store: Store) -> None:
    till = Till(store, Limits(address=3, network=5))
    for number in range(5):
        assert till.try_in_vain(f"93.184.216.{number}").mine
    assert till.refuses(NEIGHBOUR)
    assert not till.refuses(FAR_AWAY)


def test_an_hour_later_cards_are_taken_again(store: Store, clock: Clock) -> None:
    till = Till(store, Limits(address=1))
    till.try_in_vain(MALLORY)
    assert till.refuses(MALLORY)
    clock.now += HOUR
    assert till.press(MALLORY)[1].mine


def test_many_at_once_are_no_way_around(store: Store) -> None:
    """Charges whose outcome nobody knows yet count as if they were in vain."""
    till = Till(store, Limits(address=3))
    assert [till.press(MALLORY)[1].mine for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("verdict", "counts"),
    [
        (DECLINED, True),
        (Verdict(State.NOT_CHARGED, Reason.INVALID), True),
        (Verdict(State.UNKNOWN), True),
        (Verdict(State.CHARGED), False),
        (Verdict(State.NOT_CHARGED, Reason.UNREACHABLE), False),
    ],
)
def test_only_what_was_tried_in_vain_counts(store: Store, verdict: Verdict, counts: bool) -> None:
    till = Till(store, Limits(address=1))
    till.try_in_vain(MALLORY, verdict)
    assert till.refuses(MALLORY) is counts


def test_a_shop_with_too_many_declines_takes_no_more_cards_for_six_hours(store: Store, clock: Clock) -> None:
    till = Till(store, Limits(shop=4, alarm=99))
    till.raise_alarm(4)
    assert till.refuses(FAR_AWAY)
    clock.now += MEMORY - 1
    assert till.refuses(FAR_AWAY)
    clock.now += 1
    assert not till.refuses(FAR_AWAY)


def test_under_attack_one_card_in_vain_holds_its_network_and_no_other(store: Store, clock: Clock) -> None:
    till = Till(store, Limits(alarm=5))
    till.raise_alarm(4)
    assert till.mood(FAR_AWAY) is Mood.FREE
    till.try_in_vain(MALLORY)
    assert till.refuses(NEIGHBOUR)
    assert till.press(NEIGHBOUR)[1].refusal is Refusal.TOO_MANY_TRIES
    assert till.mood(FAR_AWAY) is Mood.SUSPECT
    assert till.press(FAR_AWAY)[1].mine
    clock.now += ALARM_TIME
    assert not till.refuses(NEIGHBOUR)


def test_under_attack_a_network_is_remembered_for_six_hours(store: Store, clock: Clock) -> None:
    till = Till(store, Limits(alarm=5))
    till.try_in_vain(MALLORY)
    clock.now += MEMORY - 1
    till.raise_alarm(5)
    assert till.refuses(NEIGHBOUR)
    clock.now += 1
    assert not till.refuses(NEIGHBOUR)


def test_under_attack_a_network_that_pays_more_often_than_in_vain_goes_on(store: Store) -> None:
    till = Till(store, Limits(alarm=2))
    till.try_in_vain(MALLORY)
    till.try_in_vain(NEIGHBOUR, Verdict(State.CHARGED))
    till.raise_alarm(2)
    assert not till.refuses(NEIGHBOUR)
    till.try_in_vain(MALLORY)
    assert till.refuses(NEIGHBOUR)


def test_under_attack_who_was_declined_may_try_again_until_too_many_do(store: Store) -> None:
    till = Till(store, Limits(alarm=1))
    assert till.try_in_vain(FAR_AWAY, visit="jane's").mine
    assert till.try_in_vain(FAR_AWAY, visit="jane's").mine
    for number in range(TRIED_AGAIN - 2):
        ip, visit = f"93.184.{number}.1", f"one of many {number}"
        assert [till.try_in_vain(ip, visit=visit).mine for _ in range(2)] == [True, True]
    assert till.mood(FAR_AWAY, "jane's") is Mood.SUSPECT
    assert till.try_in_vain(FAR_AWAY, visit="jane's").mine
    assert till.mood(FAR_AWAY, "jane's") is Mood.SPENT


def test_an_attack_that_pauses_is_not_forgotten_in_ten_minutes(store: Store, clock: Clock) -> None:
    till = Till(store, Limits(alarm=2))
    till.raise_alarm(2 * STILL_ALARMED - 1)
    clock.now += ALARM_TIME
    assert till.mood(FAR_AWAY) is Mood.FREE
    till.raise_alarm(1)
    clock.now += ALARM_TIME
    assert till.mood(FAR_AWAY) is Mood.SUSPECT
    clock.now += MEMORY
    assert till.mood(FAR_AWAY) is Mood.FREE


def test_an_address_near_its_limit_is_suspect(store: Store) -> None:
    till = Till(store, Limits(address=4))
    till.try_in_vain(MALLORY)
    assert till.mood(MALLORY) is Mood.FREE
    till.try_in_vain(MALLORY)
    assert till.mood(MALLORY) is Mood.SUSPECT


def test_charges_in_an_hour_can_be_limited_whatever_becomes_of_them(store: Store, clock: Clock) -> None:
    till = Till(store, Limits(charges=2))
    for number in range(2):
        till.try_in_vain(f"93.184.{number}.1", Verdict(State.CHARGED))
    assert till.refuses(FAR_AWAY)
    clock.now += HOUR
    assert not till.refuses(FAR_AWAY)


def test_where_a_card_was_tried_from_is_no_address_and_goes_in_six_hours(store: Store, clock: Clock) -> None:
    till = Till(store, Limits())
    till.try_in_vain(MALLORY)
    with store.read() as connection:
        (kept,) = connection.execute(select(attempts.c.address, attempts.c.network)).all()
    assert all(value and MALLORY not in value for value in kept)
    clock.now += MEMORY + 1
    keeping(store).run()
    with store.read() as connection:
        assert connection.execute(select(attempts.c.address, attempts.c.network)).all() == [(None, None)]


@pytest.mark.parametrize(
    ("ip", "other", "same"),
    [
        ("93.184.216.34", "93.184.216.35", "network"),
        ("93.184.216.34", "::ffff:93.184.216.34", "address"),
        ("2606:2800:220:1::1", "2606:2800:220:1:ffff::9", "address"),
        ("2606:2800:220:1::1", "2606:2800:220:2::1", "network"),
        ("2606:2800:220:1::1", "2606:2800:221:1::1", "nothing"),
        ("93.184.216.34", "93.184.217.34", "nothing"),
    ],
)
def test_neighbours_share_a_network(ip: str, other: str, same: str) -> None:
    one, two = ORIGINS.of(ip), ORIGINS.of(other)
    assert one.address is not None
    assert one.address != one.network
    assert (one.address == two.address, one.network == two.network) == (same == "address", same != "nothing")


@pytest.mark.parametrize("ip", [None, "", "127.0.0.1", "::1", "10.1.2.3", "192.168.0.1", "fd00::1", "unix", "1.2.3"])
def test_a_proxys_own_address_is_nobodys(ip: str | None) -> None:
    assert ORIGINS.of(ip) is NOWHERE


def test_another_secret_gives_other_digests() -> None:
    assert Origins(["another"]).of(MALLORY) != ORIGINS.of(MALLORY)


def test_forms_are_counted_by_address_and_by_network_in_windows(store: Store, clock: Clock) -> None:
    floods = Floods(store, limit=3)
    assert [floods.counts(ORIGINS.of(MALLORY)) for _ in range(4)] == [False, False, False, True]
    assert not floods.counts(ORIGINS.of(NEIGHBOUR))
    for number in range(3 * NEIGHBOURS - 5):
        assert not floods.counts(ORIGINS.of(f"93.184.216.{100 + number}"))
    assert floods.counts(ORIGINS.of(NEIGHBOUR)), "the network has sent five times as many"
    assert not floods.counts(ORIGINS.of(FAR_AWAY))
    clock.now += WINDOW
    assert not floods.counts(ORIGINS.of(MALLORY))


def test_counts_that_are_over_go(store: Store, clock: Clock) -> None:
    floods = Floods(store, limit=3)
    floods.counts(ORIGINS.of(MALLORY))
    keeping(store).run()
    assert rows_of_tallies(store) == 2
    clock.now += WINDOW
    keeping(store).run()
    assert rows_of_tallies(store) == 0


def keeping(store: Store) -> Housekeeping:
    return Housekeeping(
        store=store, outbox=Outbox(store), floods=Floods(store, limit=3), timing=Timing(), confirm_order=False
    )


def rows_of_tallies(store: Store) -> int:
    with store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(tallies)).scalar_one())


# The same over HTTP.


@contextmanager
def visitors(funnel: Funnel) -> Iterator[Visitors]:
    with ExitStack() as opened:
        yield Visitors(funnel, opened)


class Visitors:
    def __init__(self, funnel: Funnel, opened: ExitStack) -> None:
        self._funnel = funnel
        self._opened = opened

    def from_(self, ip: str) -> Shopper:
        return self._opened.enter_context(Shopper(self._funnel.url, **{"X-Forwarded-For": ip}))


def test_a_card_tester_gets_no_further_than_the_limit_whatever_the_visits(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_funnel(FUNNEL_ADDRESS_DECLINES="2", **BEHIND_A_PROXY)
    with visitors(funnel) as people:
        pages = [tried(people.from_(MALLORY)) for _ in range(4)]
        assert [page.status for page in pages] == [422, 422, 429, 429]
        assert "Too many tries. Wait 15 minutes" in pages[-1].text
        assert pages[-1].headers["Retry-After"] == "900"
        assert pages[-1].form.values["shipCity"] == "Springfield"
        assert pages[-1].form.values["cardNumber"] == ""
        assert len(crm.calls("/order/import/")) == 2
        neighbour = people.from_(NEIGHBOUR)
        neighbour.leave_lead()
        assert neighbour.pay().path == "upsell/1"


def tried(shopper: Shopper) -> Page:
    shopper.leave_lead()
    return shopper.pay(**DECLINED_CARD)


@pytest.mark.parametrize("typed", [{"csrf_token": "forged"}, {"emailAddress": "nobody"}, {}])
def test_a_flood_of_forms_is_stopped_whatever_is_in_them(
    crm: Crm, open_funnel: OpenFunnel, typed: dict[str, str]
) -> None:
    funnel = open_funnel(FUNNEL_ADDRESS_FORMS="3", **BEHIND_A_PROXY)
    with visitors(funnel) as people:
        mallory = people.from_(MALLORY)
        mallory.get("/lead")
        form = mallory.page.form
        pages = [mallory.submit(form, **{**JANE, **typed}) for _ in range(5)]
        assert [page.status == 429 for page in pages] == [False, False, False, True, True]
        assert pages[-1].headers["Retry-After"] == "900"
        assert "Wait 15 minutes" in pages[-1].text
        assert mallory.get("/lead").status == 200, "pages are shown all the same"
        stranger = people.from_(FAR_AWAY)
        assert stranger.leave_lead().path == "checkout"


def test_looking_at_pages_is_not_counted(open_funnel: OpenFunnel) -> None:
    funnel = open_funnel(FUNNEL_ADDRESS_FORMS="1", **BEHIND_A_PROXY)
    with visitors(funnel) as people:
        shopper = people.from_(FAR_AWAY)
        for path in ("/", "/lead", "/checkout", "/thank-you") * 3:
            assert shopper.get(path).status == 200
        assert rows_of_tallies(funnel.rooms.store) == 0


def test_a_forged_address_does_not_help_where_no_proxy_is(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_funnel(FUNNEL_SHOP_DECLINES="2")
    with visitors(funnel) as people:
        pages = [tried(people.from_(f"93.184.{number}.1")) for number in range(3)]
    assert [page.status for page in pages] == [422, 422, 429], "one address, ours, and so the shop's limit alone"
    with funnel.rooms.store.read() as connection:
        assert set(connection.execute(select(attempts.c.address, attempts.c.network)).all()) == {(None, None)}


def test_a_paid_order_bears_its_upsells_in_a_shop_that_takes_no_more_cards(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_funnel(FUNNEL_SHOP_DECLINES="1", **BEHIND_A_PROXY)
    with visitors(funnel) as people:
        jane = people.from_(FAR_AWAY)
        assert jane.buy().path == "upsell/1"
        tried(people.from_(MALLORY))
        assert jane.submit(choice="yes").path == "upsell/2"
        assert len(crm.calls("/upsale/import/")) == 1
        late = people.from_("8.8.8.8")
        late.leave_lead()
        assert late.pay(**CARD).status == 429


def test_an_origin_tells_nothing_by_itself() -> None:
    assert MALLORY not in repr(ORIGINS.of(MALLORY))
    assert Origin() == NOWHERE
