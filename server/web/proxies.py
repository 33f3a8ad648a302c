"""Proxies that the operator trusts: whom they say they speak for."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from ..outbound.addresses import Address, Network

HEADER: Final = "X-Forwarded-For"
MOST_HOPS: Final = 32


@dataclass(frozen=True, slots=True)
class Proxies:
    """The networks of proxies whose ``X-Forwarded-For`` is believed; without any, none is."""

    networks: tuple[Network, ...] = ()

    def trusts(self, peer: str) -> bool:
        """Whether the other end of a connection is such a proxy."""
        address = _parsed(peer) if self.networks else None
        return address is not None and self._has(address)

    def caller(self, peer: str, headers: Sequence[str]) -> str:
        """For whom a trusted ``peer`` speaks: the rightmost address that is no trusted proxy's.

        What stands to the left of it was written by nobody who is trusted. A hop that is no address ends the search too: the
        call then counts as the proxy's that told it.
        """
        found = peer
        for text in reversed(",".join(headers).split(",")[-MOST_HOPS:]):
            address = _parsed(text)
            if address is None:
                break
            found = str(address)
            if not self._has(address):
                break
        return found

    def _has(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def _parsed(text: str) -> Address | None:
    """An address, with or without a port, as sockets name it; None for anything else."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if address.version == 4:
        return address
    return None if address.scope_id is not None else address.ipv4_mapped or address
