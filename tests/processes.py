"""The funnel as an installation runs it: gunicorn, the relay and the sandbox as processes, over one database."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from books import Books
from campaigns import CAMPAIGN
from conftest import Crm, eventually
from programs import STOP_WITHIN, Program, answers, free_ports

from config import load_settings
from funnel.stand_in import sandbox_command

START_WITHIN = 40.0  # seconds, on a machine that is busy


class Installation:
    """All of it, as a context. Keywords are settings, as in the environment.

    In `production` it is the one for shop.example, with the sandbox as its real CRM.
    With several `hosts` each has a web server and a relay of its own, over the one database: "web2", "relay2".
    `application` is what gunicorn serves.
    """

    def __init__(
        self,
        folder: Path,
        *,
        hosts: int = 1,
        production: bool = False,
        application: str = "app:create_app()",
        **settings: str,
    ) -> None:
        sandbox_port, *ports = free_ports(1 + hosts)
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONUNBUFFERED": "1",
            "SECRET_KEY": "s" * 40,
            "DATABASE_URL": f"sqlite:///{folder}/funnel.db",
            "FUNNEL_FILE": str(CAMPAIGN),
            "PORT": str(ports[0]),
            "SANDBOX_PORT": str(sandbox_port),
            "LOG_LEVEL": "WARNING",
            **(_production(sandbox_port) if production else {}),
            **settings,
        }
        self._ports = {"sandbox": sandbox_port}
        self.urls = [f"http://127.0.0.1:{port}" for port in ports]
        self.url = self.urls[0]
        self.crm = Crm(f"http://127.0.0.1:{sandbox_port}")
        commands: dict[str, Sequence[str]] = {}
        for port, host in zip(ports, ["", *range(2, hosts + 1)], strict=True):
            self._ports[f"web{host}"] = port
            commands[f"web{host}"] = (
                *("gunicorn", "-c", "gunicorn.conf.py", "-b", f"127.0.0.1:{port}"),
                application,
            )
            commands[f"relay{host}"] = ("flask", "--app", "app", "funnel", "relay")
        commands["sandbox"] = sandbox_command(load_settings(environment, root=folder), folder)
        self._programs = {
            name: Program(command, environment, folder / f"{name}.log") for name, command in commands.items()
        }
        self.web, self.relay = self._programs["web"], self._programs["relay"]
        self.environment = environment
        self._database = environment["DATABASE_URL"]

    def __enter__(self) -> Installation:
        with ExitStack() as opened:
            for name, program in self._programs.items():
                opened.callback(program.kill)
                self.start(name)
            self.books = Books(self._database)
            opened.callback(self.books.close)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def start(self, name: str) -> None:
        """Start a program, and wait until it can be reached where it has a port."""
        program = self._programs[name]
        program.start()
        if port := self._ports.get(name):
            assert eventually(lambda: answers(port), within=START_WITHIN), program.log.read_text()

    def kill(self, *names: str) -> None:
        """SIGKILL, and wait until nobody listens where they did: a dying worker still takes connections."""
        for name in names:
            self._programs[name].kill()
        for port in (self._ports[name] for name in names if name in self._ports):
            assert eventually(lambda: not answers(port), within=STOP_WITHIN)  # noqa: B023

    def stop(self, name: str) -> None:
        """SIGTERM, and wait for the end of it."""
        self._programs[name].stop()

    def memory(self) -> int:
        """Bytes of all web servers and relays (PSS: what is shared is counted once)."""
        return sum(program.memory() for name, program in self._programs.items() if name != "sandbox")

    def printed_by(self, name: str) -> str:
        return self._programs[name].log.read_text()

    @property
    def printed(self) -> str:
        """What all programs have printed."""
        return "".join(program.log.read_text() for program in self._programs.values())


def _production(crm_port: int) -> dict[str, str]:
    return {
        "FUNNEL_ENV": "production",
        "PUBLIC_URL": "https://shop.example",
        "KONNEKTIVE_LOGIN_ID": "shop",
        "KONNEKTIVE_PASSWORD": "a-password",
        "KONNEKTIVE_API_URL": f"http://127.0.0.1:{crm_port}",
    }
