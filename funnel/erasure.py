"""A person is forgotten: what is kept of somebody, how it is found, and how it goes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, or_, select, update

from funnel.attempt import LIVE, State
from funnel.store.store import Store
from funnel.store.tables import FORGOTTEN, attempts, outbox, refusals, visits
from funnel.visits.attribution import Arrival

AT_A_TIME = 1000  # rows read from the store at once
EMAIL = "emailAddress"  # the CRM's name for it, and so ours, in whatever a visit keeps

_THESE: BindParameter[Any] = bindparam("these", expanding=True)
NOT_SETTLED = tuple(state for state in LIVE if state != State.CHARGED)
PERSONAL = (visits.c.contact, visits.c.draft, visits.c.told)
SOMEBODYS = select(visits.c.id, *PERSONAL).where(
    visits.c.seen_at > FORGOTTEN, or_(*(column.is_not(None) for column in PERSONAL))
)
OF_ORDER = select(visits.c.id).where(visits.c.order_id == bindparam("order"), visits.c.seen_at > FORGOTTEN)
FORGET = (
    update(visits)
    .where(visits.c.id.in_(_THESE))
    .values(
        contact=None,
        draft=None,
        told=None,
        addresses=None,
        pixel=None,
        notice=None,
        arrival=asdict(Arrival("", "", "", "")),
        seen_at=FORGOTTEN,
    )
)
# Where a bank or PayPal was to be met; settling goes by the orderId, and nobody comes back to such a visit.
UNLEAD = update(attempts).where(attempts.c.visit_id.in_(_THESE), attempts.c.away.is_not(None)).values(away=None)
UNPLACE = (
    update(attempts)
    .where(attempts.c.visit_id.in_(_THESE), attempts.c.address.is_not(None))
    .values(address=None, network=None)
)
UNREFUSE = delete(refusals).where(refusals.c.visit_id.in_(_THESE))
UNOWE = delete(outbox).where(outbox.c.visit_id.in_(_THESE))
UNSETTLED = (
    select(func.count()).select_from(attempts).where(attempts.c.visit_id.in_(_THESE), attempts.c.state.in_(NOT_SETTLED))
)


@dataclass(frozen=True)
class Erased:
    """How many visits became nobody's, and how many of their charges have no outcome yet."""

    visits: int
    unsettled: int


class Erasure:
    """Visits end and lose whose they were. Their ids stay, so that no cookie brings them back; so do the charges."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_email(self, address: str) -> Erased:
        """Every visit that knows this address, in whatever it keeps."""
        wanted = address.strip().lower()
        with self._store.stream() as connection:
            rows = connection.execution_options(yield_per=AT_A_TIME).execute(SOMEBODYS)
            found = [row.id for row in rows if any(_has_email(kept, wanted) for kept in row[1:])]
        return self._erase(found)

    def of_order(self, order_id: str) -> Erased:
        """The visit that has this orderId."""
        with self._store.read() as connection:
            found = connection.execute(OF_ORDER, {"order": order_id.strip()}).scalars().all()
        return self._erase(found)

    def _erase(self, these: Sequence[str]) -> Erased:
        if not these:
            return Erased(0, 0)
        with self._store.durable() as connection:
            forget(connection, these)
            connection.execute(UNOWE, {"these": these})
            unsettled = connection.execute(UNSETTLED, {"these": these}).scalar_one()
        self._store.scrub()
        return Erased(len(these), unsettled)


def forget(connection: Connection, these: Sequence[str]) -> None:
    """The visits with these ids are nobody's from here on."""
    connection.execute(FORGET, {"these": these})
    connection.execute(UNLEAD, {"these": these})
    connection.execute(UNPLACE, {"these": these})
    connection.execute(UNREFUSE, {"these": these})


def _has_email(kept: Any, wanted: str) -> bool:
    """At whatever depth. Compared here, for the lower() of a database may know the English letters only."""
    if not isinstance(kept, dict):
        return False
    email = kept.get(EMAIL)
    if isinstance(email, str) and email.strip().lower() == wanted != "":
        return True
    return any(_has_email(value, wanted) for value in kept.values())
