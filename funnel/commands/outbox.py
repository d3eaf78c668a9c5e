"""flask funnel outbox: the calls that are owed to the CRM, and those that were given up."""

from collections import Counter

import click
from flask.cli import with_appcontext

from funnel import web
from funnel.outbox.backlog import STANDING, Backlog, Entry
from funnel.outbox.outbox import Kind, State

BIGGEST_ID = 2**31 - 1  # of an integer column
LINE = "{:>7}  {:<7}  {:<13}  {:<6}  {:>5}  {:>6}  {:>9}  {}"
HEADING = LINE.format("id", "call", "page", "state", "tries", "age", "due", "last error")
UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))
LOST = {
    Kind.CLICK: "the CRM will not know of these page views",
    Kind.LEAD: "the CRM will not hear of these shoppers, unless they order",
    Kind.CONFIRM: "the confirmation mail goes out when the CRM sends it by itself, not before",
    Kind.COUPON: "these shoppers see what their coupon takes off when they press a button at checkout, not before",
}
ids = click.argument("ids", nargs=-1, type=click.IntRange(1, BIGGEST_ID), metavar="ID…")


@click.group(invoke_without_command=True)
@with_appcontext
@click.option("--parked", is_flag=True, help="Only what was given up and waits for you.")
@click.pass_context
def outbox(context: click.Context, parked: bool) -> None:
    """List the calls that are owed to the CRM or parked, oldest first; `outbox retry` and `outbox drop` act on them."""
    if context.invoked_subcommand is None:
        entries = _backlog().entries(states=(State.PARKED,) if parked else STANDING)
        for line in (HEADING, *map(_line, entries)) if entries else ():
            click.echo(line)
        click.echo(_counts(entries, parked=parked))


@outbox.command()
@with_appcontext
@ids
@click.option("--all-parked", is_flag=True, help="Everything that is parked.")
def retry(ids: tuple[int, ...], all_parked: bool) -> None:
    """Owe parked calls once more, from now on."""
    if bool(ids) == all_parked:
        raise click.UsageError("Name the ids of parked calls, or say --all-parked.")
    if all_parked:
        click.echo(f"Owed again: {_backlog().retry_all()}.")
        if left := len(_backlog().entries(states=(State.PARKED,))):
            click.echo(f"Still parked: {left}. The shopper's details are gone, so they can only be dropped.")
        return
    _refuse(_backlog().retry(ids), "is not parked, or the shopper's details are gone")
    click.echo(f"Owed again: {len(set(ids))}.")


@outbox.command()
@with_appcontext
@ids
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop(ids: tuple[int, ...], yes: bool) -> None:
    """Give calls up for good: the CRM never gets them."""
    if not ids:
        raise click.UsageError("Name the ids of the calls to drop.")
    entries = _backlog().these(ids)
    _refuse(sorted(set(ids) - {entry.id for entry in entries}), "is neither owed nor parked")
    for kind, count in sorted(Counter(entry.kind for entry in entries).items()):
        click.echo(f"{count} {kind}: {LOST[kind]}.")
    if not yes:
        click.confirm("Drop for good?", abort=True)
    _refuse(_backlog().drop(ids), "is neither owed nor parked any more")
    click.echo(f"Dropped: {len(entries)}.")


def _backlog() -> Backlog:
    return web.rooms().backlog


def _refuse(missing: list[int], why: str) -> None:
    if missing:
        told = "\n".join(f"{each} {why}." for each in missing)
        raise click.ClickException(f"{told}\nNothing was changed. List the calls: flask funnel outbox")


def _line(entry: Entry) -> str:
    page, error = entry.page_type or "-", entry.last_error or "-"
    return LINE.format(entry.id, entry.kind, page, entry.state, entry.tries, _span(entry.age), _due(entry), error)


def _due(entry: Entry) -> str:
    if entry.state is State.PARKED:
        return "-"
    if entry.under_way:
        return "under way"
    return f"in {_span(entry.due_in)}" if entry.due_in else "now"


def _span(seconds: float) -> str:
    size, unit = next((each for each in UNITS if seconds >= each[0]), UNITS[-1])
    return f"{seconds / size:.0f} {unit}"


def _counts(entries: list[Entry], *, parked: bool) -> str:
    count = Counter(entry.state for entry in entries)
    return f"{count[State.PARKED]} parked." if parked else f"{count[State.OWED]} owed, {count[State.PARKED]} parked."
