"""Python modules run as processes of their own, as an installation or a measurement needs them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from config import ROOT

STOP_WITHIN = 60.0  # seconds


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
        return self._started.pid

    @property
    def ended(self) -> bool:
        return self._started.poll() is not None

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

    def freeze(self) -> None:
        self._started.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._started.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """SIGTERM, as an init system sends it; the exit status. Raises TimeoutExpired."""
        self._started.terminate()
        return self._started.wait(STOP_WITHIN)

    def memory(self) -> int:
        """Bytes of it and what it has started, as PSS."""
        return sum(pss(pid) for pid in (self.pid, *self.children()))

    def children(self) -> list[int]:
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in listed.read_text().split()] if listed.exists() else []

    @property
    def _started(self) -> subprocess.Popen[bytes]:
        assert self._process
        return self._process


def pss(pid: int) -> int:
    """Bytes of one process; of what it shares with others its part."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
