"""What is broken at the moment, in words with file and line: in the terminal, and as a bar at the top of each page."""

import logging
import re
from pathlib import Path

from flask import Flask, Response
from markupsafe import escape

log = logging.getLogger("funnel.development")

BODY = re.compile(r"<body[^>]*>")
KEPT = "The last version that was good is shown."


class Troubles:
    """Each under the file that has it, until that is well again. One process has one."""

    def __init__(self) -> None:
        self._lines: dict[Path, tuple[int, list[str]]] = {}

    def note(self, file: Path, lines: list[str], *, told_already: bool = False) -> None:
        if not told_already and self._lines.get(file, (0, []))[1] != lines:
            log.error("%s", "\n".join(lines))
        self._lines[file] = (changed_at(file), lines)

    def clear(self, file: Path) -> None:
        self._lines.pop(file, None)

    def now(self) -> list[str]:
        """A file that was saved since is given the benefit of the doubt."""
        known = list(self._lines.items())
        return [line for file, (seen, lines) in known if changed_at(file) == seen for line in lines]


def changed_at(file: Path) -> int:
    """Nanoseconds since 1970; 0 for a file that is not there."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def show(app: Flask, troubles: Troubles) -> None:
    """The bar has the look of the kit's notice, for a page lets in no style of ours."""

    def with_bar(response: Response) -> Response:
        lines = troubles.now()
        if lines and response.mimetype == "text/html" and not response.is_streamed:
            bar = f'<p class="notice bad breaks" role="status">{"<br>".join(map(escape, lines))}<br>{KEPT}</p>'
            response.set_data(BODY.sub(lambda found: found[0] + bar, response.get_data(as_text=True), count=1))
        return response

    app.after_request(with_bar)
