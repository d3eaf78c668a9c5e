"""funnel.toml and the words are read again when they were saved; while they are broken, all stays as it was."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast
from wsgiref.types import WSGIApplication

from flask import Flask

from config import folders, load_settings
from funnel.check import mistaken
from funnel.development import last_good, troubles
from funnel.development.troubles import Troubles, changed_at
from funnel.mistakes import ConfigError
from funnel.settings import Settings
from funnel.slots import FOLDER

Make = Callable[[Settings], Flask]


def install(app: Flask, settings: Settings, make: Make) -> None:
    """`make` builds an application. Each process looks for itself."""
    app.wsgi_app = Reloading(app, settings, make)  # type: ignore[method-assign]


def watched(settings: Settings) -> tuple[tuple[Path, int], ...]:
    """The files that are read or judged at the start only, and when each was saved."""
    found_in = folders(settings.campaign, settings.funnel_file)
    words = [file for folder in found_in.locale for file in sorted(folder.rglob("*.po"))]
    slots = [file for folder in found_in.templates for file in sorted((folder / FOLDER).glob("*"))]
    return tuple((file, changed_at(file)) for file in (settings.funnel_file, *words, *slots))


class Reloading:
    """A WSGI application that is another one as soon as the settings are."""

    def __init__(self, app: Flask, settings: Settings, make: Make) -> None:
        self._settings, self._make = settings, make
        self._troubles, self._good = Troubles(), dict[str, str]()
        self._serving: WSGIApplication = self._prepared(app)
        self._seen, self._broken = watched(settings), False
        self._lock = threading.Lock()

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        with self._lock:
            self._look()
        return self._serving(environ, start_response)

    def _look(self) -> None:
        if (now := watched(self._settings)) == self._seen and not self._broken:
            return
        self._seen, file = now, self._settings.funnel_file
        try:
            self._settings, self._broken = load_settings(), False
        except ConfigError as error:
            self._broken = True  # and is tried again: what was missing may have been put there
            self._troubles.note(file, mistaken.lines(error.mistakes, file), told_already=True)  # by the supervisor
            return
        self._troubles.clear(file)
        self._serving, self._seen = self._prepared(self._make(self._settings)), watched(self._settings)

    def _prepared(self, app: Flask) -> WSGIApplication:
        last_good.keep(app.jinja_env, self._good, self._troubles)
        troubles.show(app, self._troubles)
        return cast(WSGIApplication, app.wsgi_app)
