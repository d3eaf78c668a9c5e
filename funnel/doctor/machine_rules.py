"""Settings that do not fit each other, the disk, and whether the store takes a write."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from funnel.doctor.finding import Finding, error, fine, warning
from funnel.settings import LOOPBACK, Settings
from funnel.store.store import Store

LOW, TOO_LOW = 1 << 30, 100 << 20  # bytes


def settings(given: Settings) -> Iterator[Finding]:
    if not given.production:
        yield warning("settings", "FUNNEL_ENV is development: for trying out, not for shoppers.")
    elif given.proxy_hops == 0:
        yield error(
            "settings", "PROXY_HOPS is 0 in production: every shopper has the proxy's address. Say how many there are."
        )
    if given.sandboxed:
        yield warning("settings", "There are no credentials, so the sandbox plays the CRM.")
    elif given.allow_test_card:
        yield warning("settings", "FUNNEL_ALLOW_TEST_CARD takes the test card: such orders are worth nothing.")
    if given.production and not given.trusted_hosts:
        yield warning("settings", "TRUSTED_HOSTS is empty: the funnel answers to any host name.")
    if given.proxy_hops and given.bind not in LOOPBACK:
        yield warning("settings", f"BIND is {given.bind}: see to it that nobody but the proxy can reach the port.")


def disk(given: Settings) -> Iterator[Finding]:
    folder = given.database_file.parent if given.database_file else Path.cwd()
    free = shutil.disk_usage(folder).free
    grade = error if free < TOO_LOW else warning if free < LOW else fine
    yield grade("disk", f"{free / 2**30:.1f} GiB are free for the database and the logs.")


def store(opened: Store) -> Iterator[Finding]:
    """Takes the lock of a writer, and writes nothing."""
    try:
        with opened.durable():
            yield fine("store", "The database answers, is of this release, and takes a writer.")
    except SQLAlchemyError as reason:
        yield error("store", f"The database takes no writer: {type(reason).__name__}.")
