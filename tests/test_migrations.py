"""The tables from release to release: how they are brought forward, and that older code goes on with newer tables."""

from __future__ import annotations

import ast
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table, inspect, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from funnel.attempt import ORDER, By, State, Verdict, new_key
from funnel.basket import Basket, Line
from funnel.charges.attempts import Attempts
from funnel.migrations.upgrade import REVISIONS, Misfit, migrate, pending
from funnel.outbox.outbox import Kind, Outbox
from funnel.store import schema
from funnel.store.schema import HEAD, SchemaBehind
from funnel.store.store import Store
from funnel.store.tables import metadata
from funnel.visits.attribution import Arrival
from funnel.visits.visit import Visit
from funnel.visits.visits import Visits

ROOT = Path(__file__).parent.parent
SHIPPED = sorted((ROOT / "funnel" / "migrations" / "versions").glob("r*.py"))
NUMBERS = [re.findall(r"\d{4}", file.name)[0] for file in SHIPPED]
NEXT = f"{int(HEAD) + 1:04}"
END_WITHIN = 60.0  # seconds for a command, on a machine that is busy
LAMP = Basket(lines=(Line(productId=101, name="Lamp", each=Decimal("49.95"), ship_each=Decimal("4.95")),))
# What a later release might add: a table, columns with and without a default, an index on an old table.
NEXT_RELEASE = f'''
"""what the next release adds"""
from alembic import op
from sqlalchemy import Column, Integer, String
revision = "{NEXT}"
down_revision = "{HEAD}"
def upgrade() -> None:
    op.create_table("coupons", Column("code", String(20), primary_key=True))
    op.add_column("visits", Column("language", String(8)))
    op.add_column("outbox", Column("weight", Integer, nullable=False, server_default="1"))
    op.create_index("visits_language", "visits", ["language"])
'''


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    sqlite = request.param == "sqlite"
    return f"sqlite:///{tmp_path}/test.db" if sqlite else request.getfixturevalue("postgres_database")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store(url)
    yield store
    store.close()


@pytest.fixture
def with_the_next(tmp_path: Path) -> tuple[Path, ...]:
    return (*REVISIONS, release(tmp_path, NEXT_RELEASE))


def release(tmp_path: Path, revision: str) -> Path:
    folder = tmp_path / "next release"
    folder.mkdir()
    (folder / f"r{NEXT}_next.py").write_text(revision)
    return folder


def without_a_version(store: Store) -> None:
    """Tables as they were made before there were versions."""
    store.prepare()
    with store.write() as connection:
        connection.execute(text("DROP TABLE alembic_version"))


def version(store: Store) -> str | None:
    with store.read() as connection:
        return schema.version(connection)


def columns(store: Store, table: str) -> set[str]:
    with store.read() as connection:
        return {column["name"] for column in inspect(connection).get_columns(table)}


def run(url: str, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "SECRET_KEY": "s" * 40, "DATABASE_URL": url, **settings}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=END_WITHIN,
        check=False,
    )


FUNNEL = ("flask", "--app", "app", "funnel")


# --- The revisions themselves ---


def test_the_revisions_are_numbered_without_a_gap_and_the_code_knows_the_last_one() -> None:
    assert [f"{number:04}" for number in range(1, len(SHIPPED) + 1)] == NUMBERS
    assert NUMBERS[-1] == HEAD


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_a_revision_only_adds(file: Path) -> None:
    """So that the code of the release before goes on working, and can be put back."""
    called = {
        node.func.attr
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "op"
    }
    assert called
    assert called <= {"create_table", "create_index", "add_column"}


def test_the_revisions_make_the_tables_that_the_code_knows(store: Store) -> None:
    migrate(store)
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_revisions_make_the_same_indexes_conditions_included(store: Store) -> None:
    """What locks a charge is a unique index with a condition, and Alembic does not compare conditions."""
    migrate(store)
    with store.write() as connection:
        migrated = index_definitions(connection)
        metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    store.prepare()
    with store.read() as connection:
        assert index_definitions(connection) == migrated
    assert sum("UNIQUE" in each and "WHERE" in each for each in migrated) == 2


def index_definitions(connection: Connection) -> set[str]:
    by_dialect = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    }
    return set(connection.execute(text(by_dialect[connection.dialect.name])).scalars())


# --- What a start finds ---


def test_an_empty_database_is_made_at_the_newest_version(store: Store) -> None:
    store.prepare()
    assert version(store) == HEAD
    assert pending(store).steps == ()


def test_an_older_database_is_refused_in_plain_words_until_it_is_migrated(
    store: Store, with_the_next: tuple[Path, ...]
) -> None:
    store.prepare()
    with pytest.raises(
        SchemaBehind, match=f"at version {HEAD}, and this code needs {NEXT}.*flask --app app funnel migrate"
    ):
        store.prepare(head=NEXT)
    plan = migrate(store, with_the_next)
    assert [(step.revision, step.words) for step in plan.steps] == [(NEXT, "what the next release adds")]
    store.prepare(head=NEXT)
    assert "language" in columns(store, "visits")


