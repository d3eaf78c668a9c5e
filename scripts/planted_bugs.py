"""Plants bugs in the code that charges or keeps others out, one at a time in a copy, and shows which test catches each.

    .venv/bin/python scripts/planted_bugs.py [NAME …]

The bugs stand in planted_bugs.toml; without names all of them are planted. It ends with status 1 when a bug
survives. It ends at once when a text to be replaced is not there exactly once, for then the code has moved on and
the bug has to follow; and when a test that is to catch a bug fails without it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
AT_A_TIME = 2
LONGEST = 900  # seconds for one run of pytest
PASSED, FAILED = 0, 1  # pytest's exit statuses
# All that may catch a bug whose own test did not, the quickest first.
TESTS = (
    "tests/test_judge.py",
    "tests/test_steps.py",
    "tests/test_crm_replies.py",
    "tests/test_charging.py",
    "tests/test_store_rooms.py",
    "tests/test_crm_failures.py",
    "tests/test_protocol_random.py",
    "tests/test_protocol_exhaustive.py",
    "tests/test_charged_once.py",
)


@dataclass(frozen=True)
class Change:
    """One text of one file; it must be there exactly once."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Bug:
    """What somebody could get wrong. `first` is the test that catches it soonest."""

    name: str
    first: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Result:
    """`caught_by` is the test that failed, None when all passed; `trouble` says why neither can be told."""

    bug: Bug
    caught_by: str | None
    seconds: float
    trouble: str = ""


def main(names: Sequence[str]) -> int:
    bugs = _read(Path(__file__).with_suffix(".toml"))
    if unknown := set(names) - bugs.keys():
        sys.exit(f"No such bug: {', '.join(sorted(unknown))}. There are: {', '.join(bugs)}")
    chosen = [bug for bug in bugs.values() if not names or bug.name in names]
    with tempfile.TemporaryDirectory(prefix="planted-bugs-") as folder:
        clean = _copy(Path(folder) / "clean")
        if trouble := "\n".join(_misplaced(chosen, clean)) or _failing(chosen, clean):
            sys.exit(trouble)
        survived = [result.bug.name for result in _plant(chosen, clean) if not result.caught_by]
    print(f"{len(chosen)} bugs, {len(survived)} not caught: {', '.join(survived) or 'none'}")
    return 1 if survived else 0


def _read(file: Path) -> dict[str, Bug]:
    written = tomllib.loads(file.read_text())
    return {name: Bug(name, bug["first"], tuple(_changes(name, written))) for name, bug in written.items()}


def _changes(name: str, written: dict[str, dict[str, Any]]) -> Iterator[Change]:
    for part in written[name].get("with", ()):
        yield from _changes(part, written)
    for file in written[name].keys() - {"first", "with"}:
        yield from (Change(file, old, new) for old, new in written[name][file])


def _copy(target: Path) -> Path:
    """The tree as it stands, without what git ignores."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


def _misplaced(bugs: Sequence[Bug], clean: Path) -> Iterator[str]:
    for bug in bugs:
        for change in bug.changes:
            if (count := (clean / change.file).read_text().count(change.old)) != 1:
                yield f"{bug.name}: {count} times, not once, in {change.file}:\n{change.old}"


def _failing(bugs: Sequence[Bug], clean: Path) -> str:
    """What pytest says when a test that is to catch a bug fails without any, and so shows nothing; else empty."""
    ran = _pytest(_twin(clean), *dict.fromkeys(bug.first for bug in bugs))
    return "" if ran.returncode == PASSED else f"Without any bug:\n{ran.stdout}{ran.stderr}"


def _plant(bugs: Sequence[Bug], clean: Path) -> Iterator[Result]:
    print(f"{'bug':40}{'s':>5}  caught by", flush=True)
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        for done in as_completed([threads.submit(_try, bug, clean) for bug in bugs]):
            print(_row(done.result()), flush=True)
            yield done.result()


def _try(bug: Bug, clean: Path) -> Result:
    started = time.monotonic()
    tree = clean.with_name(bug.name)
    shutil.copytree(clean, tree)
    for change in bug.changes:
        file = tree / change.file
        file.write_text(file.read_text().replace(change.old, change.new))
    ran = _pytest(tree, bug.first)
    if ran.returncode == PASSED:
        ran = _pytest(tree, *TESTS)
    caught_by, trouble = _failed(ran.stdout) if ran.returncode == FAILED else None, ""
    if not caught_by and ran.returncode != PASSED:
        trouble = f"pytest ended with {ran.returncode}\n{ran.stdout}{ran.stderr}"
    if caught_by and bug.first not in caught_by and (trouble := _doubt(caught_by, tree, clean)):
        caught_by = None
    return Result(bug, caught_by, time.monotonic() - started, trouble)


def _doubt(test: str, tree: Path, clean: Path) -> str:
    """Why something else than the bug may have made a test fail; empty when it was the bug."""
    if _pytest(tree, test).returncode == PASSED:
        return f"{test} failed, but not again"
    return "" if _passes(clean, test) else f"{test} fails without the bug too"


@cache
def _passes(clean: Path, test: str) -> bool:
    return _pytest(_twin(clean), test).returncode == PASSED


def _twin(clean: Path) -> Path:
    """A copy to run in: what a run leaves behind is in no other one's way."""
    return shutil.copytree(clean, Path(tempfile.mkdtemp(dir=clean.parent)), dirs_exist_ok=True)


def _pytest(tree: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--tb=no", *tests]
    bounds = [f"--session-timeout={LONGEST}", f"--basetemp={tree / 'scratch'}"]
    return subprocess.run([*command, *bounds], cwd=tree, check=False, capture_output=True, text=True)


def _failed(output: str) -> str | None:
    """The first test that pytest's summary names, with its parameters."""
    lines = (line for line in output.splitlines() if line.startswith(("FAILED ", "ERROR ")))
    return next((line.split(" ", 1)[1].split(" - ")[0] for line in lines), None)


def _row(result: Result) -> str:
    caught_by = result.caught_by.replace("tests/", "", 1) if result.caught_by else result.trouble or "NOBODY"
    return f"{result.bug.name:40}{result.seconds:5.0f}  {caught_by}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
