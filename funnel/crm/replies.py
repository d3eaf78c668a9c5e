"""What comes back. Nothing derived from a card is kept: no brand, no last digits, no expiry date."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

PARTIAL, DECLINED = "PARTIAL", "DECLINED"
NOT_CHARGED = (PARTIAL, DECLINED)


@dataclass(frozen=True)
class ClickReply:
    """`sessionId` is the one sent where the CRM repeats none. `pixel` is markup for a hidden element."""

    sessionId: str
    affVals: Mapping[str, str]
    pixel: str | None


@dataclass(frozen=True)
class LeadReply:
    """`orderId` names the PARTIAL order, which may be one the CRM had already."""

    orderId: str
    orderStatus: str | None
    customerId: int | None
    dateCreated: str | None


@dataclass(frozen=True)
class OrderItem:
    """A product of an order. `price` is the total of its line, not of one piece."""

    productId: str
    name: str | None
    qty: int
    price: Decimal | None
    shipping: Decimal | None
    purchaseId: str | None
    txnType: str | None
    productType: str | None


@dataclass(frozen=True)
class OrderReply:
    """An order as it stands. Amounts are in `currencyCode`; None where the CRM does not tell them.

    With one of the four last fields set the order is not charged yet: the shopper goes there first.
    """

    orderId: str
    orderStatus: str
    reviewStatus: str | None
    customerId: int | None
    dateCreated: str | None
    currencyCode: str | None
    totalAmount: Decimal | None
    subTotal: Decimal | None
    shipTotal: Decimal | None
    taxTotal: Decimal | None
    totalDiscount: Decimal | None
    salesTax: Decimal | None
    items: tuple[OrderItem, ...]
    paypalUrl: str | None
    paypalSdkParams: Mapping[str, str] | None
    gatewayUrl: str | None
    gatewaySdkParams: Mapping[str, str] | None

    @property
    def charged(self) -> bool:
        """Whether charging again would be wrong: true of PENDING, COD_PENDING, CANCELLED and REFUNDED too."""
        return self.orderStatus not in NOT_CHARGED

    @property
    def leads_away(self) -> bool:
        """Whether the shopper has to go somewhere before anything is charged."""
        return any((self.paypalUrl, self.paypalSdkParams, self.gatewayUrl, self.gatewaySdkParams))


@dataclass(frozen=True)
class RedirectReply:
    """3DS and the like: the browser goes to `url`, or runs `script`; exactly one is given."""

    url: str | None
    script: str | None


@dataclass(frozen=True)
class Transaction:
    """One thing the gateway did."""

    transactionId: str
    orderId: str | None
    txnType: str | None
    responseType: str | None
    responseText: str | None
    totalAmount: Decimal | None
    billingCycleNumber: int | None
    dateCreated: str | None
    items: tuple[OrderItem, ...]


@dataclass(frozen=True)
class CouponReply:
    """What a coupon takes off the prices and off the shipping. A code that is none takes off nothing."""

    priceDiscount: Decimal
    shipDiscount: Decimal

    @property
    def valid(self) -> bool:
        return bool(self.priceDiscount or self.shipDiscount)
