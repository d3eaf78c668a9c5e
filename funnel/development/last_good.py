"""Templates that stay as they last were good, while the saved ones are broken."""

import traceback
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    DictLoader,
    Environment,
    Template,
    TemplateNotFound,
    TemplateSyntaxError,
    meta,
)

from funnel.check.subject import shown
from funnel.development.troubles import Troubles


def keep(environment: Environment, good: dict[str, str], troubles: Troubles) -> None:
    """`good` holds the texts to fall back on, by name: those of the start, then those of each page that was drawn."""
    saved = environment.loader
    if saved is None:
        return
    for name in environment.list_templates(extensions=["html"]):
        good.setdefault(name, saved.get_source(environment, name)[0])
    fallback = environment.overlay(loader=ChoiceLoader([DictLoader(good), saved]))
    environment.loader = _Loader(saved, fallback, troubles)
    environment.template_class = _kept(fallback, good, troubles)


class _Loader(BaseLoader):
    """Loads what was good instead of what Jinja cannot read."""

    def __init__(self, saved: BaseLoader, fallback: Environment, troubles: Troubles) -> None:
        self._saved, self._fallback, self._troubles = saved, fallback, troubles

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        return self._saved.get_source(environment, template)

    def load(self, environment: Environment, name: str, globals: MutableMapping[str, Any] | None = None) -> Template:
        try:
            return self._followed(environment, name, self._saved.load(environment, name, globals))
        except TemplateSyntaxError as error:
            if not error.filename:
                raise
            _note(self._troubles, error.filename, error.lineno, error.message or "")
            template = self._fallback.get_template(name, globals=globals)
            template._uptodate = lambda: False  # the saved one is tried again for the next page
            return template

    def _followed(self, environment: Environment, name: str, template: Template) -> Template:
        """Jinja sees when a template was saved, but not that another one of its name now comes before it."""
        unchanged, file = template._uptodate, template.filename
        template._uptodate = lambda: bool(unchanged and unchanged()) and self._file(environment, name) == file
        return template

    def _file(self, environment: Environment, name: str) -> str | None:
        return self._saved.get_source(environment, name)[1]


def _kept(fallback: Environment, good: dict[str, str], troubles: Troubles) -> type[Template]:
    class KeptTemplate(Template):
        def render(self, *args: Any, **kwargs: Any) -> str:
            try:
                drawn = super().render(*args, **kwargs)
            except Exception as error:
                _note_failure(troubles, error)
                if self.name not in good:
                    raise
                return fallback.get_template(self.name).render(*args, **kwargs)
            if not troubles.now():
                good.update(_sources(self.environment, self.name or ""))
            return drawn

    return KeptTemplate


def _note_failure(troubles: Troubles, error: Exception) -> None:
    """Where in a template a page could not be drawn: the last template among the frames."""
    frames = traceback.extract_tb(error.__traceback__)
    place = next((frame for frame in reversed(frames) if frame.filename.endswith(".html")), None)
    if place:
        missing = isinstance(error, TemplateNotFound)
        _note(troubles, place.filename, place.lineno, f"there is no template {error}" if missing else str(error))


def _note(troubles: Troubles, file: str, line: int | None, words: str) -> None:
    troubles.note(Path(file), [f"{shown(Path(file))}:{line}: {words}"])


def _sources(environment: Environment, name: str) -> dict[str, str]:
    """The text of a template and of all that it names."""
    found: dict[str, str] = {}
    wanted = [name]
    while wanted:
        name = wanted.pop()
        if name in found or environment.loader is None:
            continue
        try:
            found[name] = environment.loader.get_source(environment, name)[0]
        except TemplateNotFound:
            continue
        wanted += [each for each in meta.find_referenced_templates(environment.parse(found[name])) if each]
    return found
