"""The store: how its tables are read and written, on SQLite or PostgreSQL."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import TimeoutError as StoreTimeout

from funnel.store import schema
from funnel.store.engine import PATIENCE, begin_writing, for_reading, open_engine
from funnel.store.tables import metadata
from funnel.traces import letting_go


def insert_new(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless a unique one like it is there already; True when it was inserted."""
    return connection.execute(_inserting(table, connection.dialect.name), values).rowcount == 1


def insert_of(dialect: str) -> Callable[[Table], postgresql.Insert | sqlite.Insert]:
    """The insert of a database by its dialect's name, which knows what to do where a row stands already."""
    return postgresql.insert if dialect == "postgresql" else sqlite.insert


@cache
def _inserting(table: Table, dialect: str) -> Insert:
    counted = insert_of(dialect)(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return counted.inline()  # to have no key handed back, for that costs as much as the insert itself


class Store:
    """Reads, writes, and durable writes where money is concerned. `clock` gives seconds since the epoch."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self._url = url
        self._engine = open_engine(url, synchronous="NORMAL")
        self._reading = for_reading(self._engine)
        self._durable = open_engine(url, synchronous="FULL")
        self._turn = threading.Lock() if self._engine.dialect.name == "sqlite" else None

    def prepare(self, *, head: str = schema.HEAD) -> None:
        """Give an empty database its tables. Raises SchemaBehind where there are older ones than `head`."""
        with self.starting() as connection:
            found = schema.version(connection)
            if found is None:
                schema.create_if_empty(connection, metadata, head)
                found = schema.version(connection)
        schema.check(found, head)

    @contextmanager
    def starting(self) -> Iterator[Connection]:
        """One transaction of a process that starts, or migrates: it may make SQLite's file, and waits patiently."""
        engine = open_engine(self._url, synchronous="FULL", starting=True)
        try:
            with _transaction(engine) as connection:
                yield connection
        finally:
            engine.dispose()

    def read(self) -> AbstractContextManager[Connection]:
        """Every statement by itself, in no transaction."""
        return _connected(self._reading)

    def stream(self) -> AbstractContextManager[Connection]:
        """For rows that are fetched bit by bit, which PostgreSQL does in a transaction only."""
        return _connected(self._engine)

    def write(self) -> AbstractContextManager[Connection]:
        """One transaction, committed at the end of the block."""
        return self._writing(self._engine)

    def durable(self) -> AbstractContextManager[Connection]:
        """Like write, and on the disk when the block ends."""
        return self._writing(self._durable)

    @contextmanager
    def _writing(self, engine: Engine) -> Iterator[Connection]:
        # SQLite has one writer at a time, and those who wait for it sleep, longer and longer. Threads of one process
        # take turns instead, which wakes the next one at once.
        if self._turn and not self._turn.acquire(timeout=PATIENCE):
            raise StoreTimeout("other writers of this process have not ended")
        try:
            with _transaction(engine) as connection:
                yield connection
        finally:
            if self._turn:
                self._turn.release()

    def scrub(self) -> None:
        """What was erased leaves SQLite's write-ahead log too; the pages themselves are overwritten at once."""
        with self.read() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self._engine.dispose()
        self._durable.dispose()


@contextmanager
def _connected(engine: Engine) -> Iterator[Connection]:
    with letting_go(), engine.connect() as connection:
        yield connection


@contextmanager
def _transaction(engine: Engine) -> Iterator[Connection]:
    with _connected(engine) as connection, connection.begin():
        begin_writing(connection)
        yield connection
