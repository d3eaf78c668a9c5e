"""One charge as it is handed over: what is charged, how its call is made, and how long that may take."""

from collections.abc import Callable
from dataclasses import dataclass

from funnel.attempt import PaySource, Reason
from funnel.basket import Basket
from funnel.crm.replies import OrderReply, RedirectReply
from funnel.limits.origin import Origin


class NotReady(Exception):
    """The charge cannot be made, and nothing was sent; the reason says why."""

    def __init__(self, reason: Reason, fields: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.fields = fields


@dataclass(frozen=True)
class Charge:
    """One thing to charge. `make_ready` gives the orderId, or raises NotReady; `send` makes the call, once."""

    key: str
    visit_id: str
    slot: str
    basket: Basket
    make_ready: Callable[[], str]
    send: Callable[[str], OrderReply | RedirectReply]
    pay_source: PaySource = PaySource.CARD
    origin: Origin | None = None


@dataclass(frozen=True)
class Deadlines:
    """Seconds: what making ready may take, what the call may take, and how long a request waits for both."""

    ready: float
    send: float
    wait: float
