"""What the CRM refuses before any gateway is asked: reorder days, and its own fraud protection."""

from collections.abc import Sequence

from funnel.sandbox.api.replies import Refusal
from funnel.sandbox.cards import ALREADY_PURCHASED, DECLINE_LIMIT
from funnel.sandbox.orders import Item
from funnel.sandbox.world import World

SECONDS_PER_DAY = 86_400


def check_limits(world: World, customerId: int, items: Sequence[Item]) -> None:
    """Whom the two limits count for, the customer and neither card nor address, is an assumption."""
    if bought_before(world, customerId, items):
        raise Refusal(ALREADY_PURCHASED.detail)
    limit = world.switches.decline_limit
    if limit and declines(world, customerId) >= limit:
        raise Refusal(DECLINE_LIMIT.detail)


def bought_before(world: World, customerId: int, items: Sequence[Item]) -> bool:
    since = world.now() - world.switches.reorder_days * SECONDS_PER_DAY
    wanted = {item.product.productId for item in items}
    return any(
        item.product.productId in wanted
        for order in world.orders()
        if order.customerId == customerId and order.completed_at and order.completed_at > since
        for item in order.items
    )


def declines(world: World, customerId: int) -> int:
    return sum(
        transaction.customerId == customerId and transaction.responseType == "SOFT_DECLINE"
        for transaction in world.transactions
    )
