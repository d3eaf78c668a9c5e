"""`flask funnel up`, as a person types it: everything starts, says where to look, and stops together."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import eventually
from shopper import Shopper
from sqlalchemy import text

from funnel.store.store import Store

ROOT = Path(__file__).parent.parent
START_WITHIN = 40.0  # seconds, on a machine that is busy
STOP_WITHIN = 60.0
COMMAND = [sys.executable, "-m", "flask", "--app", "app", "funnel"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def environment(tmp_path: Path, **settings: str) -> dict[str, str]:
    """Nothing of this machine's own settings: only a PATH, and what the test says."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONUNBUFFERED": "1",
        "SECRET_KEY": "s" * 40,
        "DATABASE_URL": f"sqlite:///{tmp_path}/funnel.db",
        **settings,
    }


class Running:
    """A `flask funnel …` of its own, and what it has printed."""

    def __init__(self, command: str, log: Path, settings: dict[str, str]) -> None:
        self._log = log
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [*COMMAND, command], cwd=ROOT, env=settings, stdout=output, stderr=subprocess.STDOUT
            )

    @property
    def printed(self) -> str:
        return self._log.read_text()

    def stop(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(STOP_WITHIN)


Run = Callable[..., Running]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with ExitStack() as opened:

        def start(command: str = "up", **settings: str) -> Running:
            running = Running(command, tmp_path / f"{command}.log", environment(tmp_path, **settings))
            opened.callback(_end, running.process)
            return running

        yield start


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        process.wait(STOP_WITHIN)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_one_command_serves_the_funnel_its_relay_and_the_sandbox(run: Run, how: signal.Signals) -> None:
    port, sandbox_port = free_port(), free_port()
    running = run(PORT=str(port), SANDBOX_PORT=str(sandbox_port))
    assert eventually(lambda: "Ctrl-C stops everything" in running.printed, within=START_WITHIN), running.printed
    assert f"http://127.0.0.1:{port}" in running.printed
    assert f"http://127.0.0.1:{sandbox_port}" in running.printed
    assert "4242 4242 4242 4242" in running.printed
    with Shopper(f"http://127.0.0.1:{port}") as shopper:
        shopper.get("/?affId=7")
        assert shopper.buy().path == "upsell/1"
        crm = Shopper(f"http://127.0.0.1:{sandbox_port}")
        page_types = eventually(lambda: re.findall(r"presellPage", crm.browser.get(f"{crm.url}/_sandbox/calls").text))
        assert page_types, "the relay delivers the clicks"
        crm.browser.close()
    assert running.stop(how) == 0
    assert not answers(port)
    assert not answers(sandbox_port)
    assert "Traceback" not in running.printed
    assert "4242424242424242" not in running.printed


def test_a_taken_port_is_told_in_plain_words(run: Run) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        running = run(PORT=str(taken), SANDBOX_PORT=str(free_port()))
        assert running.process.wait(START_WITHIN) == 1
    assert f"Port {taken} cannot be used for the web server" in running.printed
    assert "PORT=" in running.printed
    assert "Traceback" not in running.printed


def test_a_mistake_in_the_settings_stops_the_start_without_a_traceback(run: Run, tmp_path: Path) -> None:
    wrong = tmp_path / "funnel.toml"
    wrong.write_text((ROOT / "tests" / "funnel.toml").read_text().replace('clicks = "once"', 'clicks = "onse"'))
    running = run(FUNNEL_FILE=str(wrong), PORT="none")
    assert running.process.wait(START_WITHIN) != 0
    assert "funnel.toml: clicks: found 'onse' (did you mean \"once\"?)" in running.printed
    assert "environment: PORT: found 'none'" in running.printed
    assert "Traceback" not in running.printed


def test_with_credentials_there_is_no_sandbox(run: Run) -> None:
    port, sandbox_port = free_port(), free_port()
    running = run(
        PORT=str(port),
        SANDBOX_PORT=str(sandbox_port),
        KONNEKTIVE_LOGIN_ID="me",
        KONNEKTIVE_PASSWORD="word",
        KONNEKTIVE_API_URL=f"http://127.0.0.1:{free_port()}",
    )
    assert eventually(lambda: "Ctrl-C stops everything" in running.printed, within=START_WITHIN), running.printed
    assert not answers(sandbox_port)
    with Shopper(f"http://127.0.0.1:{port}") as shopper:
        assert shopper.get("/").status == 200
        assert shopper.leave_lead().path == "checkout", "with the CRM away the lead is owed, and the shopper goes on"
        page = shopper.pay()
        assert page.status == 503
        assert "you have not been charged" in page.text
        assert page.form.values["shipAddress1"] == "1 Main Street"
    assert running.stop(signal.SIGTERM) == 0


def test_in_development_older_tables_are_brought_up_by_themselves(run: Run, tmp_path: Path) -> None:
    store = Store(environment(tmp_path)["DATABASE_URL"])
    store.prepare()
    with store.write() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    store.close()
    port = free_port()
    running = run(PORT=str(port), SANDBOX_PORT=str(free_port()))
    assert eventually(lambda: "Ctrl-C stops everything" in running.printed, within=START_WITHIN), running.printed
    assert "The tables had no version yet; they are those of 0001." in running.printed
    with Shopper(f"http://127.0.0.1:{port}") as shopper:
        assert shopper.get("/").status == 200
    assert running.stop(signal.SIGTERM) == 0


def test_when_one_program_ends_all_end(run: Run) -> None:
    running = run(PORT=str(free_port()), SANDBOX_PORT=str(free_port()))
    assert eventually(lambda: "Ctrl-C stops everything" in running.printed, within=START_WITHIN), running.printed
    children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children").read_text().split()
    relay = next(pid for pid in children if "relay" in Path(f"/proc/{pid}/cmdline").read_text())
    os.kill(int(relay), signal.SIGKILL)
    assert running.process.wait(STOP_WITHIN) == 1
    assert "relay has ended" in running.printed
