"""flask funnel up, relay, sandbox: the programs that serve."""

import subprocess
import sys
import tempfile
from pathlib import Path

import click
from flask.cli import with_appcontext

from config import ROOT
from funnel import web
from funnel.commands.schema import open_store
from funnel.stand_in import sandbox_command
from funnel.stop_signal import StopSignal
from funnel.supervisor import CannotStart, Supervisor


@click.command()
@with_appcontext
def up() -> None:
    """Serve the funnel, with its relay and, without a CRM account, the sandbox."""
    rooms = web.rooms()
    open_store(rooms, migrating=not rooms.settings.production)  # where shoppers buy, a person says when tables change
    try:
        sys.exit(Supervisor(rooms.settings).run())
    except CannotStart as reason:
        raise click.ClickException(str(reason)) from None


@click.command()
@with_appcontext
def relay() -> None:
    """Deliver the calls that are owed to the CRM, until stopped."""
    web.rooms().relay.run(StopSignal())


@click.command()
@with_appcontext
def sandbox() -> None:
    """Serve the sandbox CRM alone."""
    with tempfile.TemporaryDirectory() as folder:
        module, *options = sandbox_command(web.rooms().settings, Path(folder))
        sys.exit(subprocess.run([sys.executable, "-m", module, *options], cwd=ROOT, check=False).returncode)
