"""What the check finds: where, how bad, by which rule, in words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

# Every rule, and how bad its findings are. docs/marketers.md explains them by the same names.
RULES = {
    "settings": ERROR,
    "syntax": ERROR,
    "unknown-variable": ERROR,
    "unknown-filter": ERROR,
    "missing-template": ERROR,
    "unknown-block": WARNING,
    "unescaped": WARNING,
    "drawing": ERROR,
    "form-without-token": ERROR,
    "form-without-attempt": ERROR,
    "remote-form": ERROR,
    "inline-script": ERROR,
    "inline-handler": ERROR,
    "inline-style": ERROR,
    "remote-asset": ERROR,
    "missing-file": ERROR,
    "oversize-picture": WARNING,
    "image-without-alt": ERROR,
    "image-without-size": WARNING,
    "field-without-label": ERROR,
    "field-without-autocomplete": WARNING,
    "broken-link": ERROR,
    "missing-legal-link": WARNING,
    "missing-translation": WARNING,
    "timer-without-end": ERROR,
    "ticked-bump": ERROR,
    "shaming-decline": ERROR,
    "example-testimonial": WARNING,
    "low-contrast": WARNING,
    "unused-page": WARNING,
    "campaign": ERROR,
    "credentials": ERROR,
    "not-asked": NOTE,
    "unknown-rule": WARNING,
}


@dataclass(frozen=True)
class Finding:
    """`file` as a person would open it; `line` from 1, None where the whole file or none is meant."""

    file: str
    line: int | None
    severity: Severity
    rule: str
    message: str

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


def finding(rule: str, file: str, line: int | None, message: str) -> Finding:
    return Finding(file, line, RULES[rule], rule, message)


def in_order(findings: Iterable[Finding]) -> Iterator[Finding]:
    """By file and line; what is said of a line is not said again of the file without it."""
    placed = {(each.file, each.rule, each.message) for each in findings if each.line}
    ordered = sorted(set(findings), key=lambda each: (each.file, each.line or 0, each.rule, each.message))
    return (each for each in ordered if each.line or (each.file, each.rule, each.message) not in placed)
