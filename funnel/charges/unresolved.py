"""Charges whose outcome nobody waits for any more: found by their leases, and asked about until it is known."""

from sqlalchemy import bindparam, select, update

from funnel.attempt import FIRST_ASK, LONGEST_ASK, UNRESOLVED, Attempt, By, Reason, State
from funnel.charges.journal import Journal, moving
from funnel.charges.rows import from_row
from funnel.store.store import Store
from funnel.store.tables import attempts

# Built once: to build a statement takes longer than to run it.
_GONE = attempts.c.lease_until < bindparam("now")
_DUE = attempts.c.state.in_(UNRESOLVED) & (attempts.c.ask_at <= bindparam("now"))
ABANDONED = select(attempts.c.key).where(_GONE, attempts.c.state.in_((State.CLAIMED, State.SENT))).limit(1)
NEVER_SENT = moving(_GONE, attempts.c.state == State.CLAIMED)
UNANSWERED = moving(_GONE, attempts.c.state == State.SENT)
TO_BE_ASKED = select(attempts.c.key).where(_DUE).order_by(attempts.c.ask_at).limit(bindparam("most"))
ASKED = (
    update(attempts)
    .where(attempts.c.key.in_(TO_BE_ASKED.with_for_update(skip_locked=True)))
    .values(ask_at=bindparam("next"), asked=attempts.c.asked + 1)
    .returning(*attempts.c)
)
ASK_LATER = (
    update(attempts)
    .where(attempts.c.key == bindparam("of"), attempts.c.state.in_(UNRESOLVED))
    .values(ask_at=bindparam("next"))
)


class Unresolved:
    """What the relay asks of the ledger. Every change is committed to the disk before the method returns."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._journal = Journal(store)

    def recover(self, *, quiet_time: float) -> None:
        """Claims and charges whose process is gone: the first were never sent, the second are unknown."""
        now = self._store.clock()
        never_sent = {"state": State.NOT_CHARGED, "reason": Reason.NEVER_SENT, "settled_at": now}
        unknown = {"state": State.UNKNOWN, "ask_at": now, "settle_at": attempts.c.sent_at + quiet_time}
        with self._journal.open(By.LEASE) as entries:
            entries.move(NEVER_SENT, {"now": now}, never_sent)
            entries.move(UNANSWERED, {"now": now}, unknown)

    def abandoned(self) -> bool:
        """Whether recover has anything to do; a read, so that a sweep usually writes nothing."""
        with self._store.read() as connection:
            return connection.execute(ABANDONED, {"now": self._store.clock()}).first() is not None

    def lease(self, *, limit: int, seconds: float) -> list[Attempt]:
        """Attempts that Order Query should be asked about now, nobody else's for that many seconds."""
        now = self._store.clock()
        due = {"now": now, "most": limit}
        with self._store.read() as connection:
            if connection.execute(TO_BE_ASKED, due).first() is None:
                return []
        with self._store.write() as connection:
            return [from_row(row) for row in connection.execute(ASKED, due | {"next": now + seconds})]

    def ask_later(self, attempt: Attempt) -> None:
        """Order Query could not tell yet: ask again after a pause that grows."""
        pause = min(LONGEST_ASK, FIRST_ASK * 2 ** min(attempt.asked - 1, 16))
        with self._store.durable() as connection:
            connection.execute(ASK_LATER, {"of": attempt.key, "next": self._store.clock() + pause})
