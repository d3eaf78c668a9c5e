"""Whether the CRM is known to be down: real calls tell it, the store keeps it for all processes."""

import logging
from collections.abc import Callable
from threading import Lock

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError

from funnel.store.store import Store, insert_new
from funnel.store.tables import breaker

log = logging.getLogger("funnel.breaker")

FAILURES = 3  # calls one after the other, in one process; a single one says little
OVER = 5.0  # seconds from the first of them to the last: a CRM that restarts is not down
FORGOTTEN_AFTER = 120.0  # seconds between two failures that have nothing to do with each other
ASK_EVERY = 3.0  # seconds
WORTH_WAKING = 10.0  # seconds; after a shorter time down, calls that were put off are due soon in any case

ROW = 1
_THE_ROW = breaker.c.id == ROW
DOWN = select(breaker.c.ask_at).where(_THE_ROW, breaker.c.down_since.is_not(None))
SINCE = select(breaker.c.down_since).where(_THE_ROW)
OPEN = update(breaker).where(_THE_ROW, breaker.c.down_since.is_(None))
CLOSE = update(breaker).where(_THE_ROW, breaker.c.down_since == bindparam("seen")).values(down_since=None)
BACK = update(breaker).where(_THE_ROW)
ASK_LATER = update(breaker).where(_THE_ROW, breaker.c.down_since.is_not(None))
LEASE = ASK_LATER.where(breaker.c.ask_at == bindparam("seen"))


class Breaker:
    """Open while the CRM is down. It is written when it flips, and by who asks whether it is up again.

    `when_back` is told in the transaction that closes it. What a process remembers is a hint and nothing more.
    """

    def __init__(self, store: Store, *, when_back: Callable[[Connection], None]) -> None:
        self._store = store
        self._when_back = when_back
        self._lock = Lock()
        self._failures, self._first, self._last = 0, 0.0, 0.0
        self._seen_open = False

    def is_open(self) -> bool:
        return self._look() is not None

    def report(self, answered: bool) -> None:
        """The outcome of a call. Never raises: what became of the call matters more."""
        try:
            if answered:
                self._failures = 0
                if self._seen_open:
                    self._close()
            elif self._is_one_too_many():
                self._open()
        except SQLAlchemyError as error:
            log.error("breaker store=%s", type(error).__name__)

    def lease_question(self, *, seconds: float) -> bool:
        """Whether the caller should ask the CRM now; nobody else is told so for that many seconds."""
        ask_at, now = self._look(), self._store.clock()
        if ask_at is None or ask_at > now:
            return False
        with self._store.write() as connection:
            return connection.execute(LEASE, {"seen": ask_at, "ask_at": now + seconds}).rowcount == 1

    def ask_again(self) -> None:
        """It is still down, or cannot be understood."""
        with self._store.write() as connection:
            connection.execute(ASK_LATER, {"ask_at": self._store.clock() + ASK_EVERY})

    def _look(self) -> float | None:
        """When the CRM should be asked next; None while it is up."""
        with self._store.read() as connection:
            ask_at = connection.execute(DOWN).scalar()
        self._seen_open = ask_at is not None
        return ask_at

    def _is_one_too_many(self) -> bool:
        now = self._store.clock()
        with self._lock:
            if not self._failures or now - self._last > FORGOTTEN_AFTER:
                self._failures, self._first = 0, now
            self._failures, self._last = self._failures + 1, now
            if self._failures < FAILURES or now - self._first < OVER:
                return False
            self._failures = 0
            return True

    def _open(self) -> None:
        if self.is_open():
            return
        now = self._store.clock()
        with self._store.write() as connection:
            insert_new(connection, breaker, id=ROW, ask_at=now)
            if connection.execute(OPEN, {"down_since": now, "ask_at": now}).rowcount:
                log.error("crm=down")
        self._seen_open = True

    def _close(self) -> None:
        with self._store.write() as connection:
            since = connection.execute(SINCE).scalar()
            if since is not None and connection.execute(CLOSE, {"seen": since}).rowcount:
                log.warning("crm=up after=%ds", self._store.clock() - since)
                if self._store.clock() - since > WORTH_WAKING:
                    connection.execute(BACK, {"back_at": self._store.clock()})
                    self._when_back(connection)
        self._seen_open = False
