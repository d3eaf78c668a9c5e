"""A real Caddy with the configuration we ship; its certificate comes from the authority that it makes for localhost."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from machine import find_caddy
from proxy import HOST, Proxy, fitted

OF_A_TEST = """\
{{
	admin off
	skip_install_trust
	default_bind 127.0.0.1
	https_port {port}
	http_port {plain_port}
"""


class Caddy(Proxy):
    """Host name and web server are set by the environment, as compose.yaml does it."""

    def __init__(self, folder: Path, upstreams: Sequence[str], *, port: int, plain_port: int) -> None:
        super().__init__(find_caddy(os.environ), folder, port=port, plain_port=plain_port)
        self.certificate = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        self._upstreams = " ".join(urlsplit(url).netloc for url in upstreams)
        options = OF_A_TEST.format(port=port, plain_port=plain_port)
        (folder / "Caddyfile").write_text(fitted("Caddyfile", {"{\n\tservers": f"{options}\tservers"}))

    def command(self) -> Sequence[str | Path]:
        return [self._program, "run", "--config", self.folder / "Caddyfile", "--adapter", "caddyfile"]

    def environment(self) -> Mapping[str, str]:
        folder = str(self.folder)
        return {
            "HOME": folder,
            "XDG_DATA_HOME": folder,
            "XDG_CONFIG_HOME": folder,
            "SHOP_HOST": HOST,
            "FUNNEL_UPSTREAM": self._upstreams,
        }
