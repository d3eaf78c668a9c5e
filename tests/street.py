"""A funnel in production behind a real proxy, as shoppers come to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from processes import Installation
from programs import free_ports
from proxy import HOST, Proxy, trusting
from shopper import Shopper

JANES_ADDRESS = "127.0.0.9"
Kind = TypeVar("Kind", bound=Proxy)


@dataclass(frozen=True)
class Shop(Generic[Kind]):
    proxy: Kind
    installation: Installation

    def jane(self, **headers: str) -> Shopper:
        shopper = Shopper(self.proxy.url, **headers)
        trusting(shopper.browser, self.proxy, JANES_ADDRESS)
        return shopper


@contextmanager
def shop_behind(kind: Callable[..., Kind], folder: Path, **settings: str) -> Iterator[Shop[Kind]]:
    """`kind` is Nginx or Caddy; keywords are settings, as in the environment."""
    port, plain_port = free_ports(2)
    public = {"PUBLIC_URL": f"https://{HOST}:{port}", "TRUSTED_HOSTS": HOST, "PROXY_HOPS": "1"}
    with (
        Installation(folder, production=True, **public, **settings) as installation,
        kind(folder / "proxy", installation.urls, port=port, plain_port=plain_port) as proxy,
    ):
        yield Shop(proxy, installation)
