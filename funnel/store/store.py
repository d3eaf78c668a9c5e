"""The store: how its tables are read and written, on SQLite or PostgreSQL."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache, partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite

from funnel.store import schema
from funnel.store.engine import PATIENCE, begin_writing, for_reading, open_engine
from funnel.store.group_commit import GroupCommit, Turn
from funnel.store.tables import metadata
from funnel.traces import letting_go

Result = TypeVar("Result")


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
        self._turn = Turn(patience=PATIENCE) if self._engine.dialect.name == "sqlite" else None
        self._group = GroupCommit(self._turn, partial(_transaction, self._engine)) if self._turn else None

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

    def write_together(self, change: Callable[[Connection], Result]) -> Result:
        """Like write, for what many do at the same time: where the database has one writer, one commit serves all who
        wait. A change may be made several times, and only the last counts."""
        if self._group:
            return self._group.write(change)
        with self.write() as connection:  # PostgreSQL sees to that by itself
            return change(connection)

    @contextmanager
    def _writing(self, engine: Engine) -> Iterator[Connection]:
        with self._turn.taken() if self._turn else nullcontext(), _transaction(engine) as connection:
            yield connection

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
