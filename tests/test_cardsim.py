"""A botnet with stolen cards: what the model says reaches the CRM, and what does over HTTP."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from carders import address, attack
from conftest import Crm, OpenFunnel
from stores import Clock

from funnel.attempt import ORDER, By, Reason, State, Verdict, new_key
from funnel.basket import Basket, Line
from funnel.charges.attempts import Attempts
from funnel.limits.origin import Origins
from funnel.limits.tries import Limits, Tries
from funnel.store.store import Store
from scripts.cardshop import VISIT_DECLINES, Place, Shop
from scripts.cardsim import ATTACKS, simulate

LAMP = Basket(lines=(Line(productId=1, name="Lamp", qty=1, each="1.00"),))
CHARGED, DECLINED = Verdict(State.CHARGED), Verdict(State.DECLINED, Reason.DECLINED)


def test_in_the_model_a_botnet_gets_little_through_and_keeps_few_shoppers_out() -> None:
    limits = Limits()
    got = {each.name: simulate(each, limits) for each in ATTACKS}
    for name, each in got.items():
        assert each.reached <= limits.shop * 1.05, f"{name}: the good ones among stolen cards come on top"
    quiet, one, few, many, patient, wide, *challenged = got.values()
    assert (quiet.kept_out, one.kept_out) == (0, 0)
    assert one.reached <= limits.address * 6 * 1.05
    for each in (few, many, *challenged):
        assert each.reached / each.tried <= 0.015
        assert each.kept_out / each.shoppers <= 0.01
    assert patient.kept_out / patient.shoppers <= 0.03
    assert wide.reached / wide.tried <= 0.015


def test_the_model_keeps_the_rules_of_the_ledger(tmp_path: Path, clock: Clock) -> None:
    limits = Limits(address=2, network=4, shop=40, alarm=1)
    store = Store(f"sqlite:///{tmp_path}/test.db", clock=clock)
    store.prepare()
    ledger = Attempts(store, decline_limit=VISIT_DECLINES, tries=Tries(store, limits))
    model, dice, charged, taken = Shop(limits), random.Random(1), Counter[str](), []  # noqa: S311  (a model)
    for number in range(800):
        clock.now += dice.expovariate(1 / 120)
        ip = address(dice.randrange(40))
        network = Origins(["a secret"]).of(ip).network or ""
        visit = f"{ip}, visit {number if dice.random() < 0.2 else charged[ip]}"
        place, key, good = Place(ip, network, visit), new_key(), dice.random() < 0.4
        claim = ledger.claim(key, visit, ORDER, LAMP, lease=30, origin=Origins(["a secret"]).of(ip))
        assert claim.mine == model.takes(clock.now, place), f"press {number}"
        taken.append(claim.mine)
        if claim.mine:
            assert ledger.mark_sent(key, f"ORDER-{key}", lease=30)
            assert ledger.settle(key, CHARGED if good else DECLINED, by=By.CHARGE, seen=(State.SENT,))
            model.ask_crm(clock.now, place, good=good)
            charged[ip] += good
    store.close()
    assert 200 < sum(taken) < 600


def test_over_http_no_more_cards_reach_the_crm_than_the_limits_allow(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_funnel(
        relay=False,
        PROXY_HOPS="1",
        FUNNEL_ADDRESS_DECLINES="3",
        FUNNEL_ALARM_DECLINES="99",
        FUNNEL_SHOP_DECLINES="12",
        FUNNEL_DECLINE_LIMIT="9",
    )
    statuses = attack(funnel.url, visits=20, addresses=10, presses=8)
    heard = len(crm.calls("/order/import/"))
    assert sum(statuses.values()) == 160
    assert set(statuses) == {422, 429}
    # SQLite's claims are made one after the other, and see each other; but the shop's declines are known afterwards.
    assert 12 <= heard <= 10 * 3
    assert statuses[422] == heard
