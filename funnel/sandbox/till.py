"""Taking money: the one place where an order is paid, and where each charge is counted."""

from dataclasses import replace

from funnel.sandbox.orders import ZERO, Item, Order, Purchase, Transaction, money
from funnel.sandbox.world import World, new_code

STATUS_BY_PAY_SOURCE = {"COD": "COD_PENDING"}  # paid at the door; other orders are COMPLETE


def take_money(world: World, order: Order, purchase: Purchase) -> Order:
    """Charges (where the order is held: authorises) the purchase, counts it and returns the paid order."""
    held = purchase.held or world.switches.single_transaction
    txnType = "AUTHORIZE" if held else "SALE"
    bought = tuple(
        replace(
            item,
            purchaseId=new_code(),
            orderItemId=next(world.numbers),
            txnType=txnType,
            upsale=purchase.upsale,
        )
        for item in purchase.items
    )
    count_charge(world, purchase)
    transaction = note_transaction(world, order, purchase, txnType, "SUCCESS", "Approved")
    return world.keep(paid(order, purchase, bought, held, str(transaction.transactionId), world.now()))


def count_charge(world: World, purchase: Purchase) -> None:
    counts = world.charges.setdefault(purchase.orderId, {})
    for slot in purchase.slots:
        counts[slot] = counts.get(slot, 0) + 1
    world.amounts[purchase.orderId] = world.amounts.get(purchase.orderId, ZERO) + purchase.amount


def paid(order: Order, purchase: Purchase, bought: tuple[Item, ...], held: bool, txn: str, at: float) -> Order:
    later = held or purchase.payment.paySource in STATUS_BY_PAY_SOURCE
    amountPaid = order.amountPaid + (ZERO if later else purchase.amount)
    if purchase.upsale:
        return replace(with_upsale(order, purchase, bought), amountPaid=amountPaid)
    return replace(
        order,
        items=order.items if order.completed_at else with_more((), bought),
        terms=purchase.terms,
        amountPaid=amountPaid,
        payment=purchase.payment,
        merchantTxnId=txn,
        completed_at=order.completed_at or at,
        orderStatus="PENDING" if held else STATUS_BY_PAY_SOURCE.get(purchase.payment.paySource, "COMPLETE"),
        reviewStatus="PENDING" if purchase.held else None,
    )


def with_upsale(order: Order, purchase: Purchase, bought: tuple[Item, ...]) -> Order:
    """What is replaced leaves the order. The discount stays, as far as there is still something to take it off."""
    kept = tuple(item for item in order.items if not (purchase.replaces and item.key == purchase.replaces.key))
    joined = replace(order, items=with_more(kept, bought))
    return replace(
        joined,
        terms=replace(
            order.terms,
            salesTax=order.terms.salesTax + purchase.terms.salesTax,
            discountPrice=min(order.terms.discountPrice, joined.subTotal),
            discountShipping=min(order.terms.discountShipping, joined.shipTotal),
        ),
    )


def with_more(items: tuple[Item, ...], bought: tuple[Item, ...]) -> tuple[Item, ...]:
    """The items by product and variant: one bought again is one item of a larger quantity."""
    merged = {item.key: item for item in items}
    for item in bought:
        there = merged.get(item.key)
        merged[item.key] = raised(there, item) if there else item
    return tuple(merged.values())


def raised(there: Item, more: Item) -> Item:
    return replace(
        there,
        qty=there.qty + more.qty,
        price=there.price + more.price,
        shipping=there.shipping + more.shipping,
    )


def note_decline(world: World, order: Order, purchase: Purchase, text: str) -> None:
    """Counts a declined try. The order stays as it was."""
    world.declines += 1
    note_transaction(world, order, purchase, "SALE", "SOFT_DECLINE", text)


def note_transaction(
    world: World, order: Order, purchase: Purchase, txnType: str, responseType: str, text: str
) -> Transaction:
    transaction = Transaction(
        transactionId=next(world.numbers),
        orderId=order.orderId,
        customerId=order.customerId,
        campaignId=order.campaignId,
        at=world.now(),
        txnType=txnType,
        responseType=responseType,
        responseText=text,
        totalAmount=purchase.amount,
        payment=purchase.payment,
        items=purchase.items,
    )
    world.transactions.append(transaction)
    return transaction


def charges(world: World) -> dict[str, object]:
    """How often money was taken per order and slot, in all, how much, and how many tries were declined."""
    orders = {orderId: dict(counts) for orderId, counts in world.charges.items()}
    total = sum(sum(counts.values()) for counts in orders.values())
    amounts = {orderId: money(amount) for orderId, amount in world.amounts.items()}
    return {"orders": orders, "total": total, "amounts": amounts, "declines": world.declines}
