"""The audit: what the CRM's transactions say was charged, against what our ledger says; differences are breaks."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from funnel.attempt import Attempt, State
from funnel.charges.attempts import Attempts
from funnel.crm.calls import TransactionsQuery
from funnel.crm.client import Client
from funnel.crm.replies import Transaction
from funnel.store.store import Store, insert_new
from funnel.store.tables import breaks

TAKES_MONEY = ("SALE", "AUTHORIZE")  # a CAPTURE only collects what an AUTHORIZE has taken
SUCCESS = "SUCCESS"
EVERY_ROW = 200  # rows of a page, the most the CRM is known to give


@dataclass(frozen=True)
class Break:
    """A product of an order that was charged another number of times than our ledger holds."""

    order_id: str
    product_id: str
    ours: int
    theirs: int

    def __str__(self) -> str:
        return f"order {self.order_id}: product {self.product_id} charged {self.theirs}x, in our books {self.ours}x"


class Reconciliation:
    """It only reads from the CRM, and keeps what it found in the store until the next look at the same order."""

    def __init__(self, *, store: Store, attempts: Attempts, client: Client) -> None:
        self._store = store
        self._attempts = attempts
        self._client = client

    def run(self, *, since: float) -> Iterator[tuple[str, list[Break]]]:
        """Each order touched in the last `since` seconds, with its breaks. Raises CrmError when the CRM is away."""
        for order_id, touched in self._attempts.by_order(self._store.clock() - since).items():
            rows = self._client.transactions_query(TransactionsQuery(orderId=order_id, resultsPerPage=EVERY_ROW))
            found = compare(order_id, touched, rows)
            self._keep(order_id, found)
            yield order_id, found

    def kept(self) -> list[Break]:
        with self._store.read() as connection:
            rows = connection.execute(select(breaks).order_by(breaks.c.order_id, breaks.c.product_id))
            return [Break(row.order_id, row.product_id, row.ours, row.theirs) for row in rows]

    def _keep(self, order_id: str, found: Sequence[Break]) -> None:
        with self._store.write() as connection:
            connection.execute(delete(breaks).where(breaks.c.order_id == order_id))
            for each in found:
                insert_new(
                    connection,
                    breaks,
                    order_id=order_id,
                    product_id=each.product_id,
                    ours=each.ours,
                    theirs=each.theirs,
                    found_at=self._store.clock(),
                )


def compare(order_id: str, attempts: Sequence[Attempt], rows: Sequence[Transaction]) -> list[Break]:
    """Product by product. An attempt whose outcome is not known yet may count either way."""
    ours = Counter(product for attempt in attempts if attempt.state is State.CHARGED for product in _products(attempt))
    unsure = Counter(product for attempt in attempts if attempt.state.in_flight for product in _products(attempt))
    theirs = Counter(
        item.productId
        for row in rows
        if row.txnType in TAKES_MONEY and row.responseType == SUCCESS
        for item in row.items
    )
    return [
        Break(order_id, product, ours[product], theirs[product])
        for product in sorted(ours | theirs)
        if not ours[product] <= theirs[product] <= ours[product] + unsure[product]
    ]


def _products(attempt: Attempt) -> list[str]:
    return [str(line.productId) for line in attempt.basket.lines] if attempt.basket else ["unknown"]
