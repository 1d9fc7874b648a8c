"""Connections to servers that an administrator named: never into our own network, unless the operator allows it.

The name is resolved once and the connection goes to the very address that was looked at, so that a name server
cannot answer with a public address first and with a private one afterwards (DNS rebinding).
"""

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

NAT64 = ip_network("64:ff9b::/96")
Address = IPv4Address | IPv6Address


class PrivateAddress(OSError):
    """The server's name leads into a private network. The operator may allow it in `YIZHAN_ALLOWED_PRIVATE_HOSTS`."""


def behind(address: Address) -> Address:
    """The IPv4 address that an IPv6 address carries, where it is only another way to write one."""
    if isinstance(address, IPv6Address):
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address
    return address


def is_public(address: Address) -> bool:
    real = behind(address)
    return real.is_global and not real.is_multicast


def is_allowed(host: str, address: Address) -> bool:
    """Whether the operator named this host, this address or a network around it."""
    for entry in settings.YIZHAN.allowed_private_hosts:
        if entry == host.lower():
            return True
        try:
            network = ip_network(entry, strict=False)
        except ValueError:
            continue
        real = behind(address)
        if real.version == network.version and real in network:
            return True
    return False


def places(host: str, port: int, *, trusted: bool) -> Iterator[tuple[int, Any]]:
    """(family, address) of every address that may be reached."""
    found = False
    for family, _kind, _protocol, _name, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        address = ip_address(str(place[0]).split("%")[0])
        if trusted or is_public(address) or is_allowed(host, address):
            found = True
            yield family, place
    if not found:
        words = _("{host} is a private address; the operator may allow it (YIZHAN_ALLOWED_PRIVATE_HOSTS)")
        raise PrivateAddress(words.format(host=host))


def connect(host: str, port: int, seconds: float, *, trusted: bool = False) -> socket.socket:
    """A connection to one of the host's addresses. `trusted`: the operator himself named it in the environment.

    Raises:
        PrivateAddress: all of them are private.
        OSError: none answers.
    """
    last: OSError = OSError(f"{host}: no address")
    for family, place in places(host, port, trusted=trusted):
        one = socket.socket(family, socket.SOCK_STREAM)
        one.settimeout(seconds)
        try:
            one.connect(place)
        except OSError as error:
            one.close()
            last = error
        else:
            return one
    raise last
