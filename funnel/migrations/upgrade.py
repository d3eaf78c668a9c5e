"""Brings a database to the newest revision, all of it or nothing, and nobody else at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Inspector, create_engine, inspect, text

from funnel.store import schema
from funnel.store.store import Store
from funnel.store.tables import metadata

HERE = Path(__file__).parent
REVISIONS = (HERE / "versions",)
BASELINE = "0001"
PATIENCE = "5s"  # for the tables: whoever serves shoppers goes first, and a migration that waits holds them all up


class Misfit(Exception):
    """In plain words: why this database is left as it is."""


@dataclass(frozen=True)
class Step:
    revision: str
    words: str


@dataclass(frozen=True)
class Plan:
    """`found` is None in an empty database; `adopted` tables were made before there were versions."""

    found: str | None
    adopted: bool
    steps: tuple[Step, ...]


def pending(store: Store, revisions: Sequence[Path] = REVISIONS) -> Plan:
    """What `migrate` would do. Raises Misfit."""
    with store.starting() as connection:
        return _plan(connection, _config(connection, revisions))


def migrate(store: Store, revisions: Sequence[Path] = REVISIONS) -> Plan:
    """Do it, and tell what was done. Raises Misfit, or an SQLAlchemyError; nothing is changed then."""
    with store.starting() as connection:
        schema.alone(connection)
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
        config = _config(connection, revisions)
        plan = _plan(connection, config)
        if plan.adopted:
            command.stamp(config, BASELINE)
        if plan.steps:
            command.upgrade(config, "head")
        return plan


def _config(connection: Connection, revisions: Sequence[Path]) -> Config:
    config = Config()
    config.set_main_option("script_location", _escaped(HERE))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(map(_escaped, revisions)))
    config.attributes["connection"] = connection
    return config


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")


def _plan(connection: Connection, config: Config) -> Plan:
    found = schema.version(connection)
    adopted = found is None and schema.is_ours(connection, metadata)
    if adopted:
        _fits(connection, config)
        found = BASELINE
    return Plan(found, adopted, tuple(Step(each.revision, each.doc) for each in _after(found, config)))


def _after(found: str | None, config: Config) -> list[Script]:
    """The revisions to come, oldest first. None where the database is newer than all of them."""
    known = list(ScriptDirectory.from_config(config).walk_revisions())[::-1]
    if found and found not in [each.revision for each in known] and found < known[-1].revision:
        raise Misfit(f"its version is {found}, which this code has never had")
    return [each for each in known if found is None or each.revision > found]


def _fits(connection: Connection, config: Config) -> None:
    """Tables without a version must be those of the baseline, which is built in memory to compare them."""
    memory = create_engine("sqlite://")
    with memory.begin() as model:
        config.attributes["connection"] = model
        command.upgrade(config, BASELINE)
        missing = _shape(model) - _shape(connection)
    memory.dispose()
    config.attributes["connection"] = connection
    if missing:
        parts = ", ".join(sorted(missing))
        raise Misfit(f"its tables have no version, and are not those of {BASELINE}, for they lack {parts}")


def _shape(connection: Connection) -> set[str]:
    """Every column, index and unique constraint of our tables, by name."""
    inspector = inspect(connection)
    ours = metadata.tables.keys() & set(inspector.get_table_names())
    return {part for table in ours for part in _parts(inspector, table)}


def _parts(inspector: Inspector, table: str) -> list[str]:
    columns = [f"column {table}.{column['name']}" for column in inspector.get_columns(table)]
    indexes = [f"index {each['name']}" for each in inspector.get_indexes(table) if "duplicates_constraint" not in each]
    uniques = inspector.get_unique_constraints(table)
    return columns + indexes + [f"unique {table}({', '.join(each['column_names'])})" for each in uniques]
