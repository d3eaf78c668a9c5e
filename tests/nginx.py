"""A real nginx with the configuration we ship, in front of a funnel; names, ports and files apart it is the same."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from conftest import eventually
from machine import find_nginx
from requests.adapters import HTTPAdapter

SHIPPED = Path(__file__).parent.parent / "deploy" / "nginx.conf"
HOST = "localhost"
START_WITHIN = 20.0  # seconds
STOP_WITHIN = 20.0
AROUND = """\
{user}daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr crit;
events {{ worker_connections 2048; }}
http {{
    client_body_temp_path bodies;
    proxy_temp_path answers;
    fastcgi_temp_path unused1;
    uwsgi_temp_path unused2;
    scgi_temp_path unused3;
    # What the nginx.conf of a system may say to all servers, and more weakly than we want it.
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
    ssl_ciphers DEFAULT:@SECLEVEL=0;
    keepalive_timeout 65;
    server_tokens on;
    include funnel.conf;
}}
"""


class Nginx:
    """As a context. `upstreams` are the addresses of web servers; the certificate is one of its own making."""

    def __init__(self, folder: Path, upstreams: Sequence[str], *, port: int, plain_port: int) -> None:
        found = find_nginx(os.environ)
        if found.path is None:
            pytest.skip(found.reason)
        self._program, self._folder, self.port, self.plain_port = found.path, folder, port, plain_port
        self.url, self.certificate = f"https://{HOST}:{port}", folder / "certificate.pem"
        self.bodies, self.log = folder / "bodies", folder / "funnel.log"
        folder.mkdir()
        _make_certificate(folder)
        (folder / "funnel.conf").write_text(self._fitted(SHIPPED.read_text(), upstreams))
        user = "user root;\n" if os.geteuid() == 0 else ""  # its workers would not see the folder else
        (folder / "nginx.conf").write_text(AROUND.format(user=user))

    def _fitted(self, shipped: str, upstreams: Sequence[str]) -> str:
        servers = " ".join(f"server {urlsplit(url).netloc};" for url in upstreams)
        for ours, theirs in (
            ("server 127.0.0.1:5000;", servers),
            ("listen 443 ", f"listen 127.0.0.1:{self.port} "),
            ("listen 80", f"listen 127.0.0.1:{self.plain_port}"),
            ("/etc/letsencrypt/live/shop.example/fullchain.pem", str(self.certificate)),
            ("/etc/letsencrypt/live/shop.example/privkey.pem", str(self._folder / "key.pem")),
            ("/var/log/nginx/funnel-error.log", str(self._folder / "error.log")),
            ("/var/log/nginx/funnel.log", str(self.log)),
            ("shop.example", HOST),
        ):
            assert ours in shipped, f"{ours} in {SHIPPED.name}"
            shipped = shipped.replace(ours, theirs)
        return shipped

    def __enter__(self) -> Nginx:
        command = [self._program, "-p", self._folder, "-c", "nginx.conf", "-e", "stderr"]
        self._output = (self._folder / "printed").open("w")
        self._process = subprocess.Popen(command, stderr=self._output, stdout=self._output)
        if not eventually(self._answers, within=START_WITHIN):
            self.__exit__(None, None, None)
            raise AssertionError((self._folder / "printed").read_text())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(STOP_WITHIN)
        self._output.close()

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


class From(HTTPAdapter):
    """A machine of its own: requests come from this address of the loopback net."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, source_address=(self._address, 0), **options)


def trusting(session: requests.Session, nginx: Nginx, address: str) -> None:
    session.verify = str(nginx.certificate)
    session.mount(nginx.url, From(address))


def _make_certificate(folder: Path) -> None:
    files = ["-keyout", folder / "key.pem", "-out", folder / "certificate.pem"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
    subprocess.run([*command, *files, "-addext", f"subjectAltName=DNS:{HOST}"], check=True, capture_output=True)
