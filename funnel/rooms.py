"""The wired rooms, as the pages and the commands are handed them."""

from dataclasses import dataclass

from funnel.attempts import Attempts
from funnel.backlog import Backlog
from funnel.breaker import Breaker
from funnel.challenge import Challenge
from funnel.charging import Charging
from funnel.crm.client import Client
from funnel.erasure import Erasure
from funnel.floods import Floods
from funnel.flow import Flow
from funnel.housekeeping import Housekeeping
from funnel.metrics import Metrics
from funnel.origin import Origins
from funnel.outbox import Outbox
from funnel.pay_token import PayTokens
from funnel.payments import Payments
from funnel.permissions import Permissions
from funnel.prices import Prices
from funnel.pricing import Pricing
from funnel.reconciliation import Reconciliation
from funnel.relay import Relay
from funnel.restoration import Restoration
from funnel.return_token import ReturnTokens
from funnel.settings import Settings
from funnel.store import Store
from funnel.tries import Tries
from funnel.violations import Violations
from funnel.visits import Visits
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