def test_a_newer_database_is_told_in_the_log_and_served(
    store: Store, with_the_next: tuple[Path, ...], caplog: pytest.LogCaptureFixture
) -> None:
    migrate(store, with_the_next)
    with caplog.at_level(logging.WARNING, "funnel.schema"):
        store.prepare()
    assert [record.getMessage() for record in caplog.records] == [
        f"The database is at version {NEXT}, newer than this code's {HEAD}; it goes on with it."
    ]
    assert pending(store).steps == ()


def test_tables_without_a_version_are_refused_at_the_start(store: Store) -> None:
    without_a_version(store)
    with pytest.raises(SchemaBehind, match="have no version yet"):
        store.prepare()


# --- Migrating ---


def test_tables_without_a_version_are_taken_as_the_first_release(store: Store, with_the_next: tuple[Path, ...]) -> None:
    without_a_version(store)
    plan = migrate(store, with_the_next)
    assert (plan.adopted, plan.found, len(plan.steps)) == (True, "0001", len(NUMBERS))
    assert version(store) == NEXT


@pytest.mark.parametrize(
    ("change", "lacking"),
    [
        ("ALTER TABLE visits DROP COLUMN notice", "column visits.notice"),
        ("DROP INDEX one_live_attempt", "index one_live_attempt"),
        ("DROP TABLE refusals", "column refusals.slot"),
    ],
)
def test_tables_that_fit_no_version_are_left_as_they_are(store: Store, change: str, lacking: str) -> None:
    without_a_version(store)
    with store.write() as connection:
        connection.execute(text(change))
    with pytest.raises(Misfit, match=re.escape(lacking)):
        migrate(store)
    assert version(store) is None


def test_a_version_that_never_was_is_refused(store: Store) -> None:
    store.prepare()
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(Misfit, match="0000, which this code has never had"):
        migrate(store)


def test_of_two_hosts_that_migrate_at_once_one_does_and_the_other_finds_it_done(
    url: str, store: Store, with_the_next: tuple[Path, ...]
) -> None:
    store.prepare()
    hosts = [Store(url) for _ in range(4)]
    with ThreadPoolExecutor(len(hosts)) as pool:
        plans = list(pool.map(lambda host: migrate(host, with_the_next), hosts))
    for host in hosts:
        host.close()
    assert sorted(len(plan.steps) for plan in plans) == [0, 0, 0, 1]
    assert version(store) == NEXT


def test_a_revision_that_fails_half_way_has_changed_nothing(store: Store, tmp_path: Path) -> None:
    failing = NEXT_RELEASE + '    op.create_index("visits_nothing", "visits", ["no_such_column"])\n'
    store.prepare()
    with pytest.raises(SQLAlchemyError):
        migrate(store, (*REVISIONS, release(tmp_path, failing)))
    assert version(store) == HEAD
    assert "language" not in columns(store, "visits")
    with store.read() as connection:
        assert not inspect(connection).has_table("coupons")


def test_a_migration_gives_up_rather_than_hold_up_those_who_serve(
    url: str, store: Store, with_the_next: tuple[Path, ...]
) -> None:
    """A change of a table waits for everybody who uses it, and everybody who comes later waits behind it."""
    store.prepare()
    busy = Store(url)
    with busy.write() as connection:
        Visits(busy, life=100.0, limit=1e9).keep(connection, Visit("jane", Arrival("", "", "", "")))
        with pytest.raises(OperationalError):
            migrate(store, with_the_next)
    busy.close()
    assert version(store) == HEAD
    assert len(migrate(store, with_the_next).steps) == 1


# --- Two versions running ---


def test_the_older_code_goes_on_while_and_after_the_tables_change(
    url: str, store: Store, with_the_next: tuple[Path, ...]
) -> None:
    """With connections that are open already, and statements that the database has prepared for them."""
    store.prepare()
    serving = Store(url)
    for number in range(8):
        buy(serving, f"before{number}")
    migrate(store, with_the_next)
    for number in range(8):
        buy(serving, f"after{number}")
    serving.close()


def buy(store: Store, name: str) -> None:
    """What a shopper's way writes and reads, as this code knows the tables."""
    visits, outbox, attempts = Visits(store, life=100.0, limit=1e9), Outbox(store), Attempts(store, decline_limit=3)
    with store.write() as connection:
        visits.keep(connection, Visit(name, Arrival("http://shop/", "Agent", "", "192.0.2.1")))
        assert outbox.owe(connection, name, Kind.CLICK, page_type="presellPage", once="click:presell")
    assert visits.learn_order(name, f"ORDER-{name}")
    leased = outbox.lease_one(name, Kind.CLICK, seconds=30)
    assert leased
    outbox.delivered(leased)
    key = new_key()
    assert attempts.claim(key, name, ORDER, LAMP, lease=30).mine
    assert attempts.mark_sent(key, f"ORDER-{name}", lease=30)
    assert attempts.settle(key, Verdict(State.CHARGED), by=By.CHARGE, seen=(State.SENT,))
    assert not attempts.claim(new_key(), name, ORDER, LAMP, lease=30).mine
    found = visits.find(name)
    assert found
    assert (found.order_id, outbox.owes(name, Kind.CLICK)) == (f"ORDER-{name}", False)


