"""The recorded shapes of a lead and of an imported order, its items a list with strings for values."""

from datetime import UTC, datetime, timedelta
from typing import Any

from funnel.sandbox.orders import EASTERN, Item, Order, Payment, Terms, moment, money

AGENT_USER = 216626  # the API user's id, as recorded
MERCHANT = 53
BILL_DELAY_DAYS = 30
NOBODY = Payment(paySource="")
PERSON = (
    *("emailAddress", "phoneNumber", "firstName", "lastName", "companyName"),
    *("address1", "address2", "city", "state", "country", "postalCode"),
    *("shipFirstName", "shipLastName", "shipCompanyName", "shipAddress1", "shipAddress2"),
    *("shipCity", "shipState", "shipCountry", "shipPostalCode"),
)
SOURCE_VALUES = tuple(f"sourceValue{number}" for number in range(1, 6))
CUSTOMS = tuple(f"custom{number}" for number in range(1, 6))

UNPLAYED_IN_ITEMS = {
    **dict.fromkeys(("productSku", "replacedByOrderItemId", "variantDetailId", "title", "variantSku"), ""),
    **dict.fromkeys(("externalProductId", "finalBillingCycle", "trialType", "trialAuthType"), ""),
    **dict.fromkeys(("cancelAfterDate", "staggerIntervalCycles", "cycle2_billDelay", "cycle3_billDelay"), ""),
    **dict.fromkeys(("isPreauthVoid", "trialEnabled", "cycle2_isShippable", "cycle3_isShippable"), "0"),
    **dict.fromkeys(("cancellationScheduled", "pauseScheduled", "staggerFulfillments"), "0"),
    **dict.fromkeys(("recycleFailedStatus", "recycleReference"), "0"),
    **dict.fromkeys(("productQty", "lastCustomCycle", "purchaseCycle", "billingCycleNumber"), "1"),
    **dict.fromkeys(("initialSalesTax", "customSalesTax", "cycle2_price", "cycle2_shipPrice"), "0.00"),
    **dict.fromkeys(("cycle3_price", "cycle3_shipPrice"), "0.00"),
    "merchantId": str(MERCHANT),
    "descriptor": "SANDBOX",
    "billingCycleType": "RECURRING",
    "cycle1_billDelay": str(BILL_DELAY_DAYS),
    "responseType": "SUCCESS",
}


def lead_shape(order: Order) -> dict[str, Any]:
    """The accepted fields echoed, then the server's own; address2 is empty text when not sent (recorded)."""
    return {
        "isProcessLead": True,
        "campaignId": order.campaignId,
        **order.contact,
        "orderStatus": order.orderStatus,
        "orderType": "NEW_SALE",
        "agentUserId": AGENT_USER,
        "address2": order.contact.get("address2", ""),
        "shipAddress2": order.contact.get("shipAddress2", ""),
        "customerId": order.customerId,
        "dateCreated": moment(order.created_at),
        "dateUpdated": moment(order.updated_at),
        "orderId": order.orderId,
    }


def order_shape(order: Order) -> dict[str, Any]:
    """Import Order's answer. amountPaid is null while the order is held.

    That subTotal and shipTotal stand before the discount is an assumption: so they add up to the total with it.
    """
    return {
        **import_head(order),
        **person(order),
        **insurance(order.terms),
        **each_null_or(order, CUSTOMS),
        **import_payment(order.payment or NOBODY),
        **import_money(order),
        "merchantTxnId": order.merchantTxnId,
        **{"originalCycleNumber": 1, "cardIsPrepaid": 0, "cardIsDebit": 0},
        "subTotal": money(order.subTotal),
        "shipTotal": money(order.shipTotal),
        "taxTotal": money(order.terms.salesTax),
        "totalAmount": money(order.totalAmount),
        "totalDiscount": money(order.terms.totalDiscount),
        "totalRefundRemaining": money(order.refundRemaining),
        "amountPaid": money(order.amountPaid) if order.orderStatus == "COMPLETE" else None,
        "items": [import_item(order, item) for item in order.items],
        **dict.fromkeys(("paypalUrl", "paypalSdkParams", "gatewayUrl", "gatewaySdkParams")),
    }


