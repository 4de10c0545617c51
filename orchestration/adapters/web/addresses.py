"""Which IP addresses are the public web (IANA's special-purpose registries, RFC 6890)."""

from __future__ import annotations

import ipaddress
from functools import cache

import ifaddr

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NOT_PUBLIC_4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # carriers' NAT; clouds keep metadata there as well
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # a cloud's host, under a public number
            "169.254.0.0/16",  # link-local; clouds' metadata
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
        ),
    )
)
_PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
"""Mapped IPv4, NAT64, unique local, link-local and multicast addresses lie outside of it."""
_NOT_PUBLIC_6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocol assignments; Teredo, which carries any IPv4 address
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4, which carries any IPv4 address
            "3fff::/20",  # documentation
        ),
    )
)


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could be reached there, and not this machine itself."""
    if isinstance(address, ipaddress.IPv4Address):
        special = any(address in network for network in _NOT_PUBLIC_4)
    else:
        special = address not in _PUBLIC_6 or any(address in network for network in _NOT_PUBLIC_6)
    return not special and address not in _own()


@cache
def _own() -> frozenset[Address]:
    """This machine's addresses, public ones too: what listens here may count on a wall before it."""
    found: set[Address] = set()
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            found.add(ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0]))
    return frozenset(found)
