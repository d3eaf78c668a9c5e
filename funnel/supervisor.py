"""Runs the web server, the relay and, without a CRM account, the sandbox; all of them live and stop together."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config import ROOT
from funnel.development.following import Follower
from funnel.settings import Settings
from funnel.stand_in import catalogue, sandbox_command
from funnel.stop_signal import StopSignal
from funnel.watch.metrics import FOLDER as FIGURES

READY_WITHIN = 30.0  # seconds
STOP_WITHIN = 90.0  # seconds: gunicorn lets a charge come to its end first
GLANCE = 0.1
EVERYWHERE = "0.0.0.0"  # noqa: S104  # only compared with


class CannotStart(Exception):
    """In plain words, for the person who typed the command."""


@dataclass(frozen=True)
class Program:
    name: str
    command: Sequence[str]
    port: int | None = None


class Supervisor:
    """`run` returns the exit status: 0 when stopped by a signal, 1 when a program ended by itself."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._follower = Follower(settings)
        self._told: list[str] = []  # of the mistakes in what was saved
        self._folder = Path()
        self._environment = dict(os.environ)
        self._stop = StopSignal()
        self._running: list[tuple[Program, subprocess.Popen[bytes]]] = []

    def run(self) -> int:
        with tempfile.TemporaryDirectory() as folder:
            self._environment.setdefault(FIGURES, str(_made(Path(folder) / "figures")))
            self._folder = Path(folder)
            programs = self._programs(self._folder)
            for program in programs:
                _port_is_free(program, self._settings.bind)
            try:
                for program in programs:
                    self._running.append((program, self._started(program)))
                if self._ready():
                    print(self._welcome(), flush=True)
                return self._watch()
            finally:
                self._stop_all()

    def _programs(self, folder: Path) -> list[Program]:
        """In the order of their start; they are stopped in the order the web server, the relay, the sandbox."""
        settings = self._settings
        bind = f"{settings.bind}:{settings.port}"
        web = Program(
            "web",
            ("gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "-b", bind, "app:create_app()"),
            settings.port,
        )
        programs = [web, Program("relay", ("flask", "--app", "app", "funnel", "relay"))]
        if settings.sandboxed:
            programs.append(Program("sandbox", sandbox_command(settings, folder), settings.sandbox_port))
        return programs

    def _started(self, program: Program) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C reaches us alone, and we stop the others in their order.
        module, *arguments = program.command
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments], cwd=ROOT, env=self._environment, start_new_session=True
        )

    def _ready(self) -> bool:
        until = time.monotonic() + READY_WITHIN
        waiting = [program for program, _ in self._running if program.port]
        while waiting and time.monotonic() < until and not self._ended() and not self._stop.is_set():
            waiting = [program for program in waiting if not _answers(program.port or 0)]
            self._stop.wait(GLANCE)
        return not waiting

    def _watch(self) -> int:
        while not self._stop.is_set():
            if ended := self._ended():
                print(f"{ended.name} has ended, so everything stops.", file=sys.stderr, flush=True)
                return 1
            self._follow()
            self._stop.wait(GLANCE)
        return 0

    def _follow(self) -> None:
        """In development saved settings count at once. The web server looks for itself; a sandbox forgets orders."""
        match None if self._settings.production else self._follower.news():
            case Settings() as settings:
                print(f"{settings.funnel_file.name} is read again.", flush=True)
                self._told = []
                self._take_over(settings)
            case [*mistakes] if mistakes != self._told:
                print("\n".join([*mistakes, "All goes on as it last was good."]), file=sys.stderr, flush=True)
                self._told = mistakes

    def _take_over(self, settings: Settings) -> None:
        before, self._settings = catalogue(self._settings.campaign), settings
        for program in self._programs(self._folder):
            if program.name == "relay" or (program.name == "sandbox" and catalogue(settings.campaign) != before):
                self._start_again(program)

    def _start_again(self, program: Program) -> None:
        at = next(at for at, (known, _) in enumerate(self._running) if known.name == program.name)
        self._end(self._running[at][1])
        self._running[at] = (program, self._started(program))

    def _ended(self) -> Program | None:
        return next((program for program, running in self._running if running.poll() is not None), None)

    def _stop_all(self) -> None:
        for _, running in self._running:
            self._end(running)

    @staticmethod
    def _end(running: subprocess.Popen[bytes]) -> None:
        if running.poll() is None:
            running.terminate()
        try:
            running.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()

    def _welcome(self) -> str:
        settings = self._settings
        funnel = f"The funnel:   http://{_shown(settings.bind)}:{settings.port}"
        if not settings.production:
            funnel += (
                f"\nThe gallery:  http://{_shown(settings.bind)}:{settings.port}/gallery   every page in every mood"
            )
        if not settings.sandboxed:
            return f"\n{funnel}\nThe CRM:      {settings.crm_url}\n\nCtrl-C stops everything.\n"
        return (
            f"\n{funnel}\n"
            f"The sandbox:  http://127.0.0.1:{settings.sandbox_port}   what the CRM knows; makes it misbehave, too\n\n"
            "Cards to try, with any future date and code:\n"
            "  4242 4242 4242 4242  approved      0000 0000 0000 0000  approved (Konnektive's own test card)\n"
            "  4000 0000 0000 0002  declined      the sandbox's front page lists the others\n\n"
            "Ctrl-C stops everything.\n"
        )


def _port_is_free(program: Program, bind: str) -> None:
    if program.port is None:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind if program.name == "web" else "127.0.0.1", program.port))
        except OSError as error:
            setting = "PORT" if program.name == "web" else "SANDBOX_PORT"
            raise CannotStart(
                f"Port {program.port} cannot be used for the {program.name} server ({error.strerror}). "
                f"Choose another one: {setting}={program.port + 10} make run"
            ) from None


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _shown(bind: str) -> str:
    return "127.0.0.1" if bind == EVERYWHERE else bind
