"""flask funnel …: every command by its name."""

import click
from flask.cli import AppGroup, with_appcontext

from funnel import web
from funnel.commands import check, doctor, money, outbox, people, prices, schema, serving, watch
from funnel.watch import logs

NEEDS_NO_STORE = ("check", "migrate", "page-watch", "up")  # or opens it itself
SERVES = ("relay", "sandbox", "up")


@click.group("funnel", cls=AppGroup)
@with_appcontext
@click.pass_context
def commands(context: click.Context) -> None:
    """Run the funnel and look after it."""
    if context.invoked_subcommand not in SERVES:
        context.with_resource(logs.only_what_is_wrong())
    if context.invoked_subcommand not in NEEDS_NO_STORE:
        schema.open_store(web.rooms())


for command in (
    *(serving.up, serving.relay, serving.sandbox),
    *(money.attempts, money.reconcile),
    schema.migrate,
    prices.prices,
    doctor.doctor,
    check.check,
    outbox.outbox,
    people.erase,
    watch.page_watch,
):
    commands.add_command(command)
