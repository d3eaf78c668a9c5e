"""Which calls the API user may make, as far as it shows without changing anything in the CRM."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from funnel.crm.calls import CampaignQuery, OrderQuery, TransactionsQuery
from funnel.crm.client import Client
from funnel.crm.errors import CrmError

NO_ORDER = "0"
# Each of these would leave something behind, so nobody can try them without a shopper.
CHANGES = ("Import Click", "Import Lead", "Import Order", "Import Upsale", "Confirm Order")


@dataclass(frozen=True)
class Tried:
    """A call, and the error it came back with; None where it was answered."""

    call: str
    error: CrmError | None


@dataclass(frozen=True)
class Permissions:
    """`deadline` is seconds for one call."""

    client: Client
    campaign_id: int
    deadline: float

    def tried(self) -> Iterator[Tried]:
        """The calls that only read, one by one; asked for what is not there, the CRM answers that it is not."""
        asked = CampaignQuery(campaignId=self.campaign_id)
        yield Tried("Campaign Query", self._error(lambda: self.client.campaign_query(asked, deadline=self.deadline)))
        order = OrderQuery(orderId=NO_ORDER)
        yield Tried("Order Query", self._error(lambda: self.client.order_query(order, deadline=self.deadline)))
        paid = TransactionsQuery(orderId=NO_ORDER)
        yield Tried(
            "Transactions Query", self._error(lambda: self.client.transactions_query(paid, deadline=self.deadline))
        )

    @staticmethod
    def _error(ask: Callable[[], object]) -> CrmError | None:
        try:
            ask()
        except CrmError as error:
            return error
        return None
