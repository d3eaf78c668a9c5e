"""Where templates, static files and words are found: in the merchant's own folder first, then in the shipped one."""

from dataclasses import dataclass
from pathlib import Path

from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, PrefixLoader

SHIPPED = "shipped"  # the prefix that reaches a shipped template past the own one of the same name


@dataclass(frozen=True)
class Folders:
    """`own` is the [theme] folder, if there is one; `shipped` the folder of the application."""

    shipped: Path
    own: Path | None = None

    @property
    def static(self) -> tuple[Path, ...]:
        return self._named("static")

    @property
    def locale(self) -> tuple[Path, ...]:
        return self._named("locale")

    @property
    def templates(self) -> tuple[Path, ...]:
        return self._named("templates")

    def loader(self) -> BaseLoader:
        """An own template extends "shipped/pages/presell.html" to change a block of it."""
        shipped = FileSystemLoader(self.shipped / "templates")
        return ChoiceLoader([FileSystemLoader(self.templates), PrefixLoader({SHIPPED: shipped})])

    def find(self, path: str) -> Path | None:
        """A static file; None also for a path that leads out of the folders."""
        for folder in self.static:
            file = (folder / path).resolve()
            if file.is_file() and folder.resolve() in file.parents:
                return file
        return None

    def _named(self, name: str) -> tuple[Path, ...]:
        return tuple(folder / name for folder in (self.own, self.shipped) if folder)
