"""A botnet with stolen cards: what the model says reaches the CRM, and what does over HTTP."""

from __future__ import annotations

from carders import attack
from conftest import Crm, OpenFunnel

from funnel.tries import Limits
from scripts.cardsim import ATTACKS, simulate


def test_in_the_model_the_limits_bound_an_attack_and_a_challenge_lets_shoppers_in() -> None:
    limits = Limits()
    got = {each.name: simulate(each, limits) for each in ATTACKS}
    quiet, one, *_, challenged, solving = got.values()
    assert (quiet.kept_out, one.kept_out) == (0, 0)
    assert one.reached <= limits.address * 6
    for each in got.values():
        assert each.reached <= 6 * limits.shop * 1.05, "the good ones among stolen cards come on top"
    assert challenged.reached / challenged.tried <= 0.015
    assert challenged.kept_out / challenged.shoppers <= 0.01
    assert solving.reached / solving.tried <= 0.02


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
