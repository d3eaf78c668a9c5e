"""docs/asvs.md: every requirement that applies has its row, its tests exist; and the laws that no other test holds."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from funnel import headers
from funnel.attempt import new_key
from funnel.visits import visits

ROOT = Path(__file__).parent.parent
TABLE = (ROOT / "docs" / "asvs.md").read_text()
ROWS = dict(re.findall(r"^\| (\d+\.\d+\.\d+)★? \| .*? \| (.*) \|$", TABLE, re.MULTILINE))
CITED = re.findall(r"`(test_\w+\.py)::(test_\w+)`", TABLE)
APPLY = re.findall(
    r"\S+",
    """
1.1.1 1.1.2 1.2.1 1.2.2 1.2.3 1.2.4 1.2.9 1.3.2 1.3.3 1.3.6 1.3.7 1.3.12 1.5.2 1.5.3
2.1.1 2.1.2 2.1.3 2.2.1 2.2.2 2.2.3 2.3.1 2.3.2 2.3.3 2.3.4 2.4.1 2.4.2
3.2.1 3.2.2 3.3.1 3.3.2 3.3.3 3.3.4 3.3.5 3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6 3.4.7 3.4.8
3.5.1 3.5.3 3.5.4 3.5.5 3.5.8 3.6.1 3.7.2
4.1.1 4.1.2 4.1.3 4.1.4 4.2.1 4.2.5
7.1.1 7.2.1 7.2.2 7.2.3 7.3.1 7.3.2 7.4.1 8.1.1 8.2.2 8.2.3 8.3.1 9.1.1 9.1.2 9.2.1 9.2.2
11.1.1 11.2.1 11.3.2 11.3.3 11.4.1 11.5.1 12.1.1 12.1.2 12.2.1 12.2.2 12.3.1 12.3.2
13.1.1 13.1.2 13.1.3 13.2.2 13.2.4 13.2.5 13.2.6 13.3.1 13.3.2 13.3.4 13.4.1 13.4.2 13.4.3 13.4.4 13.4.5 13.4.6
14.1.1 14.1.2 14.2.1 14.2.2 14.2.3 14.2.4 14.2.6 14.2.7 14.3.2 14.3.3
15.1.1 15.1.2 15.1.3 15.2.1 15.2.2 15.2.3 15.3.1 15.3.2 15.3.3 15.3.4 15.3.5 15.3.7 15.4.1 15.4.2 15.4.3 15.4.4
16.1.1 16.2.1 16.2.2 16.2.3 16.2.4 16.2.5 16.3.3 16.3.4 16.4.1 16.5.1 16.5.2 16.5.3 16.5.4
""",
)
# Ruff's, by what they keep out: eval and exec, pickle and its like, weak hashes, SQL and shells made of text, no TLS.
DANGEROUS = {"S102", "S307", "S301", "S302", "S324", "S608", "S602", "S605", "S501", "S506", "S701"}
MAKES_CODE = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setTimeout\(\s*[\"'`]"
LISTENS_OR_KEEPS = r"postMessage|[\"']message[\"']|localStorage|sessionStorage|indexedDB|document\.cookie"


@cache
def named_in(file: str) -> set[str]:
    path = ROOT / "tests" / file
    tree = ast.parse(path.read_text()) if path.exists() else ast.Module([], [])
    return {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}


def test_every_requirement_that_applies_has_its_row() -> None:
    assert sorted(ROWS) == sorted(APPLY)
    assert len(re.findall(r"^\| \d", TABLE, re.MULTILINE)) == len(APPLY), "none stands there twice"


def test_every_row_says_what_shows_it() -> None:
    for number, shown in ROWS.items():
        assert re.search(r"`test_|\boperator\b|\bwritten\b|\bread\b|\*\*no\*\*", shown), number


@pytest.mark.parametrize("file", sorted({file for file, _ in CITED}))
def test_each_test_that_is_named_exists(file: str) -> None:
    assert {name for where, name in CITED if where == file} <= named_in(file)


def sources(*endings: str) -> list[Path]:
    folders = (ROOT / "funnel", ROOT / "templates", ROOT / "static")
    return [file for folder in folders for file in folder.rglob("*") if file.suffix in endings]


def test_rules_against_dangerous_calls_are_on_and_not_silenced() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert "S" in rules["select"]
    assert not DANGEROUS & set(rules["ignore"])
    assert [pattern for pattern in rules["per-file-ignores"] if not pattern.startswith("tests/")] == []
    for file in [*sources(".py"), ROOT / "app.py", ROOT / "config.py"]:
        assert not DANGEROUS & set(re.findall(r"S\d{3}", "".join(re.findall("noqa.*", file.read_text())))), file


def test_scripts_use_nothing_that_makes_code_of_text() -> None:
    ours = [file for file in sources(".js", ".html") if "sandbox" not in file.parts]
    assert ours
    for file in ours:
        assert re.search(f"{MAKES_CODE}|{LISTENS_OR_KEEPS}", file.read_text()) is None, file


def test_no_template_is_made_of_text() -> None:
    served = [file for file in sources(".py") if not {"check", "development"} & set(file.parts)]
    for file in served:
        assert re.search(r"render_template_string|from_string\(|\bTemplate\(", file.read_text()) is None, file


def test_what_nobody_may_guess_has_128_random_bits() -> None:
    assert min(visits.ID_BYTES, headers.NONCE_BYTES) * 8 >= 128
    drawn = "".join(new_key() for _ in range(100))
    assert len(set(drawn)) == 16  # so four bits a letter
    assert len(drawn) * 4 >= 128 * 100
    assert drawn.isalpha(), "a run of digits would be taken for a card in the log"
    for file in sources(".py"):
        assert re.search(r"^(import|from) uuid", file.read_text(), re.MULTILINE) is None, file


def test_the_image_takes_only_what_is_listed() -> None:
    first, *listed = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert first == "*"
    assert all(line.startswith(("!", "**/")) for line in listed)
    assert not {"!.git", "!.env", "!tests", "!instance"} & set(listed)


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_pinned_with_a_hash(lock: str) -> None:
    pinned = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())
    assert pinned
    for package in pinned:
        assert re.match(r"[\w.\[\]-]+==\S+", package), package.splitlines()[0]
        assert "--hash=sha256:" in package, package.splitlines()[0]