def import_head(order: Order) -> dict[str, Any]:
    return {
        **{"taxExemption": None, "orderId": order.orderId, "vendorOrderId": None, "vendorPluginId": None},
        "ipAddress": text(order, "ipAddress"),
        "sourceId": None,
        **each_null_or(order, SOURCE_VALUES),
        **dict.fromkeys(("shipCarrier", "shipMethod")),
        "profileName": order.terms.profile.name if order.terms.profile else None,
        "dateCreated": moment(order.created_at),
        "orderType": "NEW_SALE",
        "orderStatus": order.orderStatus,
        "reviewStatus": order.reviewStatus,
        "campaignName": campaign_name(order),
        "orderValue": money(order.totalAmount),
        "customerId": order.customerId,
        "name": full_name(order),
    }


def import_payment(payment: Payment) -> dict[str, Any]:
    return {
        "paySource": payment.paySource or None,
        "cardType": payment.cardType,
        "cardBin": payment.cardBin,
        "cardLast4": payment.cardLast4,
        "cardExpiryDate": f"{payment.cardMonth:02}/{(payment.cardYear or 0) % 100:02}" if payment.cardMonth else None,
        **dict.fromkeys(("achAccountHolderType", "achAccountType", "achRoutingNumber")),
        **dict.fromkeys(("achNameOnAccount", "achAccountNumber")),
        **dict.fromkeys(("ibanLast4", "prepaidType", "accountHolder")),
        **payment.details,
    }


def import_money(order: Order) -> dict[str, Any]:
    return {
        "couponCode": coupon_code(order),
        "agentUserId": AGENT_USER,
        "basePrice": money(order.subTotal),
        "baseShipping": money(order.shipTotal),
        **{"voiceLogNumber": None, "discountPrice": money(order.terms.discountPrice)},
        "salesTax": money(order.terms.salesTax),
        "salesUrl": text(order, "salesUrl"),
        **{"surcharge": None, "shipUpcharge": "0.00", "shipProfileId": profile_id(order)},
        "baseCurrencyCode": order.currency,
        "baseCurrencySymbol": order.currencySymbol,
        "currencySymbol": order.currencySymbol,
        "currencyCode": order.currency,
        "campaignId": order.campaignId,
    }


def import_item(order: Order, item: Item) -> dict[str, str]:
    held = item.txnType == "AUTHORIZE"
    return {
        "productId": str(item.product.productId),
        "name": item.product.name,
        "qty": str(item.qty),
        "actualProductId": str(item.product.productId),
        "shipping": money(item.shipping),
        "price": money(item.price),
        "purchaseId": item.purchaseId,
        "refundRemaining": money(item.total),
        "merchantTxnId": order.merchantTxnId or "",
        "purchaseStatus": "PENDING" if held else "ACTIVE",
        "nextBillDate": "" if held else next_bill_date(order),
        "regularPrice": money(item.product.price),
        "txnType": item.txnType,
        **UNPLAYED_IN_ITEMS,
        **({"variantDetailId": str(item.variant.variantId), "title": item.variant.name} if item.variant else {}),
    }


def insurance(terms: Terms) -> dict[str, Any]:
    """That insuranceCharged counts like a yes or no is an assumption; only its 0 was recorded."""
    insured = int(terms.insurance is not None)
    price = None if terms.insurance is None else money(terms.insurance)
    return {"shipmentInsured": insured, "shipmentInsurancePrice": price, "insuranceCharged": insured}


def coupon_code(order: Order) -> str | None:
    """A paid order's is the one it was paid with, which a lead's need not be."""
    return order.terms.couponCode or None if order.completed_at else text(order, "couponCode")


def profile_id(order: Order) -> int | None:
    return order.terms.profile.shipProfileId if order.terms.profile else None


def person(order: Order) -> dict[str, str | None]:
    return each_null_or(order, PERSON)


def each_null_or(order: Order, names: tuple[str, ...]) -> dict[str, str | None]:
    return {name: text(order, name) for name in names}


def text(order: Order, name: str) -> str | None:
    """What was sent, or null: the CRM's way at the top level of an order."""
    return order.contact.get(name) or None


def full_name(order: Order) -> str:
    return f"{order.contact.get('firstName', '')} {order.contact.get('lastName', '')}".strip()


def campaign_name(order: Order) -> str:
    return f"Campaign {order.campaignId}"


def next_bill_date(order: Order) -> str:
    due = datetime.fromtimestamp(order.created_at, UTC) + timedelta(days=BILL_DELAY_DAYS)
    return due.astimezone(EASTERN).strftime("%Y-%m-%d")
