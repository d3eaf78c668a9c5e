"""What the tests stand on: a sandbox CRM and a funnel, both served over HTTP, and shoppers who use them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests
from campaigns import CAMPAIGN
from flask import Flask
from shopper import Shopper
from werkzeug.serving import make_server

from app import create_app
from config import load_settings
from funnel.furnishing import furnish
from funnel.rooms import Rooms
from funnel.sandbox.__main__ import QuietHandler
from funnel.sandbox.app import create_sandbox
from funnel.sandbox.catalogue import Catalogue
from funnel.sandbox.catalogue_file import as_catalogue
from funnel.settings import Settings
from funnel.stand_in import catalogue

pytest_plugins = ["machine", "browser", "postgres", "stores"]

PATIENCE = 10.0  # seconds for something that happens soon
GLANCE = 0.02
Value = TypeVar("Value")
LOGIN = {"KONNEKTIVE_LOGIN_ID": "tester", "KONNEKTIVE_PASSWORD": "a-password"}


def eventually(look: Callable[[], Value], *, within: float = PATIENCE) -> Value:
    """What `look` sees as soon as it is true of something; the last look when it never is."""
    until = time.monotonic() + within
    while not (seen := look()) and time.monotonic() < until:
        time.sleep(GLANCE)
    return seen


@contextmanager
def served(application: Any, port: int = 0) -> Iterator[str]:
    """A WSGI application on a free port of this machine; its address."""
    server = make_server("127.0.0.1", port, application, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, args=(GLANCE,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def stock_of(campaign_file: Path, root: Path) -> Catalogue:
    """What a CRM sells that knows all that the campaign offers."""
    campaign = load_settings({"FUNNEL_FILE": str(campaign_file)}, root=root).campaign
    return as_catalogue(catalogue(campaign))


def sandbox_selling(stock: Catalogue) -> Flask:
    """A sandbox whose API user is LOGIN."""
    login_id, password = LOGIN["KONNEKTIVE_LOGIN_ID"], LOGIN["KONNEKTIVE_PASSWORD"]
    return create_sandbox(login_id=login_id, password=password, catalogue=stock)


@dataclass(frozen=True)
class Crm:
    """The sandbox, as a test asks it and sets it."""

    url: str

    def calls(self, path: str | None = None) -> list[dict[str, Any]]:
        """What it received, oldest first."""
        calls: list[dict[str, Any]] = requests.get(f"{self.url}/_sandbox/calls", timeout=PATIENCE).json()
        return [call for call in calls if path in (None, call["path"])]

    def wait_for(self, path: str, count: int = 1) -> list[dict[str, Any]]:
        """At least so many calls of a path."""
        calls = eventually(lambda: found if len(found := self.calls(path)) >= count else None)
        assert calls, f"{count} calls of {path}, but there are {self.calls(path)}"
        return calls

    def page_types(self) -> list[str]:
        return [call["params"]["pageType"] for call in self.calls("/landers/clicks/import/")]

    def charges(self) -> dict[str, Any]:
        charges: dict[str, Any] = requests.get(f"{self.url}/_sandbox/charges", timeout=PATIENCE).json()
        return charges

    def fault(self, path: str, kind: str, *, times: int = 1, seconds: float = 0) -> None:
        body = {"path": path, "kind": kind, "times": times, "seconds": seconds}
        requests.post(f"{self.url}/_sandbox/faults", json=body, timeout=PATIENCE).raise_for_status()

    def heal(self) -> None:
        requests.delete(f"{self.url}/_sandbox/faults", timeout=PATIENCE).raise_for_status()

    def switch(self, **choices: Any) -> None:
        requests.post(f"{self.url}/_sandbox/switches", json=choices, timeout=PATIENCE).raise_for_status()


@dataclass(frozen=True)
class Funnel:
    """A funnel that is served, with its relay at work."""

    url: str
    rooms: Rooms
    settings: Settings


@pytest.fixture
def campaign_file() -> Path:
    return CAMPAIGN


@pytest.fixture
def sandbox(campaign_file: Path, tmp_path: Path) -> Flask:
    return sandbox_selling(stock_of(campaign_file, tmp_path))


@pytest.fixture
def crm(sandbox: Flask) -> Iterator[Crm]:
    with served(sandbox) as url:
        crm = Crm(url)
        crm.switch(
            complete_order_import="charge-again"
        )  # the worst CRM: nobody but us keeps an order from a second charge
        yield crm


OpenFunnel = Callable[..., Funnel]


@pytest.fixture
def open_funnel(crm: Crm, campaign_file: Path, tmp_path: Path) -> Iterator[OpenFunnel]:
    """Opens a funnel before the sandbox. Keywords are settings, as in the environment."""
    with ExitStack() as opened:

        def open_one(*, relay: bool = True, **environment: str) -> Funnel:
            settings = load_settings(
                {
                    **LOGIN,
                    "KONNEKTIVE_API_URL": crm.url,
                    "FUNNEL_FILE": str(campaign_file),
                    "FUNNEL_ALLOW_TEST_CARD": "1",
                    **environment,
                },
                root=tmp_path,
            )
            if relay:
                opened.enter_context(_relay_at_work(settings))
            app = create_app(settings)
            rooms: Rooms = app.extensions["funnel"]
            opened.callback(rooms.store.close)
            opened.callback(rooms.charging.drain)
            return Funnel(opened.enter_context(served(app)), rooms, settings)

        yield open_one


@contextmanager
def _relay_at_work(settings: Settings) -> Iterator[None]:
    rooms, stop = furnish(settings), threading.Event()
    thread = threading.Thread(target=rooms.relay.run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        rooms.store.close()


@pytest.fixture
def funnel(open_funnel: OpenFunnel) -> Funnel:
    return open_funnel()


@pytest.fixture
def shopper(funnel: Funnel) -> Iterator[Shopper]:
    with Shopper(funnel.url) as shopper:
        yield shopper
