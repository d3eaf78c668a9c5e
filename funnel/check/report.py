"""Findings as lines for people and as JSON for machines."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from funnel.check.finding import ERROR, NOTE, WARNING, Finding

CLEAN = "Nothing to mend."


def as_text(findings: Sequence[Finding]) -> str:
    lines = [f"{each.place}  {each.severity}  {each.rule}  {each.message}" for each in findings]
    return "\n".join([*lines, _summary(findings)])


def as_json(findings: Sequence[Finding]) -> str:
    return json.dumps([asdict(each) for each in findings], indent=2, ensure_ascii=False)


def is_bad(findings: Sequence[Finding], *, strict: bool) -> bool:
    """`strict` counts warnings too; a note is never bad."""
    bad = (ERROR, WARNING) if strict else (ERROR,)
    return any(each.severity in bad for each in findings)


def _summary(findings: Sequence[Finding]) -> str:
    counted = Counter(each.severity for each in findings)
    kinds = [(kind, counted[kind]) for kind in (ERROR, WARNING, NOTE) if counted[kind]]
    told = ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in kinds)
    return f"{told}." if told else CLEAN
