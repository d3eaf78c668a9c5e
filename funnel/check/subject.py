"""What is checked: funnel.toml with its lines, the templates by name, and what pages are drawn with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from flask import Flask
from jinja2 import Environment, TemplateSyntaxError, nodes
from werkzeug.routing import Map

from funnel.check.finding import Finding, finding
from funnel.check.markup import Element, elements_of
from funnel.check.toml_lines import line_of_mistake
from funnel.folders import SHIPPED, Folders
from funnel.settings import Settings


@dataclass(frozen=True)
class Template:
    """A file of templates/. `name` as other templates say it, `file` as a person opens it, `path` in full.

    `own` is one of the marketer's folder; `tree` is None, and `broken` says why, where Jinja cannot read it.
    """

    name: str
    file: str
    text: str
    own: bool
    tree: nodes.Template | None
    broken: TemplateSyntaxError | None = None
    path: str = ""

    @property
    def takes_cards(self) -> bool:
        return self.name == "pages/checkout.html"

    @cached_property
    def nodes(self) -> tuple[nodes.Node, ...]:
        """All of the tree; every rule looks through them, and to walk the tree takes long."""
        return tuple(self.tree.find_all(nodes.Node)) if self.tree else ()

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        return elements_of(self.text)

    def at(self, rule: str, line: int | None, message: str) -> Finding:
        return finding(rule, self.file, line, message)


@dataclass(frozen=True)
class Subject:
    """All that the rules look at; what is read of it is read once."""

    settings: Settings
    folders: Folders
    env: Environment
    routes: Map

    @classmethod
    def of(cls, app: Flask, settings: Settings, folders: Folders) -> "Subject":
        return cls(settings, folders, app.jinja_env, app.url_map)

    @cached_property
    def toml(self) -> str:
        return self.settings.funnel_file.read_text(encoding="utf-8-sig")

    @cached_property
    def templates(self) -> tuple[Template, ...]:
        """The own ones first, as they are found."""
        own = self.folders.own
        found = [(folder, file) for folder in self.folders.templates for file in sorted(folder.rglob("*.html"))]
        return tuple(
            _read(self.env, file, file.relative_to(folder).as_posix(), own is not None and own in file.parents)
            for folder, file in found
        )

    def named(self, name: str) -> Template | None:
        """As {% extends %} finds it."""
        shipped = name.startswith(f"{SHIPPED}/")
        bare = name.removeprefix(f"{SHIPPED}/")
        return next((each for each in self.templates if each.name == bare and not (shipped and each.own)), None)

    def at(self, rule: str, key: str, message: str) -> Finding:
        """At the line of a key in funnel.toml."""
        return finding(rule, shown(self.settings.funnel_file), line_of_mistake(self.toml, key), message)

    def ancestors(self, template: Template) -> Iterator[Template]:
        """What it extends, and what that extends; without end only where templates extend each other."""
        seen = {template.file}
        while (parent := self._parent(template)) and parent.file not in seen:
            seen.add(parent.file)
            yield parent
            template = parent

    def _parent(self, template: Template) -> Template | None:
        found = template.tree.find(nodes.Extends) if template.tree else None
        name = found.template.value if found and isinstance(found.template, nodes.Const) else None
        return self.named(name) if name else None


# Rules of one template, and of all there is.
Rule = Callable[[Subject, Template], Iterator[Finding]]
RuleOfAll = Callable[[Subject], Iterator[Finding]]


def shown(file: Path) -> str:
    """Shorter from where the person is."""
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)


def _read(env: Environment, file: Path, name: str, own: bool) -> Template:
    text = file.read_text(encoding="utf-8")
    try:
        return Template(name, shown(file), text, own, env.parse(text, name, str(file)), path=str(file))
    except TemplateSyntaxError as error:
        return Template(name, shown(file), text, own, None, error, str(file))
