"""flask funnel migrate: brings the database's tables to this code's version; and how the other commands open it."""

import os
import subprocess
import sys

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from config import ROOT
from funnel import web
from funnel.rooms import Rooms
from funnel.store.schema import SchemaBehind


@click.command()
@with_appcontext
@click.option("--show", is_flag=True, help="Only tell what would be done.")
def migrate(show: bool) -> None:
    """Bring the database's tables to this code's version; safe while the funnel is serving, and safe to repeat."""
    sys.exit(_migrated(web.rooms().settings.database_url, *(["--show"] if show else [])))


def open_store(rooms: Rooms, *, migrating: bool = False) -> None:
    """Have the tables ready, or say in plain words why they are not."""
    try:
        rooms.store.prepare()
    except SchemaBehind as reason:
        if not migrating:
            raise click.ClickException(str(reason)) from None
        if status := _migrated(rooms.settings.database_url):
            sys.exit(status)
    except (OSError, SQLAlchemyError) as error:
        reason_in_short = str(error).splitlines()[0]
        raise click.ClickException(f"the store of DATABASE_URL cannot be opened: {reason_in_short}") from None


def _migrated(database_url: str, *options: str) -> int:
    """The exit status. The address holds a password, so it goes where no other user of the machine can read it."""
    environment = {**os.environ, "DATABASE_URL": database_url}
    command = [sys.executable, "-m", "funnel.migrations", *options]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
