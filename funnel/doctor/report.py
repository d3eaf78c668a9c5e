"""Findings as lines for people and as JSON for machines, and the exit status they make."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from funnel.doctor.finding import Finding, Severity


def as_text(found: Sequence[Finding]) -> str:
    return "\n".join(f"{finding.severity:<8} {finding.about:<12} {finding.words}" for finding in found)


def as_json(found: Sequence[Finding]) -> str:
    return json.dumps([asdict(finding) for finding in found], indent=2, ensure_ascii=False)


def status(found: Sequence[Finding]) -> int:
    """0 where all is fine, 1 with warnings alone, 2 with an error."""
    severities = {finding.severity for finding in found}
    return 2 if Severity.ERROR in severities else int(Severity.WARNING in severities)
