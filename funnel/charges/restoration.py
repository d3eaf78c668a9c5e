"""After a backup was put back: whatever may have been paid since then is asked about before any form is shown."""

from sqlalchemy import bindparam, select

from funnel.attempt import ORDER, By, State
from funnel.charges.attempts import Attempts
from funnel.store.store import Store
from funnel.store.tables import visits
from funnel.visits.visits import Visits

WITH_AN_ORDER = select(visits.c.id, visits.c.order_id).where(
    visits.c.order_id.is_not(None), visits.c.finished_at.is_(None), visits.c.seen_at > bindparam("since")
)


class Restoration:
    """The backup knows an orderId but not what was charged to it later. Times are seconds."""

    def __init__(
        self, *, store: Store, visits: Visits, attempts: Attempts, quiet_time: float, visit_life: float
    ) -> None:
        self._store = store
        self._visits = visits
        self._attempts = attempts
        self._quiet_time = quiet_time
        self._visit_life = visit_life

    def run(self) -> tuple[int, int]:
        """How many orders are asked about now, and how many paid ones take no more offers."""
        asked = closed = 0
        since = self._store.clock() - self._visit_life
        with self._attempts.adopting(By.RESTORE) as entries:
            for row in entries.connection.execute(WITH_AN_ORDER, {"since": since}).all():
                if self._is_paid(row.id):
                    self._visits.finish(entries.connection, row.id)
                    closed += 1
                else:
                    asked += self._attempts.adopt(entries, row.id, row.order_id, quiet_time=self._quiet_time)
        return asked, closed

    def _is_paid(self, visit_id: str) -> bool:
        return any(
            attempt.slot == ORDER and attempt.state is State.CHARGED for attempt in self._attempts.of_visit(visit_id)
        )
