"""One thing the doctor has looked at, and how findings are told."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum


class Severity(StrEnum):
    FINE = "fine"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    severity: Severity
    about: str
    words: str


def fine(about: str, words: str) -> Finding:
    return Finding(Severity.FINE, about, words)


def warning(about: str, words: str) -> Finding:
    return Finding(Severity.WARNING, about, words)


def error(about: str, words: str) -> Finding:
    return Finding(Severity.ERROR, about, words)


def status(found: Sequence[Finding]) -> int:
    """0 where all is fine, 1 with warnings alone, 2 with an error."""
    severities = {finding.severity for finding in found}
    return 2 if Severity.ERROR in severities else int(Severity.WARNING in severities)


def as_text(found: Sequence[Finding]) -> str:
    return "\n".join(f"{finding.severity:<8} {finding.about:<12} {finding.words}" for finding in found)


def as_json(found: Sequence[Finding]) -> str:
    return json.dumps([asdict(finding) for finding in found], indent=2, ensure_ascii=False)
