"""What an attempt becomes: the verdict on a reply, on a failure, and on what Order Query says."""

from collections.abc import Sequence
from decimal import Decimal

from funnel.attempt import ORDER, Attempt, Away, AwayKind, Reason, State, Totals, Verdict
from funnel.crm.errors import CrmError, Kind, NotSent, Refused
from funnel.crm.replies import OrderReply, RedirectReply

DECLINED = "DECLINED"  # an orderStatus
PLACES = 2  # the CRM writes amounts with two places at least
GUESSES = {Kind.ALREADY_PURCHASED: Reason.ALREADY_PURCHASED, Kind.FRAUD_LIMIT: Reason.FRAUD_LIMIT}


class Judge:
    """Silence is not a refusal: a negative is believed only after a quiet time. All times in seconds."""

    def __init__(self, *, quiet_time: float, read_lag: float, redirect_time: float, give_up: float) -> None:
        self._quiet_time = quiet_time
        self._read_lag = read_lag
        self._redirect_time = redirect_time
        self._give_up = give_up

    def on_reply(self, attempt: Attempt, reply: OrderReply | RedirectReply, *, now: float) -> Verdict:
        """A success counts only with our own orderId and a status that means money was, or will be, taken."""
        if isinstance(reply, RedirectReply) or reply.leads_away:
            return Verdict(State.AWAIT_REDIRECT, settle_at=now + self._redirect_time, away=_away(reply))
        if reply.orderId == attempt.order_id and reply.charged:
            return Verdict(State.CHARGED, totals=totals(reply))
        return Verdict(State.UNKNOWN, settle_at=now + self._read_lag)

    def on_error(self, error: CrmError, *, now: float) -> Verdict:
        """Only what certainly took no money ends the attempt; the rest waits for Order Query."""
        if isinstance(error, NotSent):
            return Verdict(State.NOT_CHARGED, Reason.UNREACHABLE)
        if isinstance(error, Refused) and not error.may_have_charged:
            return _refusal(error)
        lag = self._read_lag if error.answered else self._quiet_time
        return Verdict(State.UNKNOWN, _guess(error), settle_at=now + lag)

    def on_query(self, attempt: Attempt, orders: Sequence[OrderReply], *, asked_at: float) -> Verdict | None:
        """The verdict of Order Query asked at `asked_at`; None while it cannot tell."""
        order = next((order for order in orders if order.orderId == attempt.order_id), None)
        if order is None:
            return self.on_no_answer(attempt, now=asked_at)
        if self._shows_the_charge(attempt, order):
            return Verdict(State.CHARGED, totals=totals(order))
        if attempt.settle_at is None or asked_at < attempt.settle_at:
            return None
        if attempt.slot == ORDER and order.orderStatus == DECLINED:
            return Verdict(State.DECLINED, Reason.DECLINED)
        return Verdict(State.NOT_CHARGED, attempt.reason or Reason.NOT_FOUND_PAID)

    def on_no_answer(self, attempt: Attempt, *, now: float) -> Verdict | None:
        """Order Query failed or does not know the order; after a day of that a human has to look."""
        if attempt.state is State.NEEDS_HUMAN or attempt.sent_at is None:
            return None
        return Verdict(State.NEEDS_HUMAN) if now - attempt.sent_at > self._give_up else None

    def _shows_the_charge(self, attempt: Attempt, order: OrderReply) -> bool:
        if attempt.slot == ORDER or attempt.basket is None:
            return order.charged
        product = str(attempt.basket.lines[0].productId)
        return sum(item.qty for item in order.items if item.productId == product) > attempt.baseline


def _away(reply: OrderReply | RedirectReply) -> Away | None:
    """Where the shopper goes; None where our pages offer no way, as for the parameters of PayPal's own script."""
    if isinstance(reply, RedirectReply):
        by_script = Away(AwayKind.SCRIPT, reply.script) if reply.script else None
        return Away(AwayKind.URL, reply.url) if reply.url else by_script
    if reply.paypalUrl:
        return Away(AwayKind.PAYPAL, reply.paypalUrl)
    return Away(AwayKind.URL, reply.gatewayUrl) if reply.gatewayUrl else None


def _refusal(error: Refused) -> Verdict:
    if error.kind is Kind.PREPAID:
        return Verdict(State.DECLINED, Reason.PREPAID)
    if error.kind is Kind.DECLINED:
        return Verdict(State.DECLINED, Reason.DECLINED)
    if error.kind is Kind.INVALID:
        return Verdict(State.NOT_CHARGED, Reason.INVALID, fields=tuple(error.fields))
    return Verdict(State.NOT_CHARGED, Reason.UNREACHABLE)


def _guess(error: CrmError) -> Reason | None:
    """Why the CRM refused, as far as its words tell: it is said once the attempt has ended, and ends nothing."""
    return GUESSES.get(error.kind) if isinstance(error, Refused) else None


def totals(order: OrderReply) -> Totals:
    return Totals(
        orderStatus=order.orderStatus,
        total=_text(order.totalAmount),
        shipping=_text(order.shipTotal),
        tax=_text(order.taxTotal),
        discount=_text(order.totalDiscount),
    )


def _text(amount: Decimal | None) -> str | None:
    if amount is None:
        return None
    places = max(PLACES, -int(amount.normalize().as_tuple().exponent))  # a dinar has three
    return f"{amount:.{places}f}"
