"""The store: its tables, and how they are read and written, on SQLite or PostgreSQL."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    Float,
    Index,
    Insert,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import TimeoutError as StoreTimeout

from funnel import schema
from funnel.attempt import IN_FLIGHT, LIVE
from funnel.engine import PATIENCE, begin_writing, for_reading, open_engine

JSON_OR_NULL = JSON(none_as_null=True)

metadata = MetaData()

FORGOTTEN = 0.0  # the seen_at of a visit that is nobody's any more: it has ended, and nothing is learnt of it again

visits = Table(
    "visits",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("created_at", Float(53), nullable=False),
    Column("seen_at", Float(53), nullable=False, index=True),
    Column("session_id", String(64)),
    Column("order_id", String(64), unique=True),
    Column("arrival", JSON, nullable=False),
    Column("contact", JSON_OR_NULL),
    Column("draft", JSON_OR_NULL),
    Column("told", JSON_OR_NULL),
    Column("addresses", JSON_OR_NULL),
    Column("quote", JSON_OR_NULL),
    Column("pixel", Text),
    Column("notice", String(80)),
    Column("vouched_at", Float(53)),
    Column("finished_at", Float(53)),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("visit_id", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("page_type", String(32)),
    Column("once", String(40)),
    Column("state", String(16), nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("due_at", Float(53), nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("lease", String(32)),
    Column("lease_until", Float(53), nullable=False, default=0.0),
    Column("last_error", Text),
    UniqueConstraint("visit_id", "once", name="outbox_once"),
    Index("outbox_line", "visit_id", "state", "id"),
    Index("outbox_due", "state", "due_at"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("visit_id", String(32), nullable=False, index=True),
    Column("slot", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(32)),
    Column("basket", JSON_OR_NULL),
    Column("pay_source", String(16), nullable=False, default="CREDITCARD"),
    Column("away", JSON_OR_NULL),
    Column("baseline", Integer, nullable=False, default=0),
    Column("order_id", String(64)),
    Column("created_at", Float(53), nullable=False),
    Column("lease_until", Float(53), nullable=False),
    Column("sent_at", Float(53)),
    Column("settle_at", Float(53)),
    Column("ask_at", Float(53)),
    Column("asked", Integer, nullable=False, default=0),
    Column("settled_at", Float(53)),
    Column("fields", JSON_OR_NULL),
    Column("totals", JSON_OR_NULL),
    Column("address", String(24)),
    Column("network", String(24)),
    Index("attempts_address", "address", "created_at"),
    Index("attempts_network", "network", "created_at"),
    Index("attempts_sent", "sent_at"),
    Index("attempts_asked", "state", "ask_at"),
    Index("attempts_leased", "state", "lease_until"),
    Index("attempts_settled", "state", "settled_at"),
)

refusals = Table(
    "refusals",
    metadata,
    Column("visit_id", String(32), primary_key=True),
    Column("slot", String(16), primary_key=True),
)


tallies = Table(
    "tallies",
    metadata,
    Column("who", String(24), primary_key=True),
    Column("ends_at", Float(53), primary_key=True),
    Column("count", Integer, nullable=False),
)


breaks = Table(
    "breaks",
    metadata,
    Column("order_id", String(64), primary_key=True),
    Column("product_id", String(40), primary_key=True),
    Column("ours", Integer, nullable=False),
    Column("theirs", Integer, nullable=False),
    Column("found_at", Float(53), nullable=False),
)


breaker = Table(
    "breaker",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("down_since", Float(53)),
    Column("ask_at", Float(53), nullable=False),
    Column("back_at", Float(53)),
)


def _one_only(name: str, states: tuple[str, ...], *columns: Column[Any]) -> None:
    condition = attempts.c.state.in_(states)
    Index(name, *columns, unique=True, sqlite_where=condition, postgresql_where=condition)


# The whole lock of charging once: one live attempt in a slot, one in flight in a visit.
_one_only("one_live_attempt", LIVE, attempts.c.visit_id, attempts.c.slot)
_one_only("one_in_flight", IN_FLIGHT, attempts.c.visit_id)


def insert_new(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless a unique one like it is there already; True when it was inserted."""
    return connection.execute(_inserting(table, connection.dialect.name), values).rowcount == 1


@cache
def _inserting(table: Table, dialect: str) -> Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    counted = insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
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
        return self._reading.connect()

    def stream(self) -> AbstractContextManager[Connection]:
        """For rows that are fetched bit by bit, which PostgreSQL does in a transaction only."""
        return self._engine.connect()

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
def _transaction(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection, connection.begin():
        begin_writing(connection)
        yield connection
