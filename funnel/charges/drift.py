"""A total of the CRM that is not the one we showed: told to the operator with both amounts, and nobody's data."""

import logging
from collections.abc import Sequence
from decimal import Decimal

from funnel.attempt import ORDER, Attempt, State, Verdict
from funnel.basket import NOTHING
from funnel.charges.attempts import Attempts

log = logging.getLogger("funnel.charging")


def look(attempts: Attempts, attempt: Attempt, verdict: Verdict) -> None:
    """After a charge was written down. The CRM's total is the whole order's; where it told none, nothing is said."""
    charged = verdict.totals.total if verdict.totals and verdict.state is State.CHARGED else None
    expected = _expected(attempt, attempts.of_visit(attempt.visit_id)) if charged else None
    if charged and expected is not None and Decimal(charged) != expected:
        log.error(
            "charge=%s order=%s shown=%s charged=%s: the CRM's total is not ours; flask funnel prices compares more",
            *(attempt.slot, attempt.order_id, expected, charged),
        )


def _expected(attempt: Attempt, known: Sequence[Attempt]) -> Decimal | None:
    if attempt.basket is None:
        return None
    if attempt.slot == ORDER:
        return attempt.basket.total
    earlier = [each for each in known if each.state is State.CHARGED and each.key != attempt.key]
    before = earlier[-1].totals.total if earlier and earlier[-1].totals else None
    return None if before is None else Decimal(before) + attempt.basket.total - _replaced(attempt, earlier)


def _replaced(attempt: Attempt, earlier: Sequence[Attempt]) -> Decimal:
    """What leaves the order for what takes its place."""
    gone = {line.replaces for line in attempt.basket.lines} if attempt.basket else set()
    lines = [line for each in earlier if each.basket for line in each.basket.lines if line.productId in gone]
    return sum((line.price + line.shipping for line in lines), NOTHING)
