"""Card testing is kept out: how many cards may be tried in vain from one place, and in the shop as a whole.

The ledger itself is what is counted, so that a count costs no write, holds for all processes, and knows of declines
that come to light later. Nothing that is derived from a card is among it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, and_, bindparam, func, literal, or_, select

from funnel.attempt import IN_FLIGHT, Reason, State
from funnel.origin import Origin
from funnel.store import Store
from funnel.tables import attempts

HOUR = 3600.0  # seconds
ALARM_TIME = 600.0  # seconds
ALARMED_SHARE = 4  # a quarter of an address's limit, and of a network's, is left while the shop is under attack
STILL_ALARMED = 2  # so many alarms' worth of declines in an hour; else an attack could come and go every ten minutes


@dataclass(frozen=True)
class Limits:
    """Cards tried in vain in an hour, from an address, from a network and in the shop, until no more are taken.

    `alarm` is for the shop in ten minutes, or twice as many in an hour; `charges` are all charges in an hour, 0 for any
    number. Who has a challenge to tell people from machines needs not be wary of all: then limits stay as they are.
    """

    address: int = 8
    network: int = 40
    shop: int = 300
    alarm: int = 30
    charges: int = 0
    wary: bool = True


class Mood(StrEnum):
    FREE = "free"
    SUSPECT = "suspect"  # a person may go on
    SPENT = "spent"  # nobody may


class Tries:
    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._limits = limits
        self._counts = _counting(limits)

    def mood(self, origin: Origin) -> Mood:
        with self._store.read() as connection:
            return self.mood_within(connection, origin)

    def mood_within(self, connection: Connection, origin: Origin) -> Mood:
        """As seen by a transaction that is about to claim a charge."""
        now, limits = self._store.clock(), self._limits
        since = {"hour": now - HOUR, "alarmed": now - ALARM_TIME}
        row = connection.execute(self._counts, {"address": origin.address, "network": origin.network, **since}).one()
        alarmed = row.alarm >= limits.alarm or row.shop >= limits.alarm * STILL_ALARMED
        share = ALARMED_SHARE if alarmed and limits.wary else 1
        spent = row.address >= -(-limits.address // share) or row.network >= -(-limits.network // share)
        if spent or row.shop >= limits.shop or (limits.charges and row.charges >= limits.charges):
            return Mood.SPENT
        near = row.address * 2 >= limits.address or row.network * 2 >= limits.network
        return Mood.SUSPECT if alarmed or near else Mood.FREE


# A charge under way counts until it is known to be one, so that many at once are no way around; one that never reached
# the CRM does not.
IN_VAIN = or_(
    attempts.c.state.in_((State.DECLINED, *IN_FLIGHT)),
    and_(
        attempts.c.state == State.NOT_CHARGED,
        attempts.c.sent_at.is_not(None),
        func.coalesce(attempts.c.reason, "") != Reason.UNREACHABLE,
    ),
)


def _counting(limits: Limits) -> Any:
    """One statement, and each count ends at its limit, so that an attack does not make it dearer."""
    lately = attempts.c.created_at > bindparam("hour")
    declined = attempts.c.state == State.DECLINED
    return select(
        _count(limits.address, attempts.c.address == bindparam("address"), lately, IN_VAIN).label("address"),
        _count(limits.network, attempts.c.network == bindparam("network"), lately, IN_VAIN).label("network"),
        _count(limits.shop, declined, attempts.c.settled_at > bindparam("hour")).label("shop"),
        _count(limits.alarm, declined, attempts.c.settled_at > bindparam("alarmed")).label("alarm"),
        _count(limits.charges, attempts.c.sent_at > bindparam("hour")).label("charges"),
    )


def _count(limit: int, *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    found = select(literal(1)).select_from(attempts).where(*conditions).limit(limit).subquery()
    return select(func.count()).select_from(found).scalar_subquery()
