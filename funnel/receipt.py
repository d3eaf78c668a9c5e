"""What a shopper has bought, as the thank-you page and the checkout's summary show it."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from funnel.attempt import ORDER, Attempt, State, Totals
from funnel.basket import NOTHING, Basket
from funnel.language.phrase import Phrase, as_typed, country_name
from funnel.people import Addresses, Contact
from funnel.visits.visit import Visit

PENDING = "PENDING"  # the orderStatus of an order under review, or of a single-transaction campaign
NO_TOTALS = Totals(orderStatus="")


@dataclass(frozen=True)
class ReceiptLine:
    """`status` is "added", or "pending" while the CRM has not confirmed it. Amounts are line totals."""

    productId: int
    name: str
    quantity: int
    amount: Decimal
    shipping: Decimal
    status: str


@dataclass(frozen=True)
class Receipt:
    """`charges` may be seen apart on the statement. An amount is None where neither the CRM nor our books know it."""

    orderId: str
    firstName: str | None
    email: str | None
    address_lines: tuple[Phrase, ...]
    lines: tuple[ReceiptLine, ...]
    missed: tuple[str, ...]
    charges: int
    shipping: Decimal | None
    tax: Decimal | None
    discount: Decimal | None
    total: Decimal | None
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
    newest = charged[-1].totals or NO_TOTALS  # every reply tells the whole order
    ours = [_without(attempt.basket, replaced) for attempt in charged]
    return Receipt(
        orderId=visit.order_id,
        firstName=visit.contact.firstName if visit.contact else None,
        email=masked_email(visit.contact),
        address_lines=_address_lines(visit.contact, visit.addresses),
        lines=tuple(line for attempt in attempts for line in _lines(attempt, replaced)),
        missed=tuple(_missed(attempts)),
        charges=sum(attempt.state.live for attempt in attempts),
        shipping=_amount(newest.shipping, ours, lambda basket: basket.shipping),
        tax=_amount(newest.tax, ours, lambda basket: basket.tax or NOTHING),
        discount=_amount(newest.discount, ours, lambda basket: basket.saved),
        total=_amount(newest.total, ours, lambda basket: basket.total),
        held=is_held(order),
    )


def facts(bought: Receipt, currency: str) -> dict[str, object]:
    """What a pixel may know of an order, told once. The id is its event's too; a value nobody knows is left out."""
    value = {} if bought.total is None else {"value": float(bought.total)}
    return {"id": bought.orderId, **value, "currency": currency, "held": bought.held}


def is_held(order: Attempt) -> bool:
    """Whether the CRM has authorised a paid order and not yet collected it."""
    return order.totals is not None and order.totals.orderStatus == PENDING


def masked_email(contact: Contact | None) -> str | None:
    if contact is None:
        return None
    name, _, domain = contact.emailAddress.partition("@")
    return f"{name[:1]}***@{domain}"


def delivery_lines(addresses: Addresses) -> tuple[Phrase, ...]:
    """Where a parcel goes, without a name; nothing where there is no street yet."""
    if not addresses.shipAddress1:
        return ()
    lines = (
        addresses.shipAddress1,
        addresses.shipAddress2,
        " ".join(part for part in (addresses.shipCity, addresses.shipState, addresses.shipPostalCode) if part),
    )
    country = [country_name(addresses.shipCountry)] if addresses.shipCountry else []
    return (*(as_typed(line) for line in lines if line), *country)


def _without(basket: Basket | None, replaced: Collection[int | None]) -> Basket | None:
    """What is left of a basket; None for what our books have lost."""
    if basket is None:
        return None
    kept = tuple(line for line in basket.lines if line.productId not in replaced)
    return basket.model_copy(update={"lines": kept})


def _lines(attempt: Attempt, replaced: Collection[int | None]) -> Iterator[ReceiptLine]:
    kept = _without(attempt.basket, replaced)
    if kept is None or not attempt.state.live:
        return
    status = "added" if attempt.state is State.CHARGED else "pending"
    for line in kept.lines:
        yield ReceiptLine(
            productId=line.productId,
            name=line.name,
            quantity=line.quantity,
            amount=line.price,
            shipping=line.shipping,
            status=status,
        )


def _missed(attempts: Sequence[Attempt]) -> Iterator[str]:
    """Upsells that the shopper wanted and that were not charged in the end."""
    for attempt in attempts:
        if attempt.slot != ORDER and not attempt.state.live and attempt.basket:
            yield from (line.name for line in attempt.basket.lines)


def _address_lines(contact: Contact | None, addresses: Addresses | None) -> tuple[Phrase, ...]:
    if contact is None or addresses is None:
        return ()
    return (as_typed(f"{contact.firstName} {contact.lastName}"), *delivery_lines(addresses))


def _amount(given: str | None, ours: Sequence[Basket | None], pick: Callable[[Basket], Decimal]) -> Decimal | None:
    """The CRM's amount, or the sum over our own baskets where none of them is lost."""
    if given is not None:
        return Decimal(given)
    known = [basket for basket in ours if basket]
    return sum(map(pick, known), NOTHING) if len(known) == len(ours) else None
