"""flask funnel doctor: whether the machine around the funnel is right, in plain words."""

import sys
from collections.abc import Iterator

import click
from flask.cli import with_appcontext

from funnel import web
from funnel.commands.format_option import format_option
from funnel.doctor import crm_rules, machine_rules, report, street_rules
from funnel.doctor.finding import Finding
from funnel.rooms import Rooms


@click.command()
@with_appcontext
@format_option
@click.option("--ca-file", type=click.Path(exists=True), help="The CA of PUBLIC_URL's certificate, if it is your own.")
def doctor(form: str, ca_file: str | None) -> None:
    """Look at settings, disk, store, CRM and the way through the proxy. It changes nothing.

    Exit status 0 where all is fine, 1 with warnings, 2 with an error, 4 where the settings let nothing start.
    """
    found = list(_look(web.rooms(), ca_file))
    click.echo(report.as_json(found) if form == "json" else report.as_text(found))
    sys.exit(report.status(found))


def _look(rooms: Rooms, ca_file: str | None) -> Iterator[Finding]:
    settings = rooms.settings
    yield from machine_rules.settings(settings)
    yield from machine_rules.disk(settings)
    yield from machine_rules.store(rooms.store)
    yield from crm_rules.way(settings.crm_url)
    yield from crm_rules.permissions(rooms.client, settings.campaign.campaignId)
    yield from street_rules.way(settings.public_url, settings.secret_key.get_secret_value(), verify=ca_file or True)
