"""The mistakes of funnel.toml, of other files and of the environment, each where it is."""

from pathlib import Path

from funnel.check.finding import Finding, finding
from funnel.check.subject import shown
from funnel.check.toml_lines import line_of_mistake


def findings(mistakes: list[str], file: Path) -> list[Finding]:
    """`file` is funnel.toml; a mistake that is somewhere else says where."""
    text = file.read_text(encoding="utf-8-sig", errors="replace") if file.is_file() else ""
    return [_finding(mistake, text, file) for mistake in mistakes]


def lines(mistakes: list[str], file: Path) -> list[str]:
    return [f"{each.place}: {each.message}" for each in findings(mistakes, file)]


def _finding(mistake: str, text: str, file: Path) -> Finding:
    where, _, said = mistake.partition(": ")
    if where not in (file.name, "funnel.toml"):
        return finding("settings", where, None, said)
    return finding("settings", shown(file), line_of_mistake(text, said), said)
