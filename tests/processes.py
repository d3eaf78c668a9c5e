"""The funnel as an installation runs it: gunicorn, the relay and the sandbox as processes, over one database."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from conftest import Crm, eventually
from sqlalchemy import Row, Select, select

from config import load_settings
from funnel.attempt import State
from funnel.stand_in import sandbox_command
from funnel.store import Store
from funnel.tables import attempts, visits

ROOT = Path(__file__).parent.parent
CAMPAIGN = ROOT / "tests" / "funnel.toml"
START_WITHIN = 40.0  # seconds, on a machine that is busy
STOP_WITHIN = 60.0
SETTLED_WITHIN = 120.0  # leases of what was killed, quiet time, and a busy machine


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all different."""
    with ExitStack() as opened:
        probes = [opened.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


class Program:
    """A Python module run as a process, with a process group of its own; what it prints goes to a file."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._command = [sys.executable, "-m", *command]
        self._environment = environment
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("a") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL for it and every process it has started."""
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(STOP_WITHIN)
            self._process = None

    def kill_child(self, number: int) -> bool:
        """SIGKILL for one of the processes it has started; False where there is none at the moment."""
        children = self.children()
        if not children:
            return False
        with suppress(ProcessLookupError):
            os.kill(children[number % len(children)], signal.SIGKILL)
        return True

    def stop(self) -> int:
        """SIGTERM, as an init system sends it; the exit status."""
        assert self._process
        self._process.terminate()
        return self._process.wait(STOP_WITHIN)

    def memory(self) -> int:
        """Bytes of it and what it has started, as PSS."""
        assert self._process
        return sum(_pss(pid) for pid in (self._process.pid, *self.children()))

    def children(self) -> list[int]:
        assert self._process
        listed = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(pid) for pid in listed.read_text().split()] if listed.exists() else []


@dataclass(frozen=True)
class Entry:
    """One attempt as our books hold it, and whose it is. Times are seconds since the epoch."""

    email: str
    slot: str
    state: State
    order_id: str | None
    product_id: int | None
    product: str | None
    created_at: float
    sent_at: float | None
    settled_at: float | None


class Books:
    """What the database says, read from outside the funnel's processes."""

    def __init__(self, url: str) -> None:
        self._store = Store(url)

    def entries(self) -> list[Entry]:
        joined = select(attempts, visits.c.contact).join(visits, visits.c.id == attempts.c.visit_id)
        with self._store.read() as connection:
            return [
                Entry(
                    email=(row.contact or {}).get("emailAddress", ""),
                    slot=row.slot,
                    state=State(row.state),
                    order_id=row.order_id,
                    product_id=_first_line(row).get("productId"),
                    product=_first_line(row).get("name"),
                    created_at=row.created_at,
                    sent_at=row.sent_at,
                    settled_at=row.settled_at,
                )
                for row in connection.execute(joined.order_by(attempts.c.created_at))
            ]

    def states(self, email: str) -> list[State]:
        """Of a shopper's attempts, oldest first."""
        return [entry.state for entry in self.entries() if entry.email == email]

    def order_ids(self) -> dict[str, str]:
        """The orderId of each shopper, by e-mail address."""
        with self._store.read() as connection:
            rows = connection.execute(select(visits.c.contact, visits.c.order_id).where(visits.c.order_id.is_not(None)))
            return {(row.contact or {}).get("emailAddress", ""): row.order_id for row in rows}

    def rows(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        with self._store.read() as connection:
            return connection.execute(statement).all()

    def settle(self) -> None:
        """Wait until every attempt has ended; what has not by then is for the caller to find."""
        eventually(lambda: not any(entry.state.in_flight for entry in self.entries()), within=SETTLED_WITHIN)

    def close(self) -> None:
        self._store.close()


def _first_line(row: Row[Any]) -> dict[str, Any]:
    """Of the basket; nothing where it is not known."""
    lines: list[dict[str, Any]] = (row.basket or {}).get("lines") or [{}]
    return lines[0]


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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def start(self, name: str) -> None:
        """Start a program, and wait until it can be reached where it has a port."""
        program = self._programs[name]
        program.start()
        if port := self._ports.get(name):
            assert eventually(lambda: _answers(port), within=START_WITHIN), program.log.read_text()

    def kill(self, *names: str) -> None:
        """SIGKILL, and wait until nobody listens where they did: a dying worker still takes connections."""
        for name in names:
            self._programs[name].kill()
        for port in (self._ports[name] for name in names if name in self._ports):
            assert eventually(lambda: not _answers(port), within=STOP_WITHIN)  # noqa: B023

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


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
