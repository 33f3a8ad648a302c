"""Which addresses jobs may reach: those that are public, and the networks that the administrator allows.

The address decides, never the name: ``*.internal`` that resolves to a public address is public.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from listener_sdk.protocol.codes import Refusal

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

WEB_PORTS: Final = frozenset({80, 443})
FIRST_FREE_PORT: Final = 1024
"""Below it, 80 and 443 apart, are mail, name, file and log-in servers, which would take parts of a request for commands."""

# Longer than Python's list of what is not global: some of these count as global there, in some versions at least.
_PRIVATE: Final = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this machine
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers; also the metadata of one cloud
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's host, seen from its machines
        "169.254.0.0/16",  # link-local; also the metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocols
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",  # measurements
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # kept for later, and broadcast
        "2001::/23",  # protocols, among them Teredo, which carries IPv4
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries IPv4
        "3fff::/20",  # documentation
    )
)
_GLOBAL_V6: Final = IPv6Network("2000::/3")
"""All that is given out. NAT64, IPv4 within IPv6, link-local, unique-local and multicast lie outside of it."""
_MAPPED: Final = IPv6Network("::ffff:0:0/96")
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_PART: Final = re.compile(r"0[xX]0*[0-9a-fA-F]{0,8}|0+[0-7]{0,11}|[1-9][0-9]{0,9}")


@dataclass(frozen=True, slots=True)
class Guard:
    """Says what may be reached; ``allowed`` are networks that may be reached at every port although they are not public."""

    allowed: tuple[Network, ...] = ()

    def permits(self, host: str, port: int) -> bool:
        """Whether a socket may be connected to this address. Whatever is not written as sockets name addresses may not."""
        try:
            address = _meant(ip_address(host))
        except ValueError:
            return False
        if any(address in network for network in self.allowed):
            return getattr(address, "scope_id", None) is None and port > 0
        return _is_public(address) and (port in WEB_PORTS or port >= FIRST_FREE_PORT)


def blocked(host: str, port: int) -> Refusal:
    """The refusal of an address. It is the same whether something listens there or not, and names only what the caller named."""
    return Refusal(
        "blocked_address",
        f"{host[:255]} at port {port} may not be reached: the server reaches public addresses only, at the ports 80, 443 and from "
        f"{FIRST_FREE_PORT} on. The server's administrator can allow further networks by TICKWIRE_ALLOW_ADDRESSES.",
        key="url",
    )


def spelled_address(host: str) -> Address | None:
    """The address that a host is, in any spelling that a resolver takes (``127.1``, ``0x7f000001``, ``017700000001``); None for a name.

    ValueError for what ends in a number, or has a colon, and is no address: no name does.
    """
    if ":" in host:
        return ip_address(host)
    parts = host.removesuffix(".").split(".")
    if not _NUMBER.fullmatch(parts[-1]):
        return None
    if len(parts) > 4:
        raise ValueError("An IPv4 address has four numbers at most.")
    *first, last = (_number(part) for part in parts)
    if any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        raise ValueError("A number of the IPv4 address is too large.")
    return IPv4Address(sum(number << 8 * (3 - place) for place, number in enumerate(first)) + last)


def read_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks as ``10.1.0.0/16`` or ``fd00::/8``, or single addresses. ValueError says which text is none."""
    return tuple(_network(text) for text in texts)


def _network(text: str) -> Network:
    try:
        network = ip_network(text)
    except ValueError:
        raise ValueError(
            f"must be networks such as 10.1.0.0/16 or fd00::/8, separated by commas; {text[:64]!r} is none"
        ) from None
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        raise ValueError(f"must name IPv4 networks in their own form; {text[:64]!r} is IPv4 within IPv6")
    return network


def _number(text: str) -> int:
    """A part of an address as the C library reads it: hexadecimal, octal or decimal."""
    if not _PART.fullmatch(text):
        raise ValueError("A part of the IPv4 address is no number of 32 bits.")
    if text[:2].lower() == "0x":
        return int(text[2:] or "0", 16)
    return int(text, 8 if text.startswith("0") else 10)


def _meant(address: Address) -> Address:
    """The IPv4 address that the machine connects to when it is told of one within IPv6."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and (address.scope_id is not None or address not in _GLOBAL_V6):
        return False
    return (
        address.is_global and not address.is_multicast and not any(address in network for network in _PRIVATE)
    )
