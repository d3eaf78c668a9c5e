"""An attempt to charge: its states, and the values that speak of it."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from funnel.basket import Basket

KEY_BYTES = 16  # 128 random bits
LETTERS = str.maketrans("0123456789", "ghijklmnop")
ORDER = "order"  # the slot of Import Order; an upsell's slot is named like its step

IN_FLIGHT = ("CLAIMED", "SENT", "UNKNOWN", "AWAIT_REDIRECT")
LIVE = (*IN_FLIGHT, "CHARGED", "NEEDS_HUMAN")


class State(StrEnum):
    CLAIMED = "CLAIMED"
    SENT = "SENT"
    UNKNOWN = "UNKNOWN"
    AWAIT_REDIRECT = "AWAIT_REDIRECT"
    CHARGED = "CHARGED"
    DECLINED = "DECLINED"
    NOT_CHARGED = "NOT_CHARGED"
    NEEDS_HUMAN = "NEEDS_HUMAN"

    @property
    def in_flight(self) -> bool:
        return self in IN_FLIGHT

    @property
    def unresolved(self) -> bool:
        return self.in_flight or self is State.NEEDS_HUMAN

    @property
    def live(self) -> bool:
        """Whether no other attempt may begin in the slot."""
        return self in LIVE


class Reason(StrEnum):
    """Why an attempt ended without a charge; of an unknown one, what the CRM's words seemed to say."""

    DECLINED = "declined"
    PREPAID = "prepaid"
    INVALID = "invalid"
    UNREACHABLE = "unreachable"
    NEVER_SENT = "never-sent"
    NOT_FOUND_PAID = "not-found-paid"
    FOREIGN_ORDER = "foreign-order"
    CANCELLED = "cancelled"
    ALREADY_PURCHASED = "already-purchased"
    FRAUD_LIMIT = "fraud-limit"


class By(StrEnum):
    """Who or what changed an attempt's state."""

    SHOPPER = "shopper"  # pressed a button, or came back from PayPal
    CHARGE = "charge"  # made ready, sent, or answered by the CRM
    ORDER_QUERY = "order-query"
    LEASE = "lease"  # passed, for the process that charged is gone
    COOKIE = "cookie"  # knows of an order that the store has lost
    RESTORE = "after-restore"
    OPERATOR = "operator"


class Refusal(StrEnum):
    """Why a claim was not made, and so nothing was sent."""

    BUSY = "busy"
    CRM_DOWN = "crm-down"
    NO_ORDER = "no-order"
    ONE_OF_TWO = "one-of-two"  # of an upsell and its downsell the other one has been charged
    TOO_MANY_DECLINES = "too-many-declines"
    TOO_MANY_TRIES = "too-many-tries"  # of others, from the same place or in the whole shop


FIRST_ASK = 2.0  # seconds until Order Query is asked; doubled with each further question
LONGEST_ASK = 300.0
UNRESOLVED = (State.UNKNOWN, State.AWAIT_REDIRECT, State.NEEDS_HUMAN)  # Order Query goes on being asked


@dataclass(frozen=True)
class Totals:
    """What the CRM said the order comes to: amounts as text with two decimals or more, None where it did not say."""

    orderStatus: str
    total: str | None = None
    shipping: str | None = None
    tax: str | None = None
    discount: str | None = None


class PaySource(StrEnum):
    """The CRM's words for what a charge is taken from."""

    CARD = "CREDITCARD"
    PAYPAL = "PAYPAL"


class AwayKind(StrEnum):
    URL = "url"  # a page of the bank, or of PayPal's new workflow; the charge is made there
    SCRIPT = "script"  # the same, drawn by a script of the bank
    PAYPAL = "paypal"  # PayPal's legacy workflow: nothing is charged before Confirm PayPal


@dataclass(frozen=True)
class Away:
    """Where the shopper has to go: an address, or a script to run."""

    kind: AwayKind
    target: str


@dataclass(frozen=True)
class Attempt:
    """One press of a pay button. Times are seconds since the epoch."""

    key: str
    visit_id: str
    slot: str
    state: State
    basket: Basket | None
    baseline: int
    order_id: str | None
    created_at: float
    lease_until: float
    sent_at: float | None = None
    settle_at: float | None = None
    asked: int = 0
    reason: Reason | None = None
    fields: tuple[str, ...] = ()
    totals: Totals | None = None
    pay_source: PaySource = PaySource.CARD
    away: Away | None = None

    @property
    def at_paypal(self) -> bool:
        """Whether the shopper agrees at PayPal, or cancels, before anything is charged: the legacy workflow."""
        return self.state is State.AWAIT_REDIRECT and self.away is not None and self.away.kind is AwayKind.PAYPAL

    @property
    def bears_upsells(self) -> bool:
        """A paid order of which our own books know everything; an adopted one may have upsells they have lost."""
        return self.slot == ORDER and self.state is State.CHARGED and self.basket is not None


@dataclass(frozen=True)
class Claim:
    """The answer to a claim: `mine` when it was made just now; otherwise what stands in its way, or a refusal."""

    attempt: Attempt | None = None
    mine: bool = False
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Verdict:
    """What an attempt becomes, and why."""

    state: State
    reason: Reason | None = None
    fields: tuple[str, ...] = ()
    totals: Totals | None = None
    settle_at: float | None = None
    away: Away | None = None


def paid_order(attempts: Iterable[Attempt]) -> Attempt | None:
    """The order of a visit that upsells are added to."""
    return next((attempt for attempt in attempts if attempt.bears_upsells), None)


def last_in(attempts: Sequence[Attempt], slot: str) -> Attempt | None:
    """The newest attempt in a slot; a visit's attempts come oldest first."""
    return next((attempt for attempt in reversed(attempts) if attempt.slot == slot), None)


def new_key() -> str:
    """Letters alone: no sign that a command line takes for an option, no number that a log leaves out as a card's."""
    return secrets.token_hex(KEY_BYTES).translate(LETTERS)
