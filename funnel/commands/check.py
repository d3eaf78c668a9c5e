"""flask funnel check: whether the funnel is fit to be shown, in words, with file and line."""

import os
import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from config import ROOT, folders
from funnel import web
from funnel.check import checking, crm_rules, drawn, mistaken, report
from funnel.check.finding import Finding, in_order
from funnel.check.subject import Subject
from funnel.commands.format_option import format_option

FAULTS, UNCHECKED = 1, 2  # exit statuses
UNFIT = "funnel-mistakes"  # where the application keeps the mistakes that kept it from being made


@click.command()
@with_appcontext
@format_option
@click.option("--strict", is_flag=True, help="Warnings count as faults too.")
@click.option("--crm/--no-crm", default=None, help="Insist on the CRM's answer, or do not ask it.")
def check(form: str, strict: bool, crm: bool | None) -> None:
    """Look for faults in funnel.toml, the templates and the campaign. It changes nothing.

    Exit status 0 without errors, 1 with some, 2 when something could not be checked.
    """
    found = _unfit() or _found(ask=crm is not False)
    click.echo(report.as_json(found) if form == "json" else report.as_text(found))
    if report.is_bad(found, strict=strict):
        sys.exit(FAULTS)
    if crm and crm_rules.unreachable(found):
        sys.exit(UNCHECKED)


def _unfit() -> list[Finding]:
    mistakes = current_app.extensions.get(UNFIT, [])
    return mistaken.findings(mistakes, Path(os.environ.get("FUNNEL_FILE") or ROOT / "funnel.toml"))


def _found(*, ask: bool) -> list[Finding]:
    rooms = web.rooms()
    settings = rooms.settings
    subject = Subject.of(current_app, settings, folders(settings.campaign, settings.funnel_file))
    asked = list(crm_rules.findings(subject, rooms.prices, rooms.permissions)) if ask else []
    found = checking.findings(subject)
    drawings = drawn.findings(subject, current_app.extensions["funnel-stage"], found)
    return [*in_order([*found, *drawings]), *asked]
