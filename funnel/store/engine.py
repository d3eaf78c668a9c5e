"""Connections to the database, SQLite or PostgreSQL, and how long anybody waits for one."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError

PATIENCE = 5.0  # seconds for a free connection, for another writer, for PostgreSQL's answer to one statement
CONNECT_TIMEOUT = 3  # seconds until PostgreSQL has taken a connection
# Connections of one process, kept and opened at need: three processes stay below PostgreSQL's usual hundred.
POOLS = {"NORMAL": (8, 8), "FULL": (4, 6)}


def open_engine(address: str, *, synchronous: str, starting: bool = False) -> Engine:
    """A pool of connections; `starting` makes a missing file and waits as long as another process needs to start."""
    url = make_url(address)
    kept, more = POOLS[synchronous]
    pool = {"pool_size": kept, "max_overflow": more, "pool_timeout": PATIENCE}
    if url.get_backend_name() == "postgresql":
        return _postgresql(url, pool, patient=starting)
    return _sqlite(url, pool, synchronous, may_create=starting)


class Impatient(psycopg.Connection[Any]):
    """Gives up on a server that does not answer, for a page must not hang with it."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, PATIENCE if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()  # the answer may come yet, and would be taken for that of the next statement
            raise


def _postgresql(url: URL, pool: dict[str, Any], *, patient: bool) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        connect_args={"connect_timeout": CONNECT_TIMEOUT},
        **pool,
    )
    if not patient:
        event.listen(engine, "do_connect", lambda _d, _r, args, options: Impatient.connect(*args, **options))
    return engine


def _sqlite(url: URL, pool: dict[str, Any], synchronous: str, *, may_create: bool) -> Engine:
    file = Path(url.database or "")
    if may_create:
        file.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": PATIENCE}, **pool)
    if not may_create:
        event.listen(engine, "do_connect", _only_if_there(file))
        event.listen(engine, "checkout", _only_if_the_same(file))
    event.listen(engine, "connect", _tune(file, synchronous))
    return engine


def _only_if_there(file: Path) -> Callable[..., None]:
    """Books that are gone are away until somebody puts them back; empty ones would let everything be paid again."""

    def look(_dialect: Any, _record: Any, _args: Any, _options: Any) -> None:
        if not file.is_file():
            raise sqlite3.OperationalError("the file is not there")

    return look


def _only_if_the_same(file: Path) -> Callable[..., None]:
    """A connection goes on with the file it has opened, when another one has long been put in its place."""

    def look(_connection: Any, record: Any, _proxy: Any) -> None:
        if _identity(file) != record.info["file"]:
            raise DisconnectionError

    return look


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _tune(file: Path, synchronous: str) -> Callable[[Any, Any], None]:
    def tune(connection: Any, record: Any) -> None:
        record.info["file"] = _identity(file)
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA secure_delete=ON")

    return tune


def for_reading(engine: Engine) -> Engine:
    """The same connections without transactions: PostgreSQL answers one statement with one round trip, not three."""
    return engine.execution_options(isolation_level="AUTOCOMMIT") if engine.dialect.name == "postgresql" else engine


def begin_writing(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another one wrote meanwhile,
    # whatever the timeout says; so a writer asks for the lock at its beginning, and a reader needs no transaction.
    # SQLAlchemy's event of a beginning would do, and make every statement of the engine dearer by a third.
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
