"""What this machine has for the tests: Chromium, PostgreSQL's programs, nginx and Caddy, or why not, in plain words.

As a pytest plugin it lets no test be skipped where CI=true.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
VERSION = re.compile(r"^(Chromium|Google Chrome)\b.*\d+\.\d+", re.MULTILINE)
ANSWER_WITHIN = 30.0  # seconds; a cold disk takes some
CHROME_PACKAGE = "google-chrome-stable_current_amd64.deb"
BRING_CHROMIUM = f"""\
  Debian:  sudo apt-get install chromium
  Ubuntu:  sudo snap install chromium     (its apt package is only a stub), or Google Chrome:
           wget https://dl.google.com/linux/direct/{CHROME_PACKAGE} && sudo apt-get install ./{CHROME_PACKAGE}
  One that lies elsewhere:  CHROMIUM=/path/to/chrome make test"""

DEBIAN_POSTGRES = Path("/usr/lib/postgresql")  # its packages put initdb and postgres in VERSION/bin, not on PATH
BRING_POSTGRES = "  Debian and Ubuntu:  sudo apt-get install postgresql"

SBIN = "/usr/sbin"  # where Debian puts servers, which is not on everybody's PATH


@dataclass(frozen=True)
class Found:
    """Where a piece is; or no path, and the reason with the command that brings it."""

    path: Path | None
    reason: str = ""


def find_chromium(environment: Mapping[str, str], *, answer_within: float = ANSWER_WITHIN) -> Found:
    """A browser that says its version. CHROMIUM, where set, is the only one looked at."""
    faults = []
    for program in _chromiums(environment):
        if not (fault := _fault(program, answer_within)):
            return Found(program)
        faults.append(fault)
    return Found(None, "\n".join([*(faults or ["There is no Chromium on this machine."]), BRING_CHROMIUM]))


def _chromiums(environment: Mapping[str, str]) -> Iterator[Path]:
    if chosen := environment.get("CHROMIUM"):
        yield Path(chosen)
        return
    for name in CHROMIUMS:
        if program := shutil.which(name, path=environment.get("PATH")):
            yield Path(program)


def _fault(program: Path, answer_within: float) -> str | None:
    try:
        status, said = _ask_version(program, answer_within)
    except OSError as error:
        return f"{program} cannot be started: {error.strerror}."
    except subprocess.TimeoutExpired:
        return f"{program} did not say its version within {answer_within:g} s."
    if status == 0 and VERSION.search(said):
        return None
    if "snap" in said:
        return f"{program} is only a stub that asks for a snap."
    return f"{program} does not say a Chromium's version (exit status {status})."


def _ask_version(program: Path, answer_within: float) -> tuple[int, str]:
    """Exit status and output. It runs in a process group of its own, which is ended whole if it hangs."""
    asked = subprocess.Popen(
        [program, "--version"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    with asked:
        try:
            said, _ = asked.communicate(timeout=answer_within)
        except subprocess.TimeoutExpired:
            os.killpg(asked.pid, signal.SIGKILL)
            raise
    return asked.returncode, said


def find_postgres(environment: Mapping[str, str], *, packaged: Path = DEBIAN_POSTGRES) -> Found:
    """The folder that holds both initdb and postgres; of several versions the newest."""
    folders = sorted(packaged.glob("*/bin"), key=_version, reverse=True)
    if on_path := shutil.which("initdb", path=environment.get("PATH")):
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        if all(os.access(folder / program, os.X_OK) for program in ("initdb", "postgres")):
            return Found(folder)
    return Found(None, f"PostgreSQL's server programs are not on this machine.\n{BRING_POSTGRES}")


def find_nginx(environment: Mapping[str, str], *, packaged: str = SBIN) -> Found:
    return _find_server("nginx", environment, packaged)


def find_caddy(environment: Mapping[str, str], *, packaged: str = SBIN) -> Found:
    return _find_server("caddy", environment, packaged)


def _find_server(name: str, environment: Mapping[str, str], packaged: str) -> Found:
    if program := shutil.which(name, path=os.pathsep.join([environment.get("PATH", ""), packaged])):
        return Found(Path(program))
    return Found(None, f"{name} is not on this machine.\n  Debian and Ubuntu:  sudo apt-get install {name}")


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]+", folder.parent.name))


def in_ci(environment: Mapping[str, str]) -> bool:
    """Whether nothing may be skipped."""
    return environment.get("CI") == "true"


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.exitstatus == pytest.ExitCode.OK and _refused_skips(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if skips := _refused_skips(terminalreporter.config):
        terminalreporter.section("CI=true: a skipped test fails the run", red=True, bold=True)
        for skip in skips:
            terminalreporter.write_line(f"SKIPPED {skip.nodeid}")


def _refused_skips(config: pytest.Config) -> list[pytest.TestReport | pytest.CollectReport]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return reporter.stats.get("skipped", []) if reporter and in_ci(os.environ) else []
