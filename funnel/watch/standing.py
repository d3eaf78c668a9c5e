"""How things stand, read from the store: what is owed, what became of charges, whether the CRM is up."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from funnel.attempt import State as Outcome
from funnel.outbox.outbox import State
from funnel.store.store import Store
from funnel.store.tables import attempts, breaker, outbox

HOUR = 3600.0  # seconds

# Built once: to build a statement takes longer than to run it.
STANDING = (State.OWED, State.PARKED)
CALLS = (
    select(outbox.c.kind, outbox.c.state, func.count(), func.min(outbox.c.created_at))
    .where(outbox.c.state.in_(STANDING))
    .group_by(outbox.c.kind, outbox.c.state)
)
ATTEMPTS = select(attempts.c.state, func.count().label("charges")).group_by(attempts.c.state)
DECLINES = select(func.count()).where(attempts.c.state == Outcome.DECLINED, attempts.c.settled_at > bindparam("since"))
DOWN = select(func.count()).select_from(breaker).where(breaker.c.down_since.is_not(None))


@dataclass(frozen=True)
class Standing:
    """Calls by their kind and state, and charges by theirs; ages in seconds."""

    calls: Mapping[tuple[str, str], int]
    oldest_owed: float
    attempts: Mapping[str, int]
    declines: int
    crm_down: bool


def look(store: Store) -> Standing:
    """Four short queries. Raises SQLAlchemyError while the store is away."""
    now = store.clock()
    with store.read() as connection:
        calls = connection.execute(CALLS).all()
        return Standing(
            calls={(kind, state): count for kind, state, count, _ in calls},
            oldest_owed=max((now - oldest for _, state, _, oldest in calls if state == State.OWED), default=0.0),
            attempts={row.state: row.charges for row in connection.execute(ATTEMPTS)},
            declines=connection.execute(DECLINES, {"since": now - HOUR}).scalar_one(),
            crm_down=bool(connection.execute(DOWN).scalar_one()),
        )
