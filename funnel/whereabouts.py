"""How far a visit has come: what is paid, what is under way, and which offer stands next."""

from collections.abc import Sequence

from funnel.attempt import ORDER, Attempt, PaySource, State, paid_order
from funnel.campaign.campaign import Campaign
from funnel.charges.attempts import Attempts
from funnel.charges.refusals import Refusals
from funnel.offers import Bought, next_offer, reopenable
from funnel.steps import Progress
from funnel.store.store import Store
from funnel.visits.visit import Visit


class Whereabouts:
    """`upsell_window` is seconds after the order."""

    def __init__(
        self, *, store: Store, attempts: Attempts, refusals: Refusals, campaign: Campaign, upsell_window: float
    ) -> None:
        self._store = store
        self._attempts = attempts
        self._refusals = refusals
        self._campaign = campaign
        self._upsell_window = upsell_window

    def of(self, visit: Visit) -> Progress:
        attempts = self._attempts.of_visit(visit.id)
        orders = [attempt for attempt in attempts if attempt.slot == ORDER]
        upsells = [attempt for attempt in attempts if attempt.slot != ORDER]
        refused = self._refusals.of_visit(visit.id) if attempts else frozenset()  # without an order nothing is offered
        facts = self._bought(visit, paid_order(attempts), upsells, refused)
        return Progress(
            ordered=any(attempt.state is State.CHARGED for attempt in orders),
            order_unresolved=any(attempt.state.unresolved for attempt in orders),
            upsell_unresolved=any(attempt.state.unresolved for attempt in upsells),
            decided=frozenset(attempt.slot for attempt in upsells) | refused,
            reopenable=reopenable(self._campaign, facts) if facts else frozenset(),
            next_offer=next_offer(self._campaign, facts) if facts else None,
        )

    def _bought(
        self, visit: Visit, paid: Attempt | None, upsells: Sequence[Attempt], refused: frozenset[str]
    ) -> Bought | None:
        """What offers depend on. None once the receipt was shown, the window has closed, or without a paid order."""
        if paid is None or visit.finished_at is not None:
            return None
        age = self._store.clock() - paid.created_at
        if age >= self._upsell_window:
            return None
        accepted = [attempt for attempt in upsells if attempt.state is State.CHARGED]
        return Bought(
            accepted={attempt.slot for attempt in accepted},
            refused=refused,
            declined={attempt.slot for attempt in upsells} - {attempt.slot for attempt in accepted},
            products=_products([paid, *accepted]),
            country=visit.addresses.shipCountry if visit.addresses else None,
            pay_source="paypal" if paid.pay_source is PaySource.PAYPAL else "card",
            age=age,
        )


def _products(charged: Sequence[Attempt]) -> set[int]:
    """What the order holds; what was replaced is gone from it."""
    lines = [line for attempt in charged if attempt.basket for line in attempt.basket.lines]
    return {line.productId for line in lines} - {line.replaces for line in lines if line.replaces}
