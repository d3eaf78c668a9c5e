"""What an order is: its person, its items and how it was paid. Values only; world.py keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from funnel.sandbox.cards import APPROVE, Outcome
from funnel.sandbox.catalogue import Product, ShipProfile, Variant

ZERO = Decimal("0.00")
EASTERN = timezone(timedelta(hours=-5))  # the CRM's clock; standard time all year, so that no tz database is needed
RESUBMITTABLE = ("PARTIAL", "DECLINED")


@dataclass(frozen=True)
class Click:
    """One Import Click."""

    pageType: str
    at: float
    requestUri: str
    httpReferer: str


@dataclass(frozen=True)
class Session:
    """What a sessionId stands for. `given_out` is False for an id that a caller made up."""

    sessionId: str
    campaignId: int | None
    ipAddress: str
    userAgent: str
    affVals: Mapping[str, str]
    clicks: tuple[Click, ...]
    given_out: bool = True


@dataclass(frozen=True)
class Payment:
    """How an order was paid. Of a card it keeps what the recorded answers show, and no more.

    `details` are further fields of the answers, by their names, with account numbers masked.
    """

    paySource: str
    cardType: str | None = None
    cardBin: str | None = None
    cardLast4: str | None = None
    cardMonth: int | None = None
    cardYear: int | None = None
    on_upsale: Outcome = APPROVE
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Item:
    """Bought product. price and shipping are totals for the whole quantity, as the CRM answers them."""

    product: Product
    qty: int
    price: Decimal
    shipping: Decimal
    purchaseId: str = ""
    orderItemId: int = 0
    txnType: str = "SALE"
    upsale: bool = False
    variant: Variant | None = None

    @property
    def key(self) -> tuple[int, int]:
        """Items of one key are one item."""
        return self.product.productId, self.variant.variantId if self.variant else 0

    @property
    def total(self) -> Decimal:
        return self.price + self.shipping


@dataclass(frozen=True)
class Terms:
    """What an order comes to beside its items. With a shipping profile the items have no shipping of their own."""

    couponCode: str = ""
    discountPrice: Decimal = ZERO
    discountShipping: Decimal = ZERO
    profile: ShipProfile | None = None
    salesTax: Decimal = ZERO
    insurance: Decimal | None = None

    @property
    def totalDiscount(self) -> Decimal:
        return self.discountPrice + self.discountShipping

    @property
    def profilePrice(self) -> Decimal:
        return self.profile.price if self.profile else ZERO

    @property
    def total(self) -> Decimal:
        return self.profilePrice + self.salesTax + (self.insurance or ZERO) - self.totalDiscount


@dataclass(frozen=True)
class Order:
    """An order from its first lead to its last upsale; a change makes a new value."""

    orderId: str
    actualOrderId: int
    customerId: int
    campaignId: int
    created_at: float
    updated_at: float
    contact: Mapping[str, str]
    sessionId: str = ""
    orderStatus: str = "PARTIAL"
    reviewStatus: str | None = None
    items: tuple[Item, ...] = ()
    terms: Terms = Terms()
    amountPaid: Decimal = ZERO
    payment: Payment | None = None
    merchantTxnId: str | None = None
    completed_at: float | None = None
    confirmations: int = 0

    @property
    def resubmittable(self) -> bool:
        return self.orderStatus in RESUBMITTABLE

    @property
    def subTotal(self) -> Decimal:
        return sum((item.price for item in self.items), ZERO)

    @property
    def shipTotal(self) -> Decimal:
        return sum((item.shipping for item in self.items), ZERO) + self.terms.profilePrice

    @property
    def totalAmount(self) -> Decimal:
        return sum((item.total for item in self.items), ZERO) + self.terms.total

    @property
    def refundRemaining(self) -> Decimal:
        """A held order's is its total (recorded), though nothing is paid yet."""
        return self.amountPaid or self.totalAmount

    @property
    def currency(self) -> str:
        return self.items[0].product.currency if self.items else "USD"

    @property
    def currencySymbol(self) -> str:
        return self.items[0].product.currencySymbol if self.items else "$"


@dataclass(frozen=True)
class Purchase:
    """Items about to be paid for, together: an order's lines, or an upsale's (then `upsale` is true)."""

    orderId: str
    items: tuple[Item, ...]
    payment: Payment
    upsale: bool = False
    held: bool = False
    terms: Terms = Terms()
    replaces: Item | None = None
    credit: Decimal = ZERO  # for what is replaced

    @property
    def slots(self) -> tuple[str, ...]:
        """The names under which a charge is counted."""
        return tuple(f"upsale:{item.product.productId}" for item in self.items) if self.upsale else ("order",)

    @property
    def amount(self) -> Decimal:
        """What is charged."""
        return max(ZERO, sum((item.total for item in self.items), ZERO) + self.terms.total - self.credit)


@dataclass(frozen=True)
class Transaction:
    """One try at the gateway."""

    transactionId: int
    orderId: str
    customerId: int
    campaignId: int
    at: float
    txnType: str
    responseType: str
    responseText: str
    totalAmount: Decimal
    payment: Payment
    items: tuple[Item, ...] = field(default=())


def money(amount: Decimal) -> str:
    """At least two places, more where a currency has them: 0.30, 4.950."""
    places = max(2, -int(amount.as_tuple().exponent))
    return f"{amount:.{places}f}"


def moment(at: float) -> str:
    """The CRM's way to write a time."""
    return datetime.fromtimestamp(at, UTC).astimezone(EASTERN).strftime("%Y-%m-%d %H:%M:%S")
