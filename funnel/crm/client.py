"""The typed client of the merchant's CRM: one method per call."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar
from urllib.parse import urlencode

from funnel.cards import Secret
from funnel.crm.calls import (
    Call,
    CampaignQuery,
    ConfirmOrder,
    ConfirmPaypal,
    ImportClick,
    ImportLead,
    ImportOrder,
    ImportUpsale,
    OrderQuery,
    TransactionsQuery,
)
from funnel.crm.campaign_reading import read_campaigns
from funnel.crm.campaigns import Campaign
from funnel.crm.envelope import SUCCESS, Envelope, open_envelope
from funnel.crm.errors import CrmError, Garbled, Kind, Refused
from funnel.crm.form import parameters
from funnel.crm.outcome import named, refuses_the_code, shows_up
from funnel.crm.pricing import OrderCoupon, SalesTax
from funnel.crm.reading import (
    NOTHING,
    read_charge,
    read_click,
    read_coupon,
    read_lead,
    read_orders,
    read_tax,
    read_transactions,
)
from funnel.crm.replies import ClickReply, CouponReply, LeadReply, OrderReply, RedirectReply, Transaction
from funnel.crm.wire import Wire

log = logging.getLogger("funnel.crm")

CONNECT_TIMEOUT = 5.0  # seconds for one address; a CRM that takes longer to accept is away

Reply = TypeVar("Reply")
Row = TypeVar("Row")
Post = Callable[[str, str, float], bytes]


@dataclass(frozen=True)
class Deadlines:
    """Seconds a call may take in all, the name lookup apart.

    A charge takes about 1.5 s as a rule, but gateways have been seen to take 80.
    """

    query: float = 10.0
    owed: float = 10.0
    charge: float = 60.0


class Client:
    """Safe for many threads. No call is ever repeated here, no redirect followed; TLS is always verified.

    Every method raises NotSent, NoAnswer, Garbled or Refused, and takes a deadline in seconds instead of its
    usual one. Charges go over a connection of their own, the others over one that their thread keeps.
    `on_outcome` is told of every call that shows the CRM up (True) or down (False), `on_call` of each by name, outcome
    and seconds; neither may raise.
    """

    def __init__(
        self,
        url: str,
        login_id: str,
        password: str,
        *,
        connect_timeout: float = CONNECT_TIMEOUT,
        deadlines: Deadlines = Deadlines(),  # frozen
        ca_file: str | None = None,
        on_outcome: Callable[[bool], None] = lambda answered: None,
        on_call: Callable[[str, str, float], None] = lambda call, outcome, seconds: None,
    ) -> None:
        self._url = url.rstrip("/")
        self._login_id = login_id
        self._password = Secret(password)
        self._deadlines = deadlines
        self._on_outcome = on_outcome
        self._on_call = on_call
        self._wire = Wire(connect_timeout=connect_timeout, ca_file=ca_file)

    def import_click(self, call: ImportClick, *, deadline: float | None = None) -> ClickReply:
        return self._owe(call, lambda envelope: read_click(envelope, call.sessionId), deadline)

    def import_lead(self, call: ImportLead, *, deadline: float | None = None) -> LeadReply:
        return self._owe(call, read_lead, deadline)

    def import_order(self, call: ImportOrder, *, deadline: float | None = None) -> OrderReply | RedirectReply:
        return self._charge(call, deadline)

    def import_upsale(self, call: ImportUpsale, *, deadline: float | None = None) -> OrderReply | RedirectReply:
        return self._charge(call, deadline)

    def confirm_paypal(self, call: ConfirmPaypal, *, deadline: float | None = None) -> OrderReply | RedirectReply:
        return self._charge(call, deadline)

    def confirm_order(self, call: ConfirmOrder, *, deadline: float | None = None) -> None:
        """What a success says beside being one was never published, so it is not read."""
        self._owe(call, lambda envelope: None, deadline)

    def order_query(self, call: OrderQuery, *, deadline: float | None = None) -> tuple[OrderReply, ...]:
        """Empty when the CRM knows no such order."""
        return self._query(call, read_orders, deadline)

    def transactions_query(self, call: TransactionsQuery, *, deadline: float | None = None) -> tuple[Transaction, ...]:
        """One page; empty when there is none."""
        return self._query(call, read_transactions, deadline)

    def campaign_query(self, call: CampaignQuery, *, deadline: float | None = None) -> tuple[Campaign, ...]:
        """One page; empty when there is none."""
        return self._query(call, read_campaigns, deadline)

    def order_coupon(self, call: OrderCoupon, *, deadline: float | None = None) -> CouponReply:
        """What a code takes off: nothing, where the CRM refuses the code. Raises where it refuses the call."""
        try:
            return self._ask(call, read_coupon, deadline)
        except Refused as refusal:
            if not refuses_the_code(refusal):
                raise
            return CouponReply(priceDiscount=NOTHING, shipDiscount=NOTHING)

    def sales_tax(self, call: SalesTax, *, deadline: float | None = None) -> Decimal:
        """In the campaign's currency, with as many places as the tax service gives: rounding is the caller's."""
        return self._ask(call, read_tax, deadline)

    def _charge(self, call: Call, deadline: float | None) -> OrderReply | RedirectReply:
        return self._make(call, read_charge, self._wire.fresh, deadline, self._deadlines.charge)

    def _owe(self, call: Call, read: Callable[[Envelope], Reply], deadline: float | None) -> Reply:
        return self._make(call, _if_success(read), self._wire.kept, deadline, self._deadlines.owed)

    def _query(
        self, call: Call, read: Callable[[Envelope], tuple[Row, ...]], deadline: float | None
    ) -> tuple[Row, ...]:
        try:
            return self._ask(call, read, deadline)
        except Refused as refusal:
            if refusal.kind is not Kind.NOT_FOUND:
                raise
            return ()

    def _ask(self, call: Call, read: Callable[[Envelope], Reply], deadline: float | None) -> Reply:
        return self._make(call, _if_success(read), self._wire.kept, deadline, self._deadlines.query)

    def _make(
        self, call: Call, read: Callable[[Envelope], Reply], post: Post, deadline: float | None, usual: float
    ) -> Reply:
        started, outcome = time.monotonic(), "broken"
        seconds = usual if deadline is None else deadline
        up: bool | None = None
        try:
            reply = read(open_envelope(post(self._url + call.path, self._body(call), seconds)))
            outcome, up = named(reply), True
        except CrmError as error:
            outcome, up = error.outcome, shows_up(error, patient=seconds >= usual)
            raise
        finally:
            name, spent = type(call).__name__, time.monotonic() - started
            log.info("crm call", extra={"call": name, "ms": round(1000 * spent), "outcome": outcome})
            self._on_call(name, outcome, spent)
            if up is not None:
                self._on_outcome(up)
        return reply

    def _body(self, call: Call) -> str:
        credentials = {"loginId": self._login_id, "password": self._password.reveal()}
        return urlencode({**credentials, **parameters(call)}, errors="replace")


def _if_success(read: Callable[[Envelope], Reply]) -> Callable[[Envelope], Reply]:
    """Only a charge can be answered by a redirect."""

    def read_success(envelope: Envelope) -> Reply:
        if envelope.result != SUCCESS:
            raise Garbled("a redirect where none can be")
        return read(envelope)

    return read_success
