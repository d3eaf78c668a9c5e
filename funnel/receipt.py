"""What a shopper has bought, as the thank-you page and the checkout's summary show it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from funnel.attempt import ORDER, Attempt, State, Totals
from funnel.people import Addresses, Contact
from funnel.visit import Visit

PENDING = "PENDING"  # the orderStatus of an order under review, or of a single-transaction campaign
NOTHING = Decimal("0.00")
NO_TOTALS = Totals(orderStatus="")


@dataclass(frozen=True)
class ReceiptLine:
    """`status` is "added", or "pending" while the CRM has not confirmed it. Amounts are line totals."""

    name: str
    quantity: int
    amount: Decimal
    shipping: Decimal
    status: str


@dataclass(frozen=True)
class Receipt:
    orderId: str
    firstName: str | None
    email: str | None
    address_lines: tuple[str, ...]
    lines: tuple[ReceiptLine, ...]
    missed: tuple[str, ...]
    shipping: Decimal
    tax: Decimal
    discount: Decimal
    total: Decimal
    held: bool

    @property
    def pending(self) -> bool:
        return any(line.status == "pending" for line in self.lines)


def receipt(visit: Visit, attempts: Sequence[Attempt]) -> Receipt | None:
    """None without a paid order. The CRM's own totals count where it gave them, ours where it did not."""
    charged = [attempt for attempt in attempts if attempt.state is State.CHARGED]
    order = next((attempt for attempt in charged if attempt.slot == ORDER), None)
    if order is None or visit.order_id is None:
        return None
    replaced = {line.replaces for attempt in charged if attempt.basket for line in attempt.basket.lines}
    baskets = [attempt.basket for attempt in charged if attempt.basket]
    last = charged[-1].totals or NO_TOTALS  # every reply tells the whole order, so the last one is the newest
    return Receipt(
        orderId=visit.order_id,
        firstName=visit.contact.firstName if visit.contact else None,
        email=masked_email(visit.contact),
        address_lines=_address_lines(visit.contact, visit.addresses),
        lines=tuple(line for attempt in attempts for line in _lines(attempt, replaced)),
        missed=tuple(_missed(attempts)),
        shipping=_amount(last.shipping, sum((basket.shipping for basket in baskets), NOTHING)),
        tax=_amount(last.tax, sum((basket.tax or NOTHING for basket in baskets), NOTHING)),
        discount=_amount(last.discount, sum((basket.saved for basket in baskets), NOTHING)),
        total=_amount(last.total, sum((basket.total for basket in baskets), NOTHING)),
        held=is_held(order),
    )


def is_held(order: Attempt | None) -> bool:
    return bool(order and order.totals and order.totals.orderStatus == PENDING)


def masked_email(contact: Contact | None) -> str | None:
    if contact is None:
        return None
    name, _, domain = contact.emailAddress.partition("@")
    return f"{name[:1]}***@{domain}"


def _lines(attempt: Attempt, replaced: Collection[int | None]) -> Iterator[ReceiptLine]:
    if attempt.basket is None or not attempt.state.live:
        return
    status = "added" if attempt.state is State.CHARGED else "pending"
    for line in attempt.basket.lines:
        if line.productId not in replaced:
            yield ReceiptLine(
                name=line.name, quantity=line.quantity, amount=line.price, shipping=line.shipping, status=status
            )


def _missed(attempts: Sequence[Attempt]) -> Iterator[str]:
    """Upsells that the shopper wanted and that were not charged in the end."""
    for attempt in attempts:
        if attempt.slot != ORDER and not attempt.state.live and attempt.basket:
            yield from (line.name for line in attempt.basket.lines)


def _address_lines(contact: Contact | None, addresses: Addresses | None) -> tuple[str, ...]:
    if contact is None or addresses is None:
        return ()
    lines = (
        f"{contact.firstName} {contact.lastName}",
        addresses.shipAddress1,
        addresses.shipAddress2,
        " ".join(part for part in (addresses.shipCity, addresses.shipState, addresses.shipPostalCode) if part),
        addresses.shipCountry,
    )
    return tuple(line for line in lines if line)


def _amount(given: str | None, ours: Decimal) -> Decimal:
    return ours if given is None else Decimal(given)
