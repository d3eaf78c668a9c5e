"""A real PostgreSQL, started once on a socket of its own and ended after the tests; a database for each."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from machine import find_postgres
from sqlalchemy import make_url

START_WITHIN = 60.0  # seconds
STOP_WITHIN = 20.0  # seconds
GLANCE = 0.05
SUPERUSER = "funnel"
UNPRIVILEGED = "postgres"  # the user that Debian's package brings
# Nothing here outlives the tests, so nothing has to reach the disk.
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "dynamic_shared_memory_type": "mmap",  # a container's /dev/shm is small
}


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The server's own database; tests take `postgres_database`."""
    found = find_postgres(os.environ)
    if found.path is None:
        pytest.skip(found.reason)
    with server(found.path) as url:
        yield url


@contextmanager
def server(binaries: Path) -> Iterator[str]:
    """A server that lasts as long as the block, and keeps nothing; its own database."""
    with _folder() as folder, _server(binaries, folder) as url:
        yield url


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The address, for SQLAlchemy, of an empty database that is this test's alone."""
    with empty_database(postgres_url) as url:
        yield url


@contextmanager
def empty_database(server_url: str) -> Iterator[str]:
    """A database of its own on a server, gone after the block; its address."""
    name = f"test_{secrets.token_hex(8)}"
    _execute(server_url, f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        _execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _folder() -> Iterator[Path]:
    """Below /tmp: a socket's path must be short, and the server's user cannot enter root's own folders."""
    folder = Path(tempfile.mkdtemp(prefix="funnel-postgres-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, *_unprivileged())
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _server(binaries: Path, folder: Path) -> Iterator[str]:
    data, log = folder / "data", folder / "log"
    with log.open("w") as output:
        started: dict[str, Any] = {"cwd": folder, "stdout": output, "stderr": output, **_as_whom()}
        initdb: list[str | Path] = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            SUPERUSER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        if subprocess.run([*initdb, "--no-sync"], **started, check=False, timeout=START_WITHIN).returncode:
            pytest.fail(f"initdb failed:\n{log.read_text()}")
        options = [part for name, value in OPTIONS.items() for part in ("-c", f"{name}={value}")]
        server = subprocess.Popen([binaries / "postgres", "-D", data, "-k", folder, *options], **started)
    try:
        url = f"postgresql+psycopg://{SUPERUSER}@/postgres?host={folder}"
        _wait_until_ready(url, server, log)
        yield url
    finally:
        _stop(server)


def _as_whom() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    user, group = _unprivileged()
    return {"user": user, "group": group, "extra_groups": []}


def _unprivileged() -> tuple[int, int]:
    try:
        user = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        pytest.skip(
            f"PostgreSQL refuses to run as root, and there is no user {UNPRIVILEGED} to run it as.\n"
            f"  Bring one:  useradd --system {UNPRIVILEGED}     or run the tests as an ordinary user"
        )
    return user.pw_uid, user.pw_gid


def _wait_until_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_WITHIN
    while True:
        try:
            return _execute(url, "SELECT 1")
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > until:
                pytest.fail(f"PostgreSQL did not start ({error}). Its log:\n{log.read_text()}")
        time.sleep(GLANCE)


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(statement)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)  # its "fast" shutdown: open connections are closed
    try:
        server.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)  # at once; its children end with it
        server.wait()
