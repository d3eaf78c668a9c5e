"""Everything that is measured, as processes of its own: the sandbox CRM, the funnel, its relay and its peers."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import requests
from programs import Program, free_ports
from sqlalchemy import delete, func, select

from config import ROOT, load_settings
from funnel.stand_in import sandbox_command
from funnel.store.store import Store
from funnel.store.tables import breaker, outbox, visits

HERE = Path(__file__).parent
START_WITHIN = 60.0  # seconds
GLANCE = 0.02
OWED_DEADLINE = 3.0  # seconds the relay waits for the CRM; so that a CRM that hung is over it soon


@dataclass(frozen=True)
class Weather:
    """How the CRM is today."""

    name: str
    fault: str | None = None
    seconds: float = 0.0


CALM = Weather("0 ms")
SLOW = Weather("300 ms", "latency", 0.3)
SLOWER = Weather("2 s", "latency", 2.0)
AWAY = Weather("refuses", "refuse")
HANGING = Weather("hangs", "hang")


APPS = {
    "funnel": "app:create_app()",
    "plain": "peers:plain()",
    "session": "peers:with_session()",
    "naive": "peers:naive()",
}


class Stage:
    """A context. Servers are called by name, as in APPS."""

    def __init__(self, folder: Path, database: str | None) -> None:
        self._folder = folder
        self._ports = dict(zip([*APPS, "sandbox"], free_ports(len(APPS) + 1), strict=True))
        self._crm = f"http://127.0.0.1:{self._ports['sandbox']}"
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT}:{HERE}",
            "FUNNEL_ENV": "production",
            "FUNNEL_FILE": str(ROOT / "funnel.toml"),
            "FUNNEL_OWED_DEADLINE": f"{OWED_DEADLINE:g}",
            "SECRET_KEY": "s" * 40,
            "DATABASE_URL": database or f"sqlite:///{folder}/bench.db",
            "KONNEKTIVE_API_URL": self._crm,
            "KONNEKTIVE_LOGIN_ID": "bench",
            "KONNEKTIVE_PASSWORD": "a-password",
            "PUBLIC_URL": "https://shop.example",
            "PORT": str(self._ports["funnel"]),
            "SANDBOX_PORT": str(self._ports["sandbox"]),
            "LOG_LEVEL": "WARNING",
        }
        self._opened = ExitStack()
        self.running: dict[str, Program] = {}
        self.store = Store(self._environment["DATABASE_URL"])

    def __enter__(self) -> Stage:
        with ExitStack() as opened:
            opened.callback(self.store.close)
            opened.callback(self._stop_all)
            self.store.prepare()
            settings = load_settings(self._environment)
            self.start("sandbox", *sandbox_command(settings, self._folder))
            for name in APPS:
                self.serve(name)
            self.send()
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def url(self, name: str, path: str = "/") -> str:
        return f"http://127.0.0.1:{self._ports[name]}{path}"

    def serve(self, name: str) -> float:
        """Start a web server; seconds until it has answered."""
        began = time.monotonic()
        bind = f"127.0.0.1:{self._ports[name]}"
        self.start(name, "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "-b", bind, APPS[name])
        while True:
            try:
                requests.get(self.url(name, "/healthz"), timeout=START_WITHIN)
            except requests.ConnectionError:
                self._still_starting(name, began)
            else:
                return time.monotonic() - began

    def send(self, senders: int | None = None) -> None:
        """Start the relay: the funnel's own, or one with another number of calls at a time."""
        if senders is None:
            self.start("relay", "flask", "--app", "app", "funnel", "relay")
        else:
            self.start("relay", "sender", str(senders))

    def start(self, name: str, *command: str) -> None:
        self.running[name] = Program(command, self._environment, self._log(name))
        self.running[name].start()

    def stop(self, name: str) -> None:
        program = self.running.pop(name)
        program.thaw()
        try:
            program.stop()
        except subprocess.TimeoutExpired:
            program.kill()

    def weather(self, weather: Weather) -> None:
        """The CRM behaves so from now on; nothing is owed, nobody has come yet."""
        requests.delete(f"{self._crm}/_sandbox/faults", timeout=START_WITHIN).raise_for_status()
        self.clear()
        if weather.fault:
            fault = {"path": "*", "kind": weather.fault, "times": 0, "seconds": weather.seconds}
            requests.post(f"{self._crm}/_sandbox/faults", json=fault, timeout=START_WITHIN).raise_for_status()

    def clear(self) -> None:
        """What is not under way is forgotten, and what is under way comes to its end."""
        until = time.monotonic() + 3 * OWED_DEADLINE
        while time.monotonic() < until:
            with self.store.write() as connection:
                free = (outbox.c.state != "OWED") | (outbox.c.lease_until < self.store.clock())
                connection.execute(delete(outbox).where(free))
                if not connection.execute(select(func.count()).select_from(outbox)).scalar():
                    connection.execute(delete(visits))
                    connection.execute(delete(breaker))  # else the relay would go on resting after an outage
                    return
            time.sleep(GLANCE)

    def backlog(self) -> int:
        with self.store.read() as connection:
            owed = select(func.count()).select_from(outbox).where(outbox.c.state == "OWED")
            return int(connection.execute(owed).scalar() or 0)

    def trouble(self) -> str:
        """What keeps the relay from delivering."""
        with self.store.read() as connection:
            kinds = (outbox.c.state, outbox.c.last_error)
            reasons = connection.execute(select(*kinds, func.count()).group_by(*kinds))
            return f"{reasons.all()}\n{self._log('relay').read_text()}"

    def cookie(self, name: str, *paths: str) -> str:
        """Of somebody who has seen these pages."""
        kept: dict[str, str] = {}
        for path in paths:
            sent = "; ".join(f"{key}={value}" for key, value in kept.items())
            response = requests.get(
                self.url(name, path), headers={"Cookie": sent} if sent else {}, timeout=START_WITHIN
            )
            kept |= {cookie.name: cookie.value or "" for cookie in response.cookies}
        return "; ".join(f"{key}={value}" for key, value in kept.items())

    def _still_starting(self, name: str, began: float) -> None:
        if self.running[name].ended or time.monotonic() - began > START_WITHIN:
            raise SystemExit(f"{name} did not start:\n{self._log(name).read_text()}")
        time.sleep(GLANCE)

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _stop_all(self) -> None:
        for name in list(self.running):
            self.stop(name)
