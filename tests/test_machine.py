"""A fresh machine: what is missing is told in plain words, and what is there is used."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from browser import OpenPage
from gunicorn.config import KNOWN_SETTINGS
from machine import find_chromium, find_postgres
from sqlalchemy import create_engine, text

ROOT = Path(__file__).resolve().parent.parent
REAL = "echo 'Chromium 156.0.8078.79 built on Debian'"
STUB = "echo 'Command requires the chromium snap to be installed: snap install chromium' >&2; exit 1"
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"


def program(path: Path, script: str) -> Path:
    """An executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def borrow(folder: Path, *names: str) -> None:
    """Programs of this machine, in a folder that is to be the whole PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).symlink_to(shutil.which(name) or name)


# Chromium


@pytest.mark.parametrize("script", [REAL, "echo 'noise' >&2; echo 'Google Chrome 131.0.6778.85'"])
def test_a_browser_that_says_its_version_is_taken(tmp_path: Path, script: str) -> None:
    real = program(tmp_path / "google-chrome", script)
    assert find_chromium({"PATH": str(tmp_path)}).path == real


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (STUB, "is only a stub that asks for a snap"),
        ("exit 127", "does not say a Chromium's version (exit status 127)"),
        ("echo Firefox 140.0", "does not say a Chromium's version (exit status 0)"),
        (f"{REAL}; exit 1", "does not say a Chromium's version (exit status 1)"),
    ],
)
def test_what_is_no_browser_is_passed_over_and_told(tmp_path: Path, script: str, reason: str) -> None:
    stub = program(tmp_path / "chromium", script)
    alone = find_chromium({"PATH": str(tmp_path)})
    assert alone.path is None
    assert f"{stub} {reason}" in alone.reason
    assert "sudo snap install chromium" in alone.reason
    real = program(tmp_path / "google-chrome-stable", REAL)
    assert find_chromium({"PATH": str(tmp_path)}).path == real


@pytest.mark.timeout(30)
def test_a_browser_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    held = tmp_path / "held"
    os.mkfifo(held)
    program(tmp_path / "chromium", f"exec 3>{held}; /bin/sleep 600 & wait")
    with open(os.open(held, os.O_RDONLY | os.O_NONBLOCK), "rb") as ending:
        found = find_chromium({"PATH": str(tmp_path)}, answer_within=0.5)
        os.set_blocking(ending.fileno(), True)
        assert ending.read() == b"", "this waits until the last process that holds it is gone"
    assert found.path is None
    assert "did not say its version within 0.5 s" in found.reason


def test_without_any_browser_the_command_that_brings_one_is_told(tmp_path: Path) -> None:
    found = find_chromium({"PATH": str(tmp_path)})
    assert found.path is None
    assert "There is no Chromium on this machine" in found.reason
    assert "sudo apt-get install chromium" in found.reason


def test_the_browser_that_is_named_is_the_only_one_looked_at(tmp_path: Path) -> None:
    program(tmp_path / "chromium", REAL)
    named = program(tmp_path / "mine" / "chrome", REAL)
    assert find_chromium({"PATH": str(tmp_path), "CHROMIUM": str(named)}).path == named
    nothing = find_chromium({"PATH": str(tmp_path), "CHROMIUM": "/nothing/here"})
    assert nothing.path is None
    assert "/nothing/here cannot be started" in nothing.reason


def test_a_page_has_a_phone_s_width_and_scripts_can_be_off(open_page: OpenPage) -> None:
    said = []
    for java_script_enabled in (True, False):
        page = open_page(java_script_enabled=java_script_enabled)
        page.goto("data:text/html,<p>off</p><script>document.querySelector('p').textContent = innerWidth</script>")
        said.append(page.inner_text("p"))
    assert said == ["390", "off"]


# PostgreSQL


def test_the_newest_postgresql_that_is_whole_is_taken(tmp_path: Path) -> None:
    for version, names in {
        "9": ("initdb", "postgres"),
        "15": ("initdb", "postgres"),
        "17": ("psql",),
    }.items():
        for name in names:
            program(tmp_path / version / "bin" / name, "")
    assert find_postgres({"PATH": ""}, packaged=tmp_path).path == tmp_path / "15" / "bin"


def test_a_postgresql_on_the_path_is_found_and_a_missing_one_told(tmp_path: Path) -> None:
    path = {"PATH": str(tmp_path / "bin")}
    missing = find_postgres(path, packaged=tmp_path / "none")
    assert missing.path is None
    assert "sudo apt-get install postgresql" in missing.reason
    for name in ("initdb", "postgres"):
        program(tmp_path / "bin" / name, "")
    assert find_postgres(path, packaged=tmp_path / "none").path == tmp_path / "bin"


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_has_an_empty_database_of_its_own(postgres_database: str, turn: str) -> None:
    engine = create_engine(postgres_database)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE seen (turn text)"))
        connection.execute(text("INSERT INTO seen VALUES (:turn)"), {"turn": turn})
        assert connection.execute(text("SELECT turn FROM seen")).all() == [(turn,)]
    engine.dispose()


# Bringing what is missing


def provide(path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """scripts/provide.py on a machine whose programs are those in a folder."""
    return subprocess.run(
        [sys.executable, ROOT / "scripts" / "provide.py"],
        env={"PATH": str(path), "PYTHONPATH": str(ROOT / "tests"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def apt_machine(tmp_path: Path) -> Path:
    """A machine with PostgreSQL and without Chromium, whose apt-get brings one where its packages hold it."""
    path = tmp_path / "bin"
    borrow(path, "sh", "sed", "cp", "true")
    for name in ("initdb", "postgres"):
        program(path / name, "")
    program(tmp_path / "real", REAL)
    for name in ("nginx", "caddy"):
        program(path / name, "")
    program(path / "sudo", 'shift; exec "$@"')
    program(
        path / "apt-get",
        f'echo "$*" >>{tmp_path}/asked; case "$*" in install*) cp {tmp_path}/real {path}/chromium;; esac',
    )
    return path


def test_a_missing_chromium_is_installed_where_apt_has_a_real_one(apt_machine: Path) -> None:
    program(apt_machine / "apt-cache", "echo '  Candidate: 156.0-1~deb12u1'")
    provided = provide(apt_machine, CI="true")
    assert provided.returncode == 0, provided.stderr
    updated, installed = (apt_machine.parent / "asked").read_text().splitlines()
    assert updated.startswith("update")
    assert re.fullmatch(r"install .*--no-install-recommends .*chromium", installed)


@pytest.mark.parametrize("candidate", ["(none)", "2:1snap1-0ubuntu2"])
def test_a_stub_is_not_installed(apt_machine: Path, candidate: str) -> None:
    program(apt_machine / "apt-cache", f"echo '  Candidate: {candidate}'")
    provided = provide(apt_machine)
    assert "install" not in (apt_machine.parent / "asked").read_text()
    assert "hold no real chromium" in provided.stderr
    assert "There is no Chromium on this machine" in provided.stderr


@pytest.mark.parametrize(
    ("ci", "status", "words"), [("", 0, "are skipped and counted"), ("true", 1, "no test may be skipped")]
)
def test_what_cannot_be_brought_is_told_and_ends_a_ci_run(tmp_path: Path, ci: str, status: int, words: str) -> None:
    provided = provide(tmp_path, CI=ci)
    assert provided.returncode == status
    assert "There is no Chromium on this machine" in provided.stderr
    assert words in provided.stderr


# Skipped tests


@pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
def test_a_skipped_test_fails_the_run_in_ci_alone(tmp_path: Path, ci: str, status: int) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\ndef test_passes(): pass\ndef test_skips(): pytest.skip('no browser')\n"
    )
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "machine", "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "tests"), "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == status, run.stdout
    assert "1 passed, 1 skipped" in run.stdout
    assert ("SKIPPED test_it.py::test_skips" in run.stdout) == bool(status)


def test_these_very_tests_are_under_that_rule(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.has_plugin("machine")


# The virtual environment


def make_venv(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """scripts/venv with a lock of its own."""
    return subprocess.run(
        ["/bin/sh", ROOT / "scripts" / "venv", "lock.txt"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_lock_is_installed_once_and_again_when_it_changes_or_failed(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    said = []
    for text_of_lock in (
        "# empty\n",
        "# empty\n",
        "# changed\n",
        "./not-here\n",
        "./not-here\n",
        "# changed\n",
    ):
        lock.write_text(text_of_lock)
        made = make_venv(tmp_path, PYTHON=sys.executable)
        said.append((made.returncode, "Making .venv" in made.stderr, "Installing lock.txt" in made.stderr))
    assert said == [
        (0, True, True),
        (0, False, False),
        (0, False, True),
        (1, False, True),
        (1, False, True),
        (0, False, True),
    ]
    assert (tmp_path / ".venv" / "bin" / "python").exists()


def test_a_missing_venv_module_is_named_with_its_package(tmp_path: Path) -> None:
    python = f'case "$*" in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"'
    program(tmp_path / "python3.13", python)
    made = make_venv(tmp_path, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert made.returncode == 1
    assert re.search(rf"apt-get install {re.escape(PYTHON)}-venv$", made.stderr, re.MULTILINE)
    assert not (tmp_path / ".venv").exists()


def test_a_machine_without_a_new_enough_python_is_told_so(tmp_path: Path) -> None:
    borrow(tmp_path / "bin", "id")
    program(tmp_path / "bin" / "python3", "exit 1")
    made = make_venv(tmp_path, PATH=str(tmp_path / "bin"))
    assert made.returncode == 1
    assert "needs Python 3.11 or newer, and none is here" in made.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_python_that_is_named_must_be_one(tmp_path: Path) -> None:
    made = make_venv(tmp_path, PYTHON="python2.7")
    assert made.returncode == 1
    assert "PYTHON=python2.7 is not a Python 3.11 or newer on this machine" in made.stderr


# The other files


def test_make_help_lists_every_command() -> None:
    listed = subprocess.run(["make", "-C", ROOT, "help"], capture_output=True, text=True, check=True).stdout
    commands = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert commands
    assert re.findall(r"^  make ([a-z]+) +\S", listed, re.MULTILINE) == commands[1].split()


def test_gunicorn_knows_every_setting_it_is_given() -> None:
    body = ast.parse((ROOT / "gunicorn.conf.py").read_text()).body
    names = {target.id for node in body if isinstance(node, ast.Assign) for target in node.targets}
    names |= {node.name for node in body if isinstance(node, ast.FunctionDef)}
    assert "when_ready" in names
    settings = {name for name in names if not name.startswith("_")}
    assert settings <= {setting.name for setting in KNOWN_SETTINGS}
