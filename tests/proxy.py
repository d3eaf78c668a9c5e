"""A real proxy with the configuration we ship, in front of a funnel; names, ports and files apart it is the same."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pytest
import requests
from conftest import eventually
from machine import Found
from requests.adapters import HTTPAdapter

DEPLOY = Path(__file__).parent.parent / "deploy"
HOST = "localhost"
START_WITHIN = 20.0  # seconds
STOP_WITHIN = 20.0


class Proxy:
    """As a context. `certificate` is a file with what vouches for it; `name` what it says of itself, if anything."""

    certificate: Path
    name: str | None = None

    def __init__(self, found: Found, folder: Path, *, port: int, plain_port: int) -> None:
        if found.path is None:
            pytest.skip(found.reason)
        folder.mkdir()
        self._program, self.folder, self.port, self.plain_port = found.path, folder, port, plain_port
        self.url = f"https://{HOST}:{port}"

    def command(self) -> Sequence[str | Path]:
        raise NotImplementedError

    def environment(self) -> Mapping[str, str] | None:
        return None

    def __enter__(self) -> Self:
        self._output = (self.folder / "printed").open("w")
        self._process = subprocess.Popen(
            self.command(), env=self.environment(), stderr=self._output, stdout=self._output
        )
        if not eventually(self._answers, within=START_WITHIN):
            self.__exit__()
            raise AssertionError((self.folder / "printed").read_text())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(STOP_WITHIN)
        self._output.close()

    def _answers(self) -> bool:
        """By TLS, for Caddy listens before it has its certificate."""
        try:
            context = ssl.create_default_context(cafile=self.certificate)
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as plain:
                context.wrap_socket(plain, server_hostname=HOST).close()
        except OSError:
            return False
        return True


def fitted(shipped: str, changes: Mapping[str, str]) -> str:
    """A file of deploy/ with what a machine has in place of what stands there."""
    text = (DEPLOY / shipped).read_text()
    for ours, theirs in changes.items():
        assert ours in text, f"{ours} in {shipped}"
        text = text.replace(ours, theirs)
    return text


class From(HTTPAdapter):
    """A machine of its own: requests come from this address of the loopback net."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, source_address=(self._address, 0), **options)


def trusting(session: requests.Session, proxy: Proxy, address: str) -> None:
    session.verify = str(proxy.certificate)
    session.mount(proxy.url, From(address))
