"""The CRM of the charges that move step by step: it takes money as its faults say, counts it, and may be late."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from protocol_rooms import LAG, QUIET, SEND, pause
from stores import Clock

from funnel.attempt import ORDER
from funnel.basket import Basket
from funnel.crm import errors
from funnel.crm.calls import OrderQuery
from funnel.crm.errors import CrmError, Garbled, NoAnswer, NotSent, Refused
from funnel.crm.replies import OrderItem, OrderReply, RedirectReply

LATEST = QUIET - LAG - 30.0  # seconds after sending at which the CRM may still carry a charge out
LONGEST_LAG = LAG - 1.0  # seconds Order Query may lag behind
CARD = "4539578763621486"


@dataclass(frozen=True)
class Fault:
    """What the CRM does with one charge. `charged_after` and `takes` are seconds; None: it takes no money."""

    name: str
    answer: Callable[[Request], OrderReply | RedirectReply]
    charged_after: float | None = None
    declines: bool = False
    takes: float = 0.0
    ready: bool = True
    at_bank: bool = False  # the money moves only for a shopper who was led there, so counted from then

    def __repr__(self) -> str:
        return self.name


class Request(NamedTuple):
    """One charge as it reaches the CRM; `key` tells our tests which press it was."""

    order_id: str
    slot: str
    key: str
    basket: Basket


class Fact(NamedTuple):
    """Something that happened to an order at the CRM: a charge, or a decline."""

    at: float
    request: Request
    charged: bool


def _order(order_id: str, status: str, items: Sequence[tuple[int, int]] = ()) -> OrderReply:
    lines = [OrderItem(str(product), None, qty, None, None, None, None, None) for product, qty in items]
    return OrderReply(
        orderId=order_id,
        orderStatus=status,
        reviewStatus=None,
        customerId=None,
        dateCreated=None,
        currencyCode="USD",
        totalAmount=Decimal("1.00"),
        subTotal=None,
        shipTotal=None,
        taxTotal=None,
        totalDiscount=None,
        salesTax=None,
        items=tuple(lines),
        paypalUrl=None,
        paypalSdkParams=None,
        gatewayUrl=None,
        gatewaySdkParams=None,
    )


def _raising(error: CrmError) -> Callable[[Request], OrderReply]:
    def answer(_: Request) -> OrderReply:
        raise error

    return answer


def _refused(kind: errors.Kind, **fields: str) -> Callable[[Request], OrderReply]:
    return _raising(Refused(kind, f"Not this one: {CARD}", fields))


def _success(request: Request) -> OrderReply:
    return _order(request.order_id, "COMPLETE")


def _foreign(_: Request) -> OrderReply:
    return _order("SOMEBODY-ELSES", "COMPLETE")


def _partial(request: Request) -> OrderReply:
    return _order(request.order_id, "PARTIAL")


def _redirect(_: Request) -> RedirectReply:
    return RedirectReply(url="https://bank.example/", script=None)


def _to_paypal(request: Request) -> OrderReply:
    return replace(_partial(request), paypalUrl="https://paypal.example/")


SILENCE, DEADLINE = _raising(NoAnswer("ConnectionResetError")), _raising(NoAnswer("deadline"))
FINE = Fault("fine", _success, 0.0)
NOT_READY = Fault("the lead fails, so it is never sent", SILENCE, ready=False)
PAYPAL = Fault("PayPal's legacy page, where nothing is charged", _to_paypal)
FAULTS = (
    FINE,
    PAYPAL,
    Fault("slow, yet answered", _success, 50.0, takes=50.0),
    Fault("connection refused", _raising(NotSent("ConnectionRefusedError"))),
    Fault("dropped before processing", SILENCE),
    Fault("processed, then dropped", SILENCE, 0.0),
    Fault("dropped, processed ten minutes late", SILENCE, 600.0),
    Fault("hangs, never processed", DEADLINE, takes=SEND),
    Fault("hangs, processed at the latest", DEADLINE, LATEST, takes=SEND),
    Fault("declined", _refused(errors.Kind.DECLINED), declines=True),
    Fault("declined, then dropped", SILENCE, declines=True),
    Fault("fields refused", _refused(errors.Kind.INVALID, cardNumber=f"{CARD} is invalid")),
    Fault("garbled, processed", _raising(Garbled("html")), 0.0),
    Fault("garbled, not processed", _raising(Garbled("html"))),
    Fault("500, processed five minutes late", _raising(Garbled("500", answered=False)), 300.0),
    Fault("unknown ERROR, processed", _refused(errors.Kind.UNKNOWN), 0.0),
    Fault("unknown ERROR, not processed", _refused(errors.Kind.UNKNOWN)),
    Fault("another order's success, processed", _foreign, 0.0),
    Fault("success that is still PARTIAL", _partial),
    Fault("a bank's challenge, passed half an hour later", _redirect, 1800.0, at_bank=True),
)


class Crm:
    """Takes money as its faults say, counts it, and answers Order Query, `lag` seconds behind."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.facts: list[Fact] = []
        self.lag = 0.0
        self.away = False

    def take(self, request: Request, fault: Fault) -> None:
        if fault.charged_after is not None:
            self.facts.append(Fact(self._clock() + fault.charged_after, request, charged=True))
        elif fault.declines:
            self.facts.append(Fact(self._clock(), request, charged=False))

    def charges(self, order_id: str, *, until: float | None = None) -> list[Request]:
        """What was charged to an order by now, or will have been by a moment to come."""
        return [fact.request for fact in self._known(order_id, until or self._clock()) if fact.charged]

    def order_query(self, call: OrderQuery, *, deadline: float) -> tuple[OrderReply, ...]:
        if self.away:
            raise NoAnswer("deadline")
        then = self._clock() - self.lag
        charged = self.charges(call.orderId, until=then)
        declined = len(self._known(call.orderId, then)) > len(charged)
        if any(request.slot == ORDER for request in charged):
            status = "COMPLETE"
        else:
            status = "DECLINED" if declined else "PARTIAL"
        items = Counter[int]()
        for line in (line for request in charged for line in request.basket.lines):
            items[line.productId] += line.quantity
        answer = (_order(call.orderId, status, list(items.items())),)
        pause("answered")
        return answer

    def _known(self, order_id: str, until: float) -> list[Fact]:
        return [fact for fact in self.facts if fact.request.order_id == order_id and fact.at <= until]
