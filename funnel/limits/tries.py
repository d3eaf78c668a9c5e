"""Card testing is kept out: how many cards may be tried in vain from one place, and in the shop as a whole.

The ledger itself is what is counted, so that a count costs no write, holds for all processes, and knows of declines
that come to light later. Nothing that is derived from a card is among it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Function, ScalarSelect, and_, bindparam, func, literal, or_, select

from funnel.attempt import IN_FLIGHT, Reason, State
from funnel.limits.origin import Origin
from funnel.store.store import Store
from funnel.store.tables import attempts

HOUR = 3600.0  # seconds
ALARM_TIME = 600.0  # seconds
MEMORY = 6 * HOUR  # how long an attack is remembered; an hour would let each address of a botnet in again and again
STILL_ALARMED = 12  # so many alarms' worth of declines within the memory; else an attack could pause every ten minutes
TRIED_AGAIN = 8  # so many alarms' worth of second tries, after which they count as everybody's; a shop sees far fewer


@dataclass(frozen=True)
class Limits:
    """Cards tried in vain in an hour, from an address and from a network; in the shop in six; then no more are taken.

    `alarm` is for the shop in ten minutes, or twelve times as many in six hours; `charges` are all charges in an hour,
    0 for any number.
    """

    address: int = 8
    network: int = 40
    shop: int = 1500
    alarm: int = 30
    charges: int = 0


class Mood(StrEnum):
    FREE = "free"
    SUSPECT = "suspect"  # a person may go on
    SPENT = "spent"  # nobody may


class Tries:
    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._limits = limits
        self._counts = _counting(limits)

    def mood(self, origin: Origin, visit_id: str) -> Mood:
        with self._store.read() as connection:
            return self.mood_within(connection, origin, visit_id)

    def mood_within(self, connection: Connection, origin: Origin, visit_id: str) -> Mood:
        """As seen by a transaction that is about to claim a charge."""
        now, limits = self._store.clock(), self._limits
        where = {"address": origin.address, "network": origin.network}
        since = {"hour": now - HOUR, "alarmed": now - ALARM_TIME, "remembered": now - MEMORY}
        row = connection.execute(self._counts, {**where, **since}).one()
        spent = row.address >= limits.address or row.network >= limits.network or row.shop >= limits.shop
        if spent or (limits.charges and row.charges >= limits.charges):
            return Mood.SPENT
        alarmed = row.alarm >= limits.alarm or row.shop >= limits.alarm * STILL_ALARMED
        if alarmed and self._held(connection, origin, visit_id, now - MEMORY):
            return Mood.SPENT
        near = row.address * 2 >= limits.address or row.network * 2 >= limits.network
        return Mood.SUSPECT if alarmed or near else Mood.FREE

    def _held(self, connection: Connection, origin: Origin, visit_id: str, since: float) -> bool:
        """Under attack: whether more cards were tried in vain than paid in this network, by others than this visit.

        A botnet so gets one card through from each network. A shopper whose card was declined may try again, unless
        the second tries themselves come by the hundred.
        """
        asked = {"network": origin.network, "visit": visit_id, "remembered": since}
        row = connection.execute(NETWORK, asked).one()
        again = row.declines - row.visits >= self._limits.alarm * TRIED_AGAIN
        return bool(row.others + (row.own if again else 0) > row.paid)


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


_FROM_NETWORK = (attempts.c.network == bindparam("network"), attempts.c.created_at > bindparam("remembered"))
_DECLINED = (attempts.c.state == State.DECLINED, attempts.c.settled_at > bindparam("remembered"))


def _number(what: Function[int], *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(what).select_from(attempts).where(*conditions).scalar_subquery()


# Asked under attack only; by then the limits above bound what is counted.
NETWORK = select(
    _number(func.count(), *_FROM_NETWORK, IN_VAIN, attempts.c.visit_id != bindparam("visit")).label("others"),
    _number(func.count(), *_FROM_NETWORK, IN_VAIN, attempts.c.visit_id == bindparam("visit")).label("own"),
    _number(func.count(), *_FROM_NETWORK, attempts.c.state == State.CHARGED).label("paid"),
    _number(func.count(), *_DECLINED).label("declines"),
    _number(func.count(attempts.c.visit_id.distinct()), *_DECLINED).label("visits"),
)


def _counting(limits: Limits) -> Any:
    """One statement, and each count ends at its limit, so that an attack does not make it dearer."""
    lately = attempts.c.created_at > bindparam("hour")
    declined = attempts.c.state == State.DECLINED
    return select(
        _count(limits.address, attempts.c.address == bindparam("address"), lately, IN_VAIN).label("address"),
        _count(limits.network, attempts.c.network == bindparam("network"), lately, IN_VAIN).label("network"),
        _count(limits.shop, declined, attempts.c.settled_at > bindparam("remembered")).label("shop"),
        _count(limits.alarm, declined, attempts.c.settled_at > bindparam("alarmed")).label("alarm"),
        _count(limits.charges, attempts.c.sent_at > bindparam("hour")).label("charges"),
    )


def _count(limit: int, *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    found = select(literal(1)).select_from(attempts).where(*conditions).limit(limit).subquery()
    return select(func.count()).select_from(found).scalar_subquery()
