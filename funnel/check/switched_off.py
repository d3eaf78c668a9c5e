"""{# check: off rule-name #} in a template: what is meant to be so there, is not told."""

import re
from collections.abc import Iterable, Iterator

from funnel.check.finding import RULES, Finding
from funnel.check.subject import Template
from funnel.mistakes import nearest

OFF = re.compile(r"\{#-?\s*check:\s*off\s+(.*?)\s*-?#\}", re.DOTALL)


def wanted(template: Template, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Without those that are switched off, and with those rules that there are not."""
    named = list(_named(template))
    off = {name for name, _ in named}
    yield from (each for each in findings if each.rule not in off)
    for name, line in named:
        if name not in RULES:
            yield template.at("unknown-rule", line, f'there is no rule "{name}"{nearest(name, list(RULES))}')


def _named(template: Template) -> Iterator[tuple[str, int]]:
    for found in OFF.finditer(template.text):
        line = template.text.count("\n", 0, found.start()) + 1
        yield from ((name, line) for name in found[1].replace(",", " ").split())
