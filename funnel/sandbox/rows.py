"""The recorded shape of a queried order, its items a map with numbers for values; and a transaction's row."""

import calendar
from decimal import Decimal
from typing import Any

from funnel.sandbox.orders import ZERO, Item, Order, Payment, Transaction, moment, money
from funnel.sandbox.shapes import (
    AGENT_USER,
    CUSTOMS,
    MERCHANT,
    NOBODY,
    SOURCE_VALUES,
    campaign_name,
    coupon_code,
    each_null_or,
    full_name,
    next_bill_date,
    person,
    profile_id,
    text,
)

UNPLAYED_IN_ROWS = {
    **dict.fromkeys(("externalOrderId", "shipCarrier", "shipMethod", "avsResponse", "cvvResponse")),
    **dict.fromkeys(("voiceLogNumber", "surcharge", "sourceId", "sourceTitle")),
    **dict.fromkeys(("UTMSource", "UTMMedium", "UTMCampaign", "UTMTerm", "UTMContent")),
    **dict.fromkeys(("shipUpcharge", "productCost", "shippingCost"), "0.00"),
    "isDeclineSave": 0,
}
UNPLAYED_IN_ITEMS = {
    **dict.fromkeys(("variantDetailId", "variantName", "productDescription", "clientId"), ""),
    **dict.fromkeys(("externalProductId", "lastCancellationDate", "detailedStatus", "cancelAfterDate"), ""),
    **dict.fromkeys(("currentVariantDetailId", "clubPluginId", "productSku", "replacedByOrderItemId"), ""),
    **dict.fromkeys(("pauseScheduled", "cancellationScheduled", "salesTax"), 0),
    "merchantId": str(MERCHANT),
    "responseType": "SUCCESS",
}


def row_shape(order: Order) -> dict[str, Any]:
    """Order Query's row."""
    return {
        **{"orderId": order.orderId, "actualOrderId": order.actualOrderId},
        "clientOrderId": order.orderId,
        "dateCreated": moment(order.created_at),
        "dateUpdated": moment(order.updated_at),
        **{"orderType": "NEW_SALE", "orderStatus": order.orderStatus, "reviewStatus": order.reviewStatus},
        **{"totalAmount": money(order.totalAmount), "refundRemaining": money(order.refundRemaining)},
        **{"campaignName": campaign_name(order), "campaignCategoryName": "Sandbox"},
        **{"customerId": order.customerId, "name": full_name(order)},
        **person(order),
        **row_payment(order.payment or NOBODY),
        **{"couponCode": coupon_code(order), "agentUserId": AGENT_USER, "agentName": "sandbox"},
        **{"price": money(order.subTotal), "baseShipping": money(order.shipTotal)},
        **{"salesTax": money(order.terms.salesTax), "ipAddress": text(order, "ipAddress")},
        **{"discountPrice": money(order.terms.discountPrice), "shipProfileId": profile_id(order)},
        "totalDiscount": money(order.terms.totalDiscount),
        "affId": text(order, "affId"),
        **each_null_or(order, SOURCE_VALUES),
        **{"salesUrl": text(order, "salesUrl"), "currencySymbol": order.currencySymbol},
        **{"currencyCode": order.currency, "campaignId": order.campaignId},
        **each_null_or(order, CUSTOMS),
        **UNPLAYED_IN_ROWS,
        "hasUpsell": any(item.upsale for item in order.items),
        "items": keyed(order),
        "fulfillments": [fulfillment(order)] if order.orderStatus == "COMPLETE" else [],
    }


def row_payment(payment: Payment) -> dict[str, Any]:
    return {
        **{"paySource": payment.paySource or None, "cardType": payment.cardType},
        **{"cardLast4": payment.cardLast4, "cardExpiryDate": end_of_month(payment), "cardIsPrepaid": 0},
        "cardIsDebit": 0,
        **{name: payment.details.get(name) for name in ("prepaidType", "achRoutingNumber", "achAccountNumber")},
    }


def keyed(order: Order) -> dict[str, dict[str, Any]]:
    """The items by campaignProductId. What a second variant of one product is keyed by is an assumption."""
    found: dict[str, dict[str, Any]] = {}
    for item in order.items:
        productId, variantId = item.key
        key = str(productId) if str(productId) not in found else f"{productId}-{variantId}"
        found[key] = row_item(order, item)
    return found