@pytest.mark.parametrize("older", NUMBERS)
def test_rows_can_be_written_as_every_older_release_knew_them(
    store: Store, older: str, tmp_path: Path, with_the_next: tuple[Path, ...]
) -> None:
    known = older_release(tmp_path, older)
    migrate(store, (known,))
    then = MetaData()
    with store.read() as connection:
        then.reflect(connection, only=metadata.tables.keys() & set(inspect(connection).get_table_names()))
    migrate(store, with_the_next)
    with store.write() as connection:
        for table in then.sorted_tables:
            connection.execute(table.insert().values(some_row(table)))


def older_release(tmp_path: Path, newest: str) -> Path:
    folder = tmp_path / "older release"
    folder.mkdir()
    for file, number in zip(SHIPPED, NUMBERS, strict=True):
        if number <= newest:
            (folder / file.name).write_text(file.read_text())
    return folder


def some_row(table: Table) -> dict[str, Any]:
    """Something of the right kind in every column that must have something."""
    return {
        column.name: f"{column.name}"[: getattr(column.type, "length", None)] if column.type.python_type is str else 1
        for column in table.columns
        if not column.nullable
    }


# --- The command ---


def test_the_command_tells_what_is_to_come_and_what_it_did(url: str) -> None:
    shown = run(url, *FUNNEL, "migrate", "--show")
    assert (shown.returncode, shown.stdout.splitlines()[0]) == (0, "To come: 0001, the tables of the first release")
    first, again = run(url, *FUNNEL, "migrate"), run(url, *FUNNEL, "migrate")
    assert first.stdout.splitlines() == [
        *(line.replace("To come", "Done") for line in shown.stdout.splitlines()[:-1]),
        f"The database is at version {HEAD}.",
    ]
    assert again.stdout == f"The database is at version {HEAD}. Nothing to do.\n"
    assert (first.returncode, again.returncode) == (0, 0)


def test_a_database_that_fits_no_version_is_told_without_a_traceback(url: str, store: Store) -> None:
    without_a_version(store)
    with store.write() as connection:
        connection.execute(text("DROP TABLE refusals"))
    told = run(url, *FUNNEL, "migrate")
    assert told.returncode == 1
    assert "The database was left as it was: its tables have no version" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    "command",
    [("gunicorn", "-c", "gunicorn.conf.py", "-b", "127.0.0.1:0", "app:create_app()"), (*FUNNEL, "relay")],
    ids=["the web server", "the relay"],
)
def test_what_serves_does_not_start_on_older_tables_and_names_the_command(
    url: str, store: Store, command: tuple[str, ...]
) -> None:
    without_a_version(store)
    refused(run(url, *command))


def test_in_production_nothing_is_migrated_by_itself(postgres_database: str) -> None:
    store = Store(postgres_database)
    without_a_version(store)
    production = {
        "FUNNEL_ENV": "production",
        "KONNEKTIVE_LOGIN_ID": "me",
        "KONNEKTIVE_PASSWORD": "word",
        "PUBLIC_URL": "https://shop.example",
    }
    refused(run(postgres_database, *FUNNEL, "up", **production))
    assert version(store) is None
    store.close()


def refused(ended: subprocess.CompletedProcess[str]) -> None:
    assert ended.returncode != 0
    assert "have no version yet" in ended.stderr
    assert schema.COMMAND in ended.stderr
    assert "Traceback" not in ended.stderr


def test_no_web_worker_carries_alembic(tmp_path: Path) -> None:
    assert loaded(tmp_path, "print('alembic' in sys.modules)") == "False\n"


def test_no_connection_to_the_database_outlives_the_loading(tmp_path: Path) -> None:
    """The web server loads the application once and forks its workers, which may not share a connection."""
    look = "print([str(file.readlink()) for file in pathlib.Path('/proc/self/fd').iterdir() if file.exists()])"
    assert "test.db" not in loaded(tmp_path, f"import pathlib; {look}")


def loaded(tmp_path: Path, look: str) -> str:
    """What is printed by a process that has made the application and looks."""
    environment = {"PATH": os.environ["PATH"], "SECRET_KEY": "s" * 40, "DATABASE_URL": f"sqlite:///{tmp_path}/test.db"}
    return subprocess.run(
        [sys.executable, "-c", f"import app, os, sys; made = app.create_app(); {look}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=END_WITHIN,
        check=True,
    ).stdout
