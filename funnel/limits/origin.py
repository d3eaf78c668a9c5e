"""Where a request comes from, as far as limits need it: its address and its network, and neither in plain."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address, ip_network

# Bits of what one household or server is given, and of what neighbours share. Who rents a server gets 2^64 addresses of
# IPv6 with it, and often 2^16 times as many.
ADDRESS_BITS = {4: 32, 6: 64}
NETWORK_BITS = {4: 24, 6: 48}
DIGEST_BYTES = 12
LONGEST_KEY = 64  # bytes that blake2b takes


@dataclass(frozen=True)
class Origin:
    """Keyed digests, so that nobody without the secret key can tell whose they are; None: not told apart."""

    address: str | None = None
    network: str | None = None


NOWHERE = Origin()


class Origins:
    """`keys` are secret keys, the newest first. A new key begins the counts anew."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._key = blake2b(keys[0].encode(), digest_size=LONGEST_KEY).digest()

    def of(self, ip: str | None) -> Origin:
        """Of a public address. Loopback and private ones are a proxy's or our own: everybody would share a limit."""
        try:
            address = ip_address(ip or "")
        except ValueError:
            return NOWHERE
        if isinstance(address, IPv6Address):
            address = address.ipv4_mapped or address
        if not address.is_global:
            return NOWHERE
        bits = (ADDRESS_BITS[address.version], NETWORK_BITS[address.version])
        return Origin(*(self._digest(str(ip_network((address, each), strict=False))) for each in bits))

    def _digest(self, text: str) -> str:
        return blake2b(text.encode(), key=self._key, digest_size=DIGEST_BYTES, person=b"origin").hexdigest()
