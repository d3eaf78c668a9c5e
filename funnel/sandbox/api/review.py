"""Order QA: a held order is approved, and its money taken, or declined."""

from dataclasses import replace

from funnel.sandbox.api.params import Params, existing_order, require
from funnel.sandbox.api.replies import NOT_IN_REVIEW, QA_APPROVED, QA_DECLINED, Refusal, Reply, must_be_in, success
from funnel.sandbox.orders import Order
from funnel.sandbox.world import World

ACTIONS = ("APPROVE", "DECLINE")


def order_qa(world: World, params: Params, site: str) -> Reply:
    """What an order that is not held is told, and all of DECLINE, are assumptions."""
    require(params, ["action"])
    if params["action"] not in ACTIONS:
        raise Refusal({"action": must_be_in(ACTIONS)})
    order = existing_order(world, params)
    if order.reviewStatus != "PENDING":
        raise Refusal(NOT_IN_REVIEW)
    approved = params["action"] == "APPROVE"
    world.keep(captured(order) if approved else replace(order, orderStatus="DECLINED", reviewStatus="DECLINED"))
    return success(QA_APPROVED if approved else QA_DECLINED)


def captured(order: Order) -> Order:
    """As recorded: COMPLETE, APPROVED, the items' money captured."""
    items = tuple(replace(item, txnType="CAPTURE") for item in order.items)
    return replace(order, items=items, orderStatus="COMPLETE", reviewStatus="APPROVED", amountPaid=order.totalAmount)
