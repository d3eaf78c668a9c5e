"""The stage: an application whose ledger is the scene's own, and whose store and CRM are nowhere."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from flask import Flask, Response, g

from funnel.attempt import Attempt
from funnel.charges.attempts import Attempts
from funnel.charges.refusals import Refusals
from funnel.outbox.breaker import Breaker
from funnel.rooms import Rooms
from funnel.scenes.catalogue import scenes
from funnel.scenes.compiled import Compiled
from funnel.scenes.scene import Scene
from funnel.settings import Settings
from funnel.whereabouts import Whereabouts

NOWHERE = "sqlite:////nowhere/scenes.db"  # whoever asks this store after all is told that it is away
NO_SHOPPER = {"Purpose": "preview"}  # so that nothing is counted, and no notice is taken away


class Stage:
    """`furnish` wires rooms, `build` makes the application around them; both are app.py's."""

    def __init__(
        self, settings: Settings, furnish: Callable[..., Rooms], build: Callable[[Settings, Rooms], Flask]
    ) -> None:
        self._settings = settings.model_copy(update={"database_url": NOWHERE})
        self._furnish, self._build = furnish, build
        self._applications: dict[str, Flask] = {}
        self._compiled = Compiled()

    def scenes(self) -> tuple[Scene, ...]:
        """All of them, as of now: some tell how long something has taken."""
        return scenes(self._settings.campaign)

    def draw(self, scene: Scene) -> Response:
        """The page with the headers that a shopper's browser would get, but for the cookie."""
        app = self._application(scene)
        method, data = ("POST", dict(scene.typed)) if scene.typed else ("GET", None)
        with app.test_request_context(scene.path, method=method, data=data, headers=NO_SHOPPER):
            g.scene, g.visit, g.fresh = scene, scene.visit, not scene.visit.stored
            response = scene.draw()
            g.pop("visit")  # no cookie is to be remembered
            response = app.process_response(response)
            response.headers.pop("Set-Cookie", None)
            return response

    def _application(self, scene: Scene) -> Flask:
        key = scene.campaign.model_dump_json()
        if key not in self._applications:
            settings = self._settings.model_copy(update={"campaign": scene.campaign})
            self._applications[key] = app = self._build(settings, self._unreal(settings))
            app.jinja_env.bytecode_cache = self._compiled
        return self._applications[key]

    def _unreal(self, settings: Settings) -> Rooms:
        rooms, ledger = self._furnish(settings, prepare=False), _Ledger()
        whereabouts = Whereabouts(
            store=rooms.store,
            attempts=ledger,
            refusals=_Refusals(),
            campaign=settings.campaign,
            upsell_window=settings.timing.upsell_window,
        )
        return replace(rooms, attempts=ledger, breaker=_Unbroken(), whereabouts=whereabouts)


class _Ledger(Attempts):
    """What the scene that is being drawn says was charged."""

    def __init__(self) -> None:
        pass

    def of_visit(self, visit_id: str) -> list[Attempt]:
        return list(_scene().attempts)


class _Refusals(Refusals):
    """What the scene that is being drawn says was refused."""

    def __init__(self) -> None:
        pass

    def of_visit(self, visit_id: str) -> frozenset[str]:
        return _scene().refused


class _Unbroken(Breaker):
    def __init__(self) -> None:
        pass

    def is_open(self) -> bool:
        return False


def _scene() -> Scene:
    return cast(Scene, g.scene)
