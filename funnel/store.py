"""The store: its tables, and how they are read and written, on SQLite or PostgreSQL."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from funnel import schema
from funnel.attempt import IN_FLIGHT, LIVE

LOCK_PATIENCE = 5.0  # seconds a writer waits for another one
# Connections of one process, kept and opened at need: three processes stay below PostgreSQL's usual hundred.
POOLS = {"NORMAL": (8, 8), "FULL": (4, 6)}

JSON_OR_NULL = JSON(none_as_null=True)

metadata = MetaData()

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
    Column("notice", String(80)),
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
    Index("attempts_asked", "state", "ask_at"),
    Index("attempts_leased", "state", "lease_until"),
)

refusals = Table(
    "refusals",
    metadata,
    Column("visit_id", String(32), primary_key=True),
    Column("slot", String(16), primary_key=True),
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
)


def _one_only(name: str, states: tuple[str, ...], *columns: Column[Any]) -> None:
    condition = attempts.c.state.in_(states)
    Index(name, *columns, unique=True, sqlite_where=condition, postgresql_where=condition)


# The whole lock of charging once: one live attempt in a slot, one in flight in a visit.
_one_only("one_live_attempt", LIVE, attempts.c.visit_id, attempts.c.slot)
_one_only("one_in_flight", IN_FLIGHT, attempts.c.visit_id)


def insert_new(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless a unique one like it is there already; True when it was inserted."""
    return connection.execute(_inserting(table, connection.dialect.name), values).first() is not None


@cache
def _inserting(table: Table, dialect: str) -> ReturningInsert[Any]:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing().returning(*table.primary_key)


class Store:
    """Reads, writes, and durable writes where money is concerned. `clock` gives seconds since the epoch."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self._engine = _engine(url, synchronous="NORMAL")
        self._durable = _engine(url, synchronous="FULL")
        self._turn = threading.Lock() if self._engine.dialect.name == "sqlite" else nullcontext()

    def prepare(self, *, head: str = schema.HEAD) -> None:
        """Give an empty database its tables. Raises SchemaBehind where there are older ones than `head`."""
        with self.read() as connection:
            found = schema.version(connection)
        if found is None:
            with self.write() as connection:
                schema.create_if_empty(connection, metadata, head)
                found = schema.version(connection)
        self.close()  # a web server may fork now, and a connection belongs to one process
        schema.check(found, head)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, committed at the end of the block."""
        with self._writing(self._engine) as connection:
            yield connection

    @contextmanager
    def durable(self) -> Iterator[Connection]:
        """Like write, and on the disk when the block ends."""
        with self._writing(self._durable) as connection:
            yield connection

    @contextmanager
    def _writing(self, engine: Engine) -> Iterator[Connection]:
        # SQLite has one writer at a time, and those who wait for it sleep, longer and longer. Threads of one process
        # take turns instead, which wakes the next one at once.
        with self._turn, engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        self._engine.dispose()
        self._durable.dispose()


def _engine(address: str, *, synchronous: str) -> Engine:
    url = make_url(address)
    kept, more = POOLS[synchronous]
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
        return create_engine(url, pool_size=kept, max_overflow=more, pool_pre_ping=True)
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, pool_size=kept, max_overflow=more, connect_args={"timeout": LOCK_PATIENCE})
    event.listen(engine, "connect", _tune_sqlite(synchronous))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _tune_sqlite(synchronous: str) -> Callable[[Any, Any], None]:
    def tune(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA secure_delete=ON")

    return tune


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another one wrote meanwhile,
    # whatever the timeout says; so a writer asks for the lock at its beginning, and a reader needs no transaction.
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
