"""Which version the store's tables have, and whether this code may work on them.

Alembic is not needed for that: the web workers and the relay read one row. Revisions are numbered, so that an older
one is told from a newer one. A newer one is fine, for migrations only add (docs/operators.md).
"""

import logging

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, insert, inspect, select, text

log = logging.getLogger("funnel.schema")

HEAD = "0001"  # the newest file of migrations/versions
SCHEMA_LOCK = 727274  # any number of our own: two processes change the tables one after the other
COMMAND = "flask --app app funnel migrate"

# As Alembic makes it, which keeps it from here on.
_version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


class SchemaBehind(Exception):
    """The tables have to be brought to this code's version first."""

    def __init__(self, found: str | None, head: str) -> None:
        super().__init__(found, head)
        self.found = found
        self.head = head

    def __str__(self) -> str:
        theirs = f"are at version {self.found}" if self.found else "have no version yet"
        return f"the database's tables {theirs}, and this code needs {self.head}. Bring them there with: {COMMAND}"


def version(connection: Connection) -> str | None:
    """None where the tables have none, or where there are no tables at all."""
    if not inspect(connection).has_table(_version.name):
        return None
    return connection.execute(select(_version.c.version_num)).scalar()


def create_if_empty(connection: Connection, metadata: MetaData, head: str) -> None:
    """An empty database gets the newest tables at once; safe with several processes starting together."""
    alone(connection)
    if version(connection) is None and not is_ours(connection, metadata):
        metadata.create_all(connection)
        _version.create(connection, checkfirst=True)
        connection.execute(insert(_version).values(version_num=head))


def check(found: str | None, head: str) -> None:
    """Raises SchemaBehind; a newer version is told in the log."""
    if found is None or found < head:
        raise SchemaBehind(found, head)
    if found > head:
        log.warning("The database is at version %s, newer than this code's %s; it goes on with it.", found, head)


def is_ours(connection: Connection, metadata: MetaData) -> bool:
    """Whether any of our tables is there; the database may hold other people's, too."""
    return not metadata.tables.keys().isdisjoint(inspect(connection).get_table_names())


def alone(connection: Connection) -> None:
    """Until the end of the transaction nobody else changes the tables. A writer on SQLite is alone as it is."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SCHEMA_LOCK})
