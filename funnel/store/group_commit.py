"""Group commit: SQLite has one writer at a time, so whoever's turn it is writes what all the others wait to write.

The more threads wait, the more go in at once: a rush costs few commits, and other processes find the store free more
often.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import TimeoutError as StoreTimeout

Result = TypeVar("Result")


class Turn:
    """Who waits for SQLite itself sleeps, longer and longer; threads of one process wake each other at once."""

    def __init__(self, *, patience: float) -> None:
        self._patience = patience
        self._free = threading.Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Raises StoreTimeout when the others take longer than `patience` seconds."""
        if not self._free.acquire(timeout=self._patience):
            raise StoreTimeout("other writers of this process have not ended")
        try:
            yield
        finally:
            self._free.release()


class _Waiting(NamedTuple):
    change: Callable[[Connection], Any]
    outcome: Future[Any]


class GroupCommit:
    """Safe for many threads. `transaction` is committed at the end of its block."""

    def __init__(self, turn: Turn, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._turn = turn
        self._transaction = transaction
        self._queue: deque[_Waiting] = deque()

    def write(self, change: Callable[[Connection], Result]) -> Result:
        """What the change gives, once it is committed. It may be made several times, of which only the last counts, so
        it may touch nothing but its connection."""
        mine: Future[Result] = Future()
        self._queue.append(_Waiting(change, mine))
        try:
            with self._turn.taken():
                if not mine.done():
                    self._commit(self._queued())
        except StoreTimeout:
            if mine.cancel():  # else it is being written at this moment
                raise
        if failure := mine.exception():
            raise copy(failure)  # one for each thread: what is raised holds the frames of whoever raises it
        return mine.result()

    def _queued(self) -> list[_Waiting]:
        queued = [self._queue.popleft() for _ in range(len(self._queue))]
        return [each for each in queued if each.outcome.set_running_or_notify_cancel()]

    def _commit(self, group: list[_Waiting]) -> None:
        """A change that fails does so alone, and the others are made without it; a commit fails for all of them."""
        while group:
            at_work: _Waiting | None = None
            made: list[Any] = []
            try:
                with self._transaction() as connection:
                    for at_work in group:
                        made.append(at_work.change(connection))
                    at_work = None
            except BaseException as failure:
                for each in [at_work] if at_work else group:
                    each.outcome.set_exception(failure.with_traceback(None))  # which holds this frame
            else:
                for each, result in zip(group, made, strict=True):
                    each.outcome.set_result(result)
            group = [each for each in group if not each.outcome.done()]
