"""The recipes of docs/marketers.md, and how a person follows them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "marketers.md").read_text()
SHIPPED = (ROOT / "funnel.toml").read_text()
TABLES = [block.split("\n", 1) for block in re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)]
FILES = re.findall(r"```(?:html|po|css|svg)\n(.*?(theme/[\w./-]+).*?\n.*?)```", TEXT, re.DOTALL)


def follow(folder: Path) -> Path:
    """All recipes, one after the other, in a folder of their own; the funnel.toml that comes out."""
    for text, name in FILES:
        (file := folder / name).parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    table = SHIPPED
    for where, lines in TABLES:
        table = _applied(table, where, lines)
    (folder / "funnel.toml").write_text(table)
    return folder / "funnel.toml"


def _applied(text: str, where: str, lines: str) -> str:
    """A key's line is changed where the guide says, or added there; tables go to the end."""
    if where == "# at the end":
        return f"{text}\n{lines}"
    key, table = lines.partition(" = ")[0], where.removeprefix("# in ")
    start = re.search(rf"^{re.escape(table)}\n", text, re.MULTILINE).end() if table.startswith("[") else 0  # type: ignore[union-attr]
    end = start + len(re.split(r"^\[", text[start:], maxsplit=1, flags=re.MULTILINE)[0])
    inside, count = re.subn(rf"^{key} = .*\n", lambda _: lines, text[start:end], count=1, flags=re.MULTILINE)
    return text[:start] + (inside if count else lines + inside) + text[end:]
