"""flask funnel …: every command by its name."""

from flask.cli import AppGroup

from funnel.commands import money, outbox, people, prices, serving

commands = AppGroup("funnel", help="Run the funnel and look after it.")

for command in (
    *(serving.up, serving.relay, serving.sandbox),
    *(money.attempts, money.reconcile),
    prices.prices,
    outbox.outbox,
    people.erase,
):
    commands.add_command(command)
