"""What was charged in a scene, or was to be: attempts as the ledger would tell them."""

import time
from typing import Any

from funnel.attempt import ORDER, Attempt, PaySource, State, Totals, new_key
from funnel.basket import Basket
from funnel.campaign.campaign import Campaign
from funnel.receipt import PENDING
from funnel.scenes.cast import ORDER_ID

HELD = Totals(orderStatus=PENDING)


def order(campaign: Campaign, state: State = State.CHARGED, *, ago: float = 1.0, **facts: Any) -> Attempt:
    """The order of the first package, `ago` seconds old."""
    return _attempt(ORDER, campaign.packages[0].basket, state, ago, **facts)


def upsell(campaign: Campaign, slot: str, state: State = State.CHARGED, **facts: Any) -> Attempt:
    return _attempt(slot, campaign.upsell(slot).basket, state, 1.0, **facts)


def by_paypal(campaign: Campaign, state: State = State.CHARGED, **facts: Any) -> Attempt:
    return order(campaign, state, pay_source=PaySource.PAYPAL, **facts)


def _attempt(slot: str, basket: Basket, state: State, ago: float, **facts: Any) -> Attempt:
    then = time.time() - ago
    return Attempt(
        key=new_key(),
        visit_id="scene",
        slot=slot,
        state=state,
        basket=basket,
        baseline=0,
        order_id=ORDER_ID,
        created_at=then,
        lease_until=then,
        sent_at=then,
        **facts,
    )
