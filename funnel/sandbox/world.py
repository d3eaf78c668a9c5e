"""Everything the CRM holds, behind one lock. Reset makes a new world; a late call changes the old."""

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count

from funnel.sandbox.calls import Calls
from funnel.sandbox.catalogue import Catalogue
from funnel.sandbox.faults import Faults
from funnel.sandbox.orders import Order, Purchase, Session, Transaction
from funnel.sandbox.switches import Switches

VERSIONS_KEPT = 100  # of one order, for lagging queries


@dataclass(frozen=True)
class Away:
    """A shopper who was sent to the bank or to PayPal, and what will be paid if they agree there."""

    token: str
    kind: str  # "bank", "paypal" (new workflow) or "paypal-legacy"
    purchase: Purchase
    returns_to: str
    errors_to: str = ""
    approved: bool = False
    paid: bool = False
    payerId: str = ""


@dataclass
class World:
    """The collections are only touched while `lock` is held, which every endpoint holds from start to end."""

    catalogue: Catalogue
    switches: Switches
    lock: threading.RLock = field(default_factory=threading.RLock)
    now: Callable[[], float] = time.time  # seconds since the epoch
    calls: Calls = field(default_factory=Calls)
    faults: Faults = field(default_factory=Faults)
    sessions: dict[str, Session] = field(default_factory=dict)
    customers: dict[str, int] = field(default_factory=dict)
    histories: dict[str, deque[Order]] = field(default_factory=dict)
    away: dict[str, Away] = field(default_factory=dict)
    used_tokens: set[str] = field(default_factory=set)
    transactions: list[Transaction] = field(default_factory=list)
    charges: dict[str, dict[str, int]] = field(default_factory=dict)
    amounts: dict[str, Decimal] = field(default_factory=dict)
    declines: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: count(10_001))

    def order(self, orderId: str) -> Order | None:
        history = self.histories.get(orderId)
        return history[-1] if history else None

    def orders(self, as_of: float | None = None, only: str = "") -> list[Order]:
        """Every order, or that one, oldest first, as of a moment (seconds since the epoch) or of now."""
        histories = [self.histories[only]] if only in self.histories else self.histories.values()
        found = (version_at(history, as_of) for history in histories)
        return [order for order in found if order]

    def keep(self, order: Order) -> Order:
        """Makes this the order's present state."""
        order = replace(order, updated_at=self.now())
        self.histories.setdefault(order.orderId, deque(maxlen=VERSIONS_KEPT)).append(order)
        return order

    def new_order(self, campaignId: int, contact: Mapping[str, str], sessionId: str) -> Order:
        at = self.now()
        return self.keep(
            Order(
                orderId=new_code(),
                actualOrderId=next(self.numbers),
                customerId=self.customer(contact),
                campaignId=campaignId,
                created_at=at,
                updated_at=at,
                contact=contact,
                sessionId=sessionId,
            )
        )

    def customer(self, contact: Mapping[str, str]) -> int:
        """One customer per e-mail address, or per phone number where there is no address."""
        who = (contact.get("emailAddress") or contact.get("phoneNumber") or new_code()).lower()
        return self.customers.setdefault(who, next(self.numbers))

    def send_away(self, kind: str, purchase: Purchase, returns_to: str, errors_to: str = "") -> Away:
        token = f"EC-{secrets.token_hex(10).upper()}" if kind.startswith("paypal") else secrets.token_hex(16)
        self.away[token] = Away(token, kind, purchase, returns_to, errors_to)
        return self.away[token]


def version_at(history: deque[Order], as_of: float | None) -> Order | None:
    if as_of is None:
        return history[-1]
    return next((order for order in reversed(history) if order.updated_at <= as_of), None)


def new_code() -> str:
    """Ten upper-case hex digits, as orderId and purchaseId were recorded."""
    return secrets.token_hex(5).upper()
