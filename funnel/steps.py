"""The order of the pages and who may see which; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

PAGE_TYPES = {
    "presell": "presellPage",
    "lead": "leadPage",
    "checkout": "checkoutPage",
    "upsell1": "upsellPage1",
    "upsell2": "upsellPage2",
    "upsell3": "upsellPage3",
    "upsell4": "upsellPage4",
    "thank-you": "thankyouPage",
}
PATHS = {
    "presell": "/",
    "lead": "/lead",
    "draft": "/lead/partial",
    "checkout": "/checkout",
    "confirming": "/checkout/confirming",
    "prepaid": "/checkout/prepaid",
    "person": "/checkout/person",
    "away": "/away",
    "pixel": "/pixel",
    **{f"upsell{number}": f"/upsell/{number}" for number in (1, 2, 3, 4)},
    **{f"upsell{number}b": f"/upsell/{number}/b" for number in (1, 2, 3, 4)},
    "thank-you": "/thank-you",
}
AWAY = "away"  # on the way to a bank or PayPal
PERSON = "person"  # where a shopper shows that they are one, under suspicion
PREPAID = "prepaid"  # on the way to where a merchant sends prepaid cards
CONFIRMING = "confirming"  # where a shopper waits for the outcome of a charge; no page of the flow


class Notice(StrEnum):
    """Why a shopper is led elsewhere, or what has just happened; the words are in notices.py."""

    ALREADY_ORDERED = "already-ordered"
    NO_ORDER_YET = "no-order-yet"
    EARLIER_VISIT = "earlier-visit"
    ADDED = "added"
    NOT_ADDED = "not-added"
    STILL_ADDING = "still-adding"
    NOT_CHARGED = "not-charged"
    DECLINED = "declined"
    STALE_FORM = "stale-form"
    STALE_CHECKOUT = "stale-checkout"
    STALE_OFFER = "stale-offer"
    COOKIES_BLOCKED = "cookies-blocked"
    PRICE_CHANGED = "price-changed"
    CANNOT_TAKE_PAYMENTS = "cannot-take-payments"
    CLOSED_FOR_NOW = "closed-for-now"
    NOT_SENT = "not-sent"
    NOT_SAVED = "not-saved"
    TOO_MANY_DECLINES = "too-many-declines"
    TOO_MANY_TRIES = "too-many-tries"
    TOO_MANY_FORMS = "too-many-forms"
    PERSON_UNPROVEN = "person-unproven"
    PERSON_UNKNOWN = "person-unknown"
    PREPAID = "prepaid"
    ALREADY_PURCHASED = "already-purchased"
    FRAUD_LIMIT = "fraud-limit"
    UNPAYABLE = "unpayable"
    PAYPAL_DECLINED = "paypal-declined"
    CANCELLED = "cancelled"
    TOTAL_CHANGED = "total-changed"
    TOTAL_UNKNOWN = "total-unknown"


@dataclass(frozen=True)
class Progress:
    """How far a visit has come."""

    ordered: bool = False
    order_unresolved: bool = False
    upsell_unresolved: bool = False
    decided: frozenset[str] = frozenset()
    reopenable: frozenset[str] = frozenset()
    next_offer: str | None = None


@dataclass(frozen=True)
class Detour:
    """Where a shopper belongs instead, and why (None: no sentence needed)."""

    step: str
    notice: Notice | None = None


def first(steps: Sequence[str]) -> str:
    return steps[0]


def after(steps: Sequence[str], step: str) -> str:
    """The page that follows; the last one follows itself."""
    return steps[min(steps.index(step) + 1, len(steps) - 1)]


def current(progress: Progress) -> str:
    """The page where a shopper with an order, or with one on the way, belongs."""
    if progress.order_unresolved:
        return CONFIRMING
    if not progress.ordered:
        return "checkout"
    if progress.upsell_unresolved:
        return "thank-you"
    return progress.next_offer or "thank-you"


def detour(steps: Sequence[str], step: str, progress: Progress, *, fresh: bool) -> Detour | None:
    """None where the shopper may see the page; `fresh` says that no visit was remembered."""
    here = current(progress)
    if step == "presell":
        return None
    if step in ("lead", "checkout"):
        return _once_ordered(here, progress)
    if progress.ordered:
        return None if step in progress.decided or step == here else Detour(here)
    if progress.order_unresolved:
        return Detour(CONFIRMING)
    if fresh:
        return None if step == "thank-you" else Detour(first(steps), Notice.EARLIER_VISIT)
    return Detour("checkout", Notice.NO_ORDER_YET)


def _once_ordered(here: str, progress: Progress) -> Detour | None:
    if progress.order_unresolved:
        return Detour(CONFIRMING)
    return Detour(here, Notice.ALREADY_ORDERED) if progress.ordered else None
