"""How far a visit has come: what is paid, what is under way, and which offer stands next."""

from collections.abc import Sequence

from funnel.attempt import ORDER, Attempt, PaySource, State
from funnel.attempts import Attempts
from funnel.campaign import Campaign
from funnel.offers import Bought, next_offer
from funnel.steps import Progress
from funnel.store import Store
from funnel.visit import Visit


class Whereabouts:
    """`upsell_window` is seconds after the order."""

    def __init__(self, *, store: Store, attempts: Attempts, campaign: Campaign, upsell_window: float) -> None:
        self._store = store
        self._attempts = attempts
        self._campaign = campaign
        self._upsell_window = upsell_window

    def of(self, visit: Visit) -> Progress:
        attempts = self._attempts.of_visit(visit.id)
        orders = [attempt for attempt in attempts if attempt.slot == ORDER]
        upsells = [attempt for attempt in attempts if attempt.slot != ORDER]
        refused = self._attempts.refused(visit.id) if attempts else frozenset()  # without an order nothing is offered
        paid = next((attempt for attempt in orders if attempt.state is State.CHARGED), None)
        return Progress(
            ordered=paid is not None,
            order_unresolved=any(attempt.state.unresolved for attempt in orders),
            upsell_unresolved=any(attempt.state.unresolved for attempt in upsells),
            decided=frozenset(attempt.slot for attempt in upsells) | refused,
            next_offer=self._next_offer(visit, paid, upsells, refused) if paid else None,
        )

    def _next_offer(
        self, visit: Visit, paid: Attempt, upsells: Sequence[Attempt], refused: frozenset[str]
    ) -> str | None:
        """None too once the receipt was shown, the window has closed, or our own books do not know the order."""
        age = self._store.clock() - paid.created_at
        if visit.finished_at is not None or not paid.bears_upsells or age >= self._upsell_window:
            return None
        accepted = [attempt for attempt in upsells if attempt.state is State.CHARGED]
        lines = [line for attempt in (paid, *accepted) if attempt.basket for line in attempt.basket.lines]
        facts = Bought(
            accepted={attempt.slot for attempt in accepted},
            refused=refused,
            declined={attempt.slot for attempt in upsells} - {attempt.slot for attempt in accepted},
            bought={line.productId for line in lines},
            country=visit.addresses.shipCountry if visit.addresses else None,
            pay_source="paypal" if paid.pay_source is PaySource.PAYPAL else "card",
            age=age,
        )
        return next_offer(self._campaign, facts)
