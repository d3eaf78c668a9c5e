"""flask funnel attempts, reconcile: the charges, and whether the books are right."""

import sys

import click
from flask.cli import with_appcontext

from funnel import web
from funnel.attempt import UNRESOLVED, By, Reason, State, Verdict
from funnel.commands.counted import counted
from funnel.crm.errors import CrmError

UNITS = {"m": 60.0, "h": 3600.0, "d": 86400.0}  # seconds


@click.group(invoke_without_command=True)
@with_appcontext
@click.pass_context
def attempts(context: click.Context) -> None:
    """List the charges whose outcome is not known; `attempts settle` ends one by hand."""
    if context.invoked_subcommand is None:
        unresolved = web.rooms().attempts.unresolved()
        for attempt in unresolved:
            age = (web.rooms().store.clock() - attempt.created_at) / 60
            click.echo(f"{attempt.key}  {attempt.state}  {attempt.slot}  order {attempt.order_id}  {age:.0f} min old")
        click.echo(f"{len(unresolved)} unresolved.")


@attempts.command()
@with_appcontext
@click.argument("key")
@click.argument("outcome", type=click.Choice(["charged", "not-charged"]))
def settle(key: str, outcome: str) -> None:
    """End an unresolved charge, after looking at the order in the CRM. KEY is the one that `attempts` shows."""
    verdict = Verdict(State.CHARGED) if outcome == "charged" else Verdict(State.NOT_CHARGED, Reason.NOT_FOUND_PAID)
    if not web.rooms().attempts.settle(key, verdict, by=By.OPERATOR, seen=UNRESOLVED):
        raise click.ClickException("There is no unresolved charge with that key. List them: flask funnel attempts")
    click.echo(f"{key} is settled: {outcome}.")


@attempts.command()
@with_appcontext
def after_restore() -> None:
    """Once a backup is back: ask the CRM what was paid since, before any shopper sees a form again."""
    asked, closed = web.rooms().restoration.run()
    click.echo(f"{asked} orders are asked about; {closed} paid visits take no more offers.")


def _span(_context: click.Context, _option: click.Parameter, text: str) -> float:
    """In seconds."""
    number, unit = text[:-1], UNITS.get(text[-1:])
    if unit is None or not number.isdigit():
        raise click.BadParameter(f"{text!r}; write it like 30m, 48h or 7d")
    return int(number) * unit


@click.command()
@with_appcontext
@click.option(
    "--since", default="48h", show_default=True, callback=_span, metavar="SPAN", help="How far back: 30m, 48h or 7d."
)
def reconcile(since: float) -> None:
    """Compare the CRM's transactions with our ledger. Exit status 1 when they differ."""
    broken, looked_at = 0, 0
    try:
        for _, breaks in web.rooms().reconciliation.run(since=since):
            looked_at += 1
            broken += len(breaks)
            for each in breaks:
                click.echo(str(each))
    except CrmError as error:
        raise click.ClickException(f"{web.rooms().settings.crm_url} could not be asked: {error}") from None
    click.echo(f"{counted(looked_at, 'order')} compared, {counted(broken, 'break')}.")
    sys.exit(1 if broken else 0)
