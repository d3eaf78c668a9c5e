"""The wired rooms, as the pages and the commands are handed them."""

from dataclasses import dataclass

from funnel.charges.attempts import Attempts
from funnel.charges.charging import Charging
from funnel.charges.pay_token import PayTokens
from funnel.charges.pricing import Pricing
from funnel.charges.reconciliation import Reconciliation
from funnel.charges.restoration import Restoration
from funnel.charges.return_token import ReturnTokens
from funnel.crm.client import Client
from funnel.erasure import Erasure
from funnel.flow import Flow
from funnel.limits.challenge import Challenge
from funnel.limits.floods import Floods
from funnel.limits.origin import Origins
from funnel.limits.tries import Tries
from funnel.outbox.backlog import Backlog
from funnel.outbox.breaker import Breaker
from funnel.outbox.housekeeping import Housekeeping
from funnel.outbox.outbox import Outbox
from funnel.outbox.relay import Relay
from funnel.payments import Payments
from funnel.permissions import Permissions
from funnel.prices import Prices
from funnel.settings import Settings
from funnel.store.store import Store
from funnel.visits.visits import Visits
from funnel.watch.metrics import Metrics
from funnel.watch.violations import Violations
from funnel.whereabouts import Whereabouts


@dataclass(frozen=True)
class Rooms:
    settings: Settings
    store: Store
    visits: Visits
    outbox: Outbox
    attempts: Attempts
    breaker: Breaker
    charging: Charging
    flow: Flow
    payments: Payments
    pricing: Pricing
    prices: Prices
    permissions: Permissions
    whereabouts: Whereabouts
    relay: Relay
    reconciliation: Reconciliation
    restoration: Restoration
    backlog: Backlog
    housekeeping: Housekeeping
    erasure: Erasure
    metrics: Metrics
    client: Client
    tokens: PayTokens
    return_tokens: ReturnTokens
    origins: Origins
    floods: Floods
    tries: Tries
    violations: Violations
    challenge: Challenge | None
