"""Where a shopper is led by itself, because it is known, and where only by a button that names the place; pure."""

from collections.abc import Collection
from urllib.parse import urlsplit

PAYPAL = "paypal.com"


def host_of(address: str) -> str:
    """As a browser understands it, with its port if that is not the usual one."""
    return urlsplit(address).netloc.lower()


def is_known(address: str, hosts: Collection[str], *, local: str = "") -> bool:
    """PayPal, and what the operator lists with all below it; `local` is the origin of a CRM on this machine."""
    url = urlsplit(address)
    if local and f"{url.scheme}://{url.netloc}" == local:
        return True
    listed = any(f".{url.hostname}".endswith(f".{host}") for host in (*hosts, PAYPAL))
    return listed and url.scheme == "https" and url.port in (None, 443)
