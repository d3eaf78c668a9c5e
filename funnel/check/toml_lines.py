"""Where a key stands in a TOML file, so that a mistake can be shown at its line."""

import re
from collections import Counter

HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
KEY = re.compile(r"""^\s*([A-Za-z0-9_."'-]+)\s*=""")
AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")
NAMED = re.compile(r"^[\w.-]+")


def line_of_mistake(text: str, mistake: str) -> int | None:
    """The line that a mistake speaks of, which begins with its key, like "offers.lamp.price: found …"."""
    if told := AT_LINE.search(mistake):
        return int(told[1])
    named = NAMED.match(mistake)
    return line_of(text, named[0]) if named else None


def line_of(text: str, key: str) -> int | None:
    """The line of a dotted key; of what it stands in where it has no line of its own, such as one that is missing."""
    lines = _lines(text)
    parts = key.split(".")
    found = (lines.get(".".join(parts[:length])) for length in range(len(parts), 0, -1))
    return next((line for line in found if line), None)


def _lines(text: str) -> dict[str, int]:
    """Of every key its first line. Tables in a list are counted from 0: legal.0.url."""
    lines: dict[str, int] = {}
    seen: Counter[str] = Counter()
    table, open_brackets, quoted = "", 0, False
    for number, line in enumerate(text.splitlines(), 1):
        if quoted or open_brackets > 0:
            pass
        elif header := HEADER.match(line):
            table = _bare(header[2])
            lines.setdefault(table, number)
            if header[1] == "[[":
                table = f"{table}.{seen[table]}"
                seen[table.rpartition(".")[0]] += 1
                lines.setdefault(table, number)
        elif key := KEY.match(line):
            lines.setdefault(f"{table}.{_bare(key[1])}".removeprefix("."), number)
        quoted ^= (line.count('"""') + line.count("'''")) % 2 == 1
        open_brackets = 0 if quoted or HEADER.match(line) else max(open_brackets + _opened(line), 0)
    return lines


def _bare(key: str) -> str:
    return re.sub(r"""["'\s]""", "", key)


def _opened(line: str) -> int:
    code = re.sub(r"""#.*|"[^"]*"|'[^']*'""", "", line)
    return code.count("[") + code.count("{") - code.count("]") - code.count("}")
