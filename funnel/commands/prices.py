"""flask funnel prices: whether what funnel.toml shows is what the campaign charges."""

import sys

import click
from flask.cli import with_appcontext

from funnel import web
from funnel.commands.counted import counted
from funnel.crm.errors import CrmError

DIFFERENT, UNKNOWN = 1, 2  # exit statuses


@click.command()
@with_appcontext
def prices() -> None:
    """Compare funnel.toml with the campaign in the CRM. Exit status 1 when they differ, 2 when it cannot be asked."""
    settings = web.rooms().settings
    campaign = settings.campaign
    try:
        found = web.rooms().prices.differences()
    except CrmError as error:
        click.echo(f"{settings.crm_url} could not be asked, so nothing was compared: {error}", err=True)
        sys.exit(UNKNOWN)
    for line in found:
        click.echo(line)
    click.echo(
        f"{counted(len(campaign.offers), 'offer')} and {len(campaign.shipping)} ways to ship compared, "
        f"{counted(len(found), 'difference')}."
    )
    sys.exit(DIFFERENT if found else 0)
