"""One thing the doctor has looked at, and how well it is."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    FINE = "fine"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """`about` is what was looked at, `words` what was seen there, and what to do about it."""

    severity: Severity
    about: str
    words: str


def fine(about: str, words: str) -> Finding:
    return Finding(Severity.FINE, about, words)


def warning(about: str, words: str) -> Finding:
    return Finding(Severity.WARNING, about, words)


def error(about: str, words: str) -> Finding:
    return Finding(Severity.ERROR, about, words)
