"""What came of a chaos run: our books beside the CRM's, and what its shoppers were told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from books import Books, Entry
from conftest import Crm
from impatient import Visit

from funnel.attempt import ORDER, State

Place = tuple[str | None, str]  # an order and a slot of it, as the sandbox names slots


@dataclass
class Report:
    """Counts of charges and of shoppers; waits in seconds from sending to CHARGED, by what had gone wrong."""

    calls: int = 0
    kills: int = 0
    charged: int = 0
    doubles: int = 0
    unknown: int = 0
    phantoms: int = 0
    unsaid: int = 0
    lies: int = 0
    paid: int = 0
    came_back: int = 0
    stranded: int = 0
    surprises: list[str] = field(default_factory=list)
    answer_lost: list[float] = field(default_factory=list)
    process_killed: list[float] = field(default_factory=list)

    @property
    def balanced(self) -> bool:
        return not (self.doubles or self.phantoms or self.unsaid)

    @property
    def right(self) -> bool:
        return self.balanced and not (self.unknown or self.lies or self.stranded or self.surprises)

    def compare(self, books: Books, crm: Crm, visits: Sequence[Visit]) -> None:
        """Charge by charge. What a shopper was told counts against what the CRM has done."""
        entries, theirs = books.entries(), _charged_there(crm)
        ours = Counter(_place(entry) for entry in entries if entry.state is State.CHARGED)
        self.charged = theirs.total()
        self.doubles = sum(count - 1 for count in theirs.values())
        self.unknown = sum(entry.state.in_flight or entry.state is State.NEEDS_HUMAN for entry in entries)
        self.phantoms = (ours - theirs).total()
        self.unsaid = (theirs - ours).total()
        self.lies = sum(place in theirs for place in _told_not_charged(entries, visits))

    def follow(
        self, paid: Mapping[str, str], at_once: Mapping[str, str | None], later: Mapping[str, str | None]
    ) -> None:
        """Whether who paid has come to the receipt: order numbers by e-mail address, as paid and as read there."""
        self.paid = len(paid)
        here = {email for email, order_id in paid.items() if at_once.get(email) == order_id}
        back = {email for email, order_id in paid.items() if later.get(email) == order_id} - here
        self.came_back = len(back)
        self.stranded = len(paid.keys() - here - back)


def wait_at(share: float, waits: Collection[float]) -> float:
    """The wait that so large a share did not exceed; endless where none was measured."""
    ordered = sorted(waits)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")


def paid_orders(books: Books, crm: Crm) -> dict[str, str]:
    """The order of each shopper whom the CRM has charged for one, by e-mail address."""
    charged = _charged_there(crm)
    return {email: order_id for email, order_id in books.order_ids().items() if (order_id, ORDER) in charged}


def _told_not_charged(entries: Sequence[Entry], visits: Sequence[Visit]) -> set[Place]:
    """Of a whole order, or of an offer that was not added."""
    left = {visit.email for visit in visits if visit.left_unpaid}
    not_added = {(visit.email, product) for visit in visits for product in visit.told_not_added}
    return {
        _place(entry)
        for entry in entries
        if (entry.email in left if entry.slot == ORDER else (entry.email, entry.product) in not_added)
    }


def _place(entry: Entry) -> Place:
    return entry.order_id, ORDER if entry.slot == ORDER else f"upsale:{entry.product_id}"


def _charged_there(crm: Crm) -> Counter[Place]:
    orders: dict[str, dict[str, Any]] = crm.charges()["orders"]
    return Counter({(order_id, slot): count for order_id, slots in orders.items() for slot, count in slots.items()})