def end_of_month(payment: Payment) -> str | None:
    if not (payment.cardYear and payment.cardMonth):
        return None
    last_day = calendar.monthrange(payment.cardYear, payment.cardMonth)[1]
    return f"{payment.cardYear}-{payment.cardMonth:02}-{last_day:02} 23:59:59"


def row_item(order: Order, item: Item) -> dict[str, Any]:
    held = item.txnType == "AUTHORIZE"
    return {
        "productId": item.product.productId,
        "transactionItemId": str(item.orderItemId),
        "name": item.product.name,
        "qty": item.qty,
        "shipping": as_number(item.shipping),
        "price": as_number(item.price),
        "purchaseId": item.purchaseId,
        "purchaseStatus": "PENDING" if held else "ACTIVE",
        "txnType": item.txnType,
        "nextBillDate": "" if held else next_bill_date(order),
        "productType": "UPSALE" if item.upsale else "OFFER",
        "orderItemId": item.orderItemId,
        "currentProduct": item.product.name,
        "currentPrice": money(item.price),
        "currentProductId": str(item.product.productId),
        "actualProductId": str(item.product.productId),
        "currentQty": str(item.qty),
        **UNPLAYED_IN_ITEMS,
        **variant_of(item),
    }


def variant_of(item: Item) -> dict[str, str]:
    if item.variant is None:
        return {}
    variantId = str(item.variant.variantId)
    return {"variantDetailId": variantId, "variantName": item.variant.name, "currentVariantDetailId": variantId}


def fulfillment(order: Order) -> dict[str, Any]:
    """One parcel with everything in it, on hold as recorded: test orders are never sent out."""
    return {
        **{"fulfillmentId": order.actualOrderId, "fulfillmentHouseId": None, "company": "System Fulfillment"},
        **{"clientFulfillmentId": order.orderId, "trackingNumber": None, "dateShipped": None},
        **dict.fromkeys(("dateDelivered", "shipCarrier", "shipMethod", "responseText")),
        **{"status": "HOLD", "dateReturned": None, "rmaNumber": None},
        "items": [fulfillment_item(item) for item in order.items],
        "dateCreated": moment(order.completed_at or order.created_at),
    }


def fulfillment_item(item: Item) -> dict[str, str]:
    return {
        **{"fulfillmentItemId": str(item.orderItemId), "name": item.product.name, "sku": ""},
        **{"purchaseId": item.purchaseId, "qty": str(item.qty), "status": "HOLD"},
        **{"productId": str(item.product.productId), "rmaNumber": ""},
        "variantDetailId": str(item.variant.variantId) if item.variant else "",
        **{"shipping": money(item.shipping), "price": money(item.price), "salesTax": "0.00"},
    }


def transaction_shape(transaction: Transaction) -> dict[str, Any]:
    """Transactions Query's row, with the fields that reporting clients read."""
    return {
        **{"transactionId": transaction.transactionId, "parentTxnId": None, "merchant": "Sandbox gateway"},
        **{"merchantDescriptor": "SANDBOX", "midNumber": None, "merchantId": MERCHANT},
        **{"txnType": transaction.txnType, "responseType": transaction.responseType},
        **{
            "responseText": transaction.responseText,
            "authCode": None,
            "totalAmount": money(transaction.totalAmount),
        },
        **{"orderId": transaction.orderId, "customerId": transaction.customerId, "billingCycleNumber": 1},
        **{
            "recycleNumber": 0,
            "campaignId": str(transaction.campaignId),
            "cardBin": transaction.payment.cardBin,
        },
        **{"cardLast4": transaction.payment.cardLast4, "paySource": transaction.payment.paySource},
        **{
            "isChargedback": 0,
            "paySourceId": None,
            "dateCreated": moment(transaction.at),
            "clientTxnId": None,
        },
        **{"merchantTxnId": str(transaction.transactionId), "3DTxnResult": None},
        "items": [
            {"productId": str(item.product.productId), "name": item.product.name, "qty": str(item.qty)}
            for item in transaction.items
        ],
    }


def as_number(amount: Decimal) -> int | float:
    """0 and 0.3, as numbers were recorded."""
    return float(amount) if amount % 1 != ZERO else int(amount)
