"""A real nginx with the configuration we ship, inside a system's nginx.conf that is weaker than ours."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from machine import find_nginx
from proxy import HOST, Proxy, fitted

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


class Nginx(Proxy):
    """`upstreams` are the addresses of web servers; the certificate is one of its own making."""

    name = "nginx"

    def __init__(self, folder: Path, upstreams: Sequence[str], *, port: int, plain_port: int) -> None:
        super().__init__(find_nginx(os.environ), folder, port=port, plain_port=plain_port)
        self.certificate, key = folder / "certificate.pem", folder / "key.pem"
        self.log = folder / "funnel.log"
        make_certificate(self.certificate, key)
        changes = {
            "server 127.0.0.1:5000;": " ".join(f"server {urlsplit(url).netloc};" for url in upstreams),
            "listen 443 ": f"listen 127.0.0.1:{port} ",
            "listen 80": f"listen 127.0.0.1:{plain_port}",
            "/etc/letsencrypt/live/shop.example/fullchain.pem": str(self.certificate),
            "/etc/letsencrypt/live/shop.example/privkey.pem": str(key),
            "/var/log/nginx/funnel-error.log": str(folder / "error.log"),
            "/var/log/nginx/funnel.log": str(self.log),
            "shop.example": HOST,
        }
        (folder / "funnel.conf").write_text(fitted("nginx.conf", changes))
        user = "user root;\n" if os.geteuid() == 0 else ""  # its workers would not see the folder else
        (folder / "nginx.conf").write_text(AROUND.format(user=user))

    def command(self) -> Sequence[str | Path]:
        return [self._program, "-p", self.folder, "-c", "nginx.conf", "-e", "stderr"]


def make_certificate(certificate: Path, key: Path) -> None:
    """For HOST; it vouches for itself."""
    files = ["-keyout", key, "-out", certificate]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
    subprocess.run([*command, *files, "-addext", f"subjectAltName=DNS:{HOST}"], check=True, capture_output=True)
