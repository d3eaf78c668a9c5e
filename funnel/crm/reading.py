"""How a message becomes a reply: parsed at the door, or refused as illegible."""

from collections.abc import Mapping
from decimal import Decimal

from funnel.crm.envelope import REDIRECT, Envelope
from funnel.crm.errors import Garbled
from funnel.crm.replies import (
    ClickReply,
    CouponReply,
    LeadReply,
    OrderItem,
    OrderReply,
    RedirectReply,
    Transaction,
)
from funnel.crm.values import (
    Message,
    amount,
    identifier,
    mapping,
    moment,
    money,
    quantity,
    required_identifier,
    rows,
    script,
    settings,
    text,
    web_address,
    whole,
)

NOTHING = Decimal("0.00")


def read_click(envelope: Envelope, sent: str | None) -> ClickReply:
    """Raises Garbled when neither the CRM nor we have a sessionId."""
    message = envelope.message if isinstance(envelope.message, Mapping) else {}
    session_id = identifier(message.get("sessionId")) or sent
    if session_id is None:
        raise Garbled("no sessionId")
    affiliate = settings(message.get("affVals")) or {}
    return ClickReply(sessionId=session_id, affVals=affiliate, pixel=script(message.get("pixel")))


def read_lead(envelope: Envelope) -> LeadReply:
    message = mapping(envelope.message)
    return LeadReply(
        orderId=required_identifier(message, "orderId"),
        orderStatus=text(message.get("orderStatus")),
        customerId=whole(message.get("customerId")),
        dateCreated=moment(message.get("dateCreated")),
    )


def read_charge(envelope: Envelope) -> OrderReply | RedirectReply:
    """Raises Garbled for a success that names no order, or a redirect that leads nowhere."""
    message = mapping(envelope.message)
    return read_redirect(message) if envelope.result == REDIRECT else read_order(message)


def read_redirect(message: Message) -> RedirectReply:
    reply = RedirectReply(url=web_address(message.get("url")), script=script(message.get("script")))
    if (reply.url is None) == (reply.script is None):
        raise Garbled("a redirect to nowhere")
    return reply


def read_orders(envelope: Envelope) -> tuple[OrderReply, ...]:
    return tuple(read_order(row) for row in rows(mapping(envelope.message), "data"))


def read_order(message: Message) -> OrderReply:
    """Both shapes: as imported (items a list, all values text) and as queried (items by id, with numbers)."""
    return OrderReply(
        orderId=required_identifier(message, "orderId"),
        orderStatus=required_identifier(message, "orderStatus").upper(),
        reviewStatus=text(message.get("reviewStatus")),
        customerId=whole(message.get("customerId")),
        dateCreated=moment(message.get("dateCreated")),
        currencyCode=text(message.get("currencyCode")),
        totalAmount=money(message.get("totalAmount")),
        subTotal=money(message.get("subTotal")),
        shipTotal=money(message.get("shipTotal")),
        taxTotal=money(message.get("taxTotal")),
        totalDiscount=money(message.get("totalDiscount")),
        salesTax=money(message.get("salesTax")),
        items=_items(message),
        paypalUrl=web_address(message.get("paypalUrl")),
        paypalSdkParams=settings(message.get("paypalSdkParams")),
        gatewayUrl=web_address(message.get("gatewayUrl")),
        gatewaySdkParams=settings(message.get("gatewaySdkParams")),
    )


def read_transactions(envelope: Envelope) -> tuple[Transaction, ...]:
    return tuple(_transaction(row) for row in rows(mapping(envelope.message), "data"))


def read_coupon(envelope: Envelope) -> CouponReply:
    """Raises Garbled for an answer with neither discount, or with one that is no amount."""
    message = mapping(envelope.message)
    price, ship = amount(message.get("priceDiscount")), amount(message.get("shipDiscount"))
    if price is None and ship is None:
        raise Garbled("no discounts")
    return CouponReply(priceDiscount=price or NOTHING, shipDiscount=ship or NOTHING)


def read_tax(envelope: Envelope) -> Decimal:
    """Raises Garbled for anything but one amount that is not negative."""
    tax = amount(envelope.message)
    if tax is None:
        raise Garbled("no tax")
    return tax


def _items(message: Message) -> tuple[OrderItem, ...]:
    """A preauthorised order holds a stub without a product, which is no item."""
    found = rows(message, "items") if message.get("items") else []
    return tuple(_item(row) for row in found if identifier(row.get("productId")))


def _item(row: Message) -> OrderItem:
    return OrderItem(
        productId=required_identifier(row, "productId"),
        name=text(row.get("name")),
        qty=quantity(row.get("qty")),
        price=money(row.get("price")),
        shipping=money(row.get("shipping")),
        purchaseId=text(row.get("purchaseId")),
        txnType=text(row.get("txnType")),
        productType=text(row.get("productType")),
    )


def _transaction(row: Message) -> Transaction:
    return Transaction(
        transactionId=required_identifier(row, "transactionId"),
        orderId=identifier(row.get("orderId")),
        txnType=text(row.get("txnType")),
        responseType=text(row.get("responseType")),
        responseText=text(row.get("responseText")),
        totalAmount=money(row.get("totalAmount")),
        billingCycleNumber=whole(row.get("billingCycleNumber")),
        dateCreated=moment(row.get("dateCreated")),
        items=_items(row),
    )
