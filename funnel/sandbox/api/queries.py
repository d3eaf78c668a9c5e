"""Order Query and Transactions Query, and how queries are paged."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from funnel.sandbox.api.params import Params, integer
from funnel.sandbox.api.replies import (
    NO_ORDERS,
    NO_TRANSACTIONS,
    NOT_VALID,
    REQUIRED,
    Refusal,
    Reply,
    success,
)
from funnel.sandbox.orders import EASTERN, Order, Transaction
from funnel.sandbox.rows import row_shape, transaction_shape
from funnel.sandbox.world import World

PAGE_SIZE = 25  # recorded
LARGEST_PAGE = 200  # the lower of two documented limits
SECRET_PARAMS = ("loginId", "password")
ORDER_FILTERS = ("emailAddress", "phoneNumber", "firstName", "lastName", "ipAddress")

Row = TypeVar("Row", Order, Transaction)


def order_query(world: World, params: Params, site: str) -> Reply:
    check_scope(params)
    orders = world.orders(as_of=seen_until(world), only=params.get("orderId", ""))
    found = [
        order
        for order in orders
        if all(fits(params, name, value) for name, value in order_facts(order).items())
        and created_within(params, order.created_at)
    ]
    return page_of(found, params, row_shape, NO_ORDERS)


def order_facts(order: Order) -> dict[str, str]:
    return {
        "orderId": order.orderId,
        "orderStatus": order.orderStatus,
        "orderType": "NEW_SALE",
        "campaignId": str(order.campaignId),
        "customerId": str(order.customerId),
        **{name: order.contact.get(name, "") for name in ORDER_FILTERS},
    }


def transactions_query(world: World, params: Params, site: str) -> Reply:
    check_scope(params, "customerId", "purchaseId")
    found = [
        transaction
        for transaction in world.transactions
        if all(fits(params, name, value) for name, value in transaction_facts(transaction).items())
        and created_within(params, transaction.at)
        and transaction.at <= seen_until(world)
    ]
    return page_of(found, params, transaction_shape, NO_TRANSACTIONS)


def transaction_facts(transaction: Transaction) -> dict[str, str]:
    return {
        "orderId": transaction.orderId,
        "customerId": str(transaction.customerId),
        "campaignId": str(transaction.campaignId),
        "txnType": transaction.txnType,
        "responseType": transaction.responseType,
        "paySource": transaction.payment.paySource,
        "cardLast4": transaction.payment.cardLast4 or "",
        "cardBin": transaction.payment.cardBin or "",
        "merchantTxnId": str(transaction.transactionId),
    }


def check_scope(params: Params, *others: str) -> None:
    """A query names an order, or two dates."""
    if any(params.get(name) for name in ("orderId", *others)):
        return
    missing = {name: REQUIRED for name in ("startDate", "endDate") if not params.get(name)}
    if missing:
        raise Refusal(missing)


def fits(params: Params, name: str, value: str) -> bool:
    """Whether the filter, a comma-separated list, lets this value through. No filter lets all through."""
    allowed = params.get(name, "").strip()
    return not allowed or value.lower() in (each.strip().lower() for each in allowed.split(","))


def created_within(params: Params, at: float) -> bool:
    """Dates are whole days of the CRM's clock, both included."""
    day = datetime.fromtimestamp(at, UTC).astimezone(EASTERN).date()
    start, end = read_date(params, "startDate"), read_date(params, "endDate")
    return (start is None or start <= day) and (end is None or day <= end)


def read_date(params: Params, name: str) -> date | None:
    """MM/DD/YYYY or M/D/YY."""
    text = params.get(name, "").strip()
    if not text:
        return None
    pieces = re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})/(?:20)?([0-9]{2})", text)
    try:
        month, day, year = map(int, pieces.groups() if pieces else ())
        return date(2000 + year, month, day)
    except ValueError:
        raise Refusal({name: NOT_VALID}) from None


def seen_until(world: World) -> float:
    """The moment as of which queries see the books."""
    return world.now() - world.switches.query_lag


def page_of(rows: Sequence[Row], params: Params, shape: Callable[[Row], dict[str, Any]], nothing: str) -> Reply:
    size, number = page_size(params), page_number(params)
    newest_first = params.get("sortDir", "1") != "0"
    ordered = list(reversed(rows)) if newest_first else list(rows)
    shown = ordered[size * (number - 1) : size * number]
    if not shown:
        raise Refusal(nothing)
    return success(
        {
            **page_head(len(rows), size, number),
            "data": [shape(row) for row in shown],
            **{"params": None, "errors": None, "sortBy": "dateCreated", "sortDir": int(newest_first)},
            "queryArgs": query_args(params, size, number, newest_first),
        }
    )


def page_head(total: int, size: int, number: int) -> dict[str, int]:
    return {"totalResults": total, "resultsPerPage": size, "page": number}


def query_args(params: Params, size: int, number: int, newest_first: bool) -> dict[str, Any]:
    return {
        "page": number,
        "sortDir": int(newest_first),
        "resultsPerPage": size,
        "sortBy": "dateCreated",
        **{name: value for name, value in params.items() if name not in SECRET_PARAMS},
        "dateRangeType": params.get("dateRangeType", "dateCreated"),
    }


def page_size(params: Params) -> int:
    return min(max(integer(params, "resultsPerPage", default=PAGE_SIZE), 1), LARGEST_PAGE)


def page_number(params: Params) -> int:
    return max(integer(params, "page", default=1), 1)
