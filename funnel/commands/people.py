"""flask funnel erase: a person who wants to be forgotten."""

import click
from flask.cli import with_appcontext

from funnel import web


@click.command()
@with_appcontext
@click.option("--email", metavar="ADDRESS", help="Every visit that knows this address.")
@click.option("--order", metavar="ORDERID", help="The visit of this order alone.")
def erase(email: str | None, order: str | None) -> None:
    """Erase what the funnel keeps of a person. The CRM's own copy is erased in the CRM."""
    if bool(email) == bool(order):
        raise click.UsageError("Say whom: --email ADDRESS or --order ORDERID.")
    erasure = web.rooms().erasure
    erased = erasure.of_email(email) if email else erasure.of_order(order or "")
    if not erased.visits:
        raise click.ClickException("Nothing is kept of that person here. The CRM's own copy is erased in the CRM.")
    click.echo(f"Visits erased: {erased.visits}. The CRM's own copy is erased in the CRM.")
    if erased.unsettled:
        click.echo(f"Charges without an outcome: {erased.unsettled}. They go on being settled; they name nobody.")
