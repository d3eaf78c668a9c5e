"""funnel.toml and the words are read again when they were saved; while they are broken, all stays as it was."""

import threading
from collections.abc import Callable, Iterable
from typing import Any, cast
from wsgiref.types import WSGIApplication

from flask import Flask

from funnel.development import last_good, troubles
from funnel.development.following import Follower
from funnel.development.troubles import Troubles
from funnel.settings import Settings

Make = Callable[[Settings], Flask]


def install(app: Flask, settings: Settings, make: Make) -> None:
    """`make` builds an application. Each process looks for itself."""
    app.wsgi_app = Reloading(app, settings, make)  # type: ignore[method-assign]


class Reloading:
    """A WSGI application that is another one as soon as the settings are."""

    def __init__(self, app: Flask, settings: Settings, make: Make) -> None:
        self._file, self._follower, self._make = settings.funnel_file, Follower(settings), make
        self._troubles, self._good = Troubles(), dict[str, str]()
        self._serving: WSGIApplication = self._prepared(app)
        self._lock = threading.Lock()

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        with self._lock:
            self._look()
        return self._serving(environ, start_response)

    def _look(self) -> None:
        match self._follower.news():
            case Settings() as settings:
                self._troubles.clear(self._file)
                self._serving = self._prepared(self._make(settings))
            case [*mistakes]:
                self._troubles.note(self._file, mistakes, told_already=True)  # by the supervisor

    def _prepared(self, app: Flask) -> WSGIApplication:
        last_good.keep(app.jinja_env, self._good, self._troubles)
        troubles.show(app, self._troubles)
        return cast(WSGIApplication, app.wsgi_app)
