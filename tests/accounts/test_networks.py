"""Which addresses are on the open internet, and that no others are asked."""

import ipaddress
import socket
from typing import Any

import pytest

from accounts import outgoing
from accounts.networks import is_public
from accounts.outgoing import https_open
from accounts.outgoing_problems import NotPublic

REFUSED = [
    ("this host", "0.0.0.0"),
    ("this network", "0.1.2.3"),
    ("loopback", "127.0.0.1"),
    ("loopback, further on", "127.255.255.254"),
    ("private 10", "10.1.2.3"),
    ("private 172.16", "172.16.0.1"),
    ("private 172.31", "172.31.255.255"),
    ("private 192.168", "192.168.1.1"),
    ("behind a provider", "100.64.0.1"),
    ("behind a provider, further on", "100.127.255.255"),
    ("the metadata of a cloud", "169.254.169.254"),
    ("another cloud's metadata", "100.100.100.200"),
    ("protocol assignments", "192.0.0.8"),
    ("documentation", "192.0.2.1"),
    ("documentation", "198.51.100.7"),
    ("documentation", "203.0.113.7"),
    ("relays of 6to4", "192.88.99.1"),
    ("benchmarks", "198.19.255.255"),
    ("multicast", "224.0.0.1"),
    ("multicast", "239.255.255.250"),
    ("reserved", "240.0.0.1"),
    ("broadcast", "255.255.255.255"),
    ("unspecified", "::"),
    ("loopback", "::1"),
    ("IPv4 mapped loopback", "::ffff:127.0.0.1"),
    ("IPv4 mapped public", "::ffff:93.184.216.34"),
    ("IPv4 compatible", "::7f00:1"),
    ("IPv4 translated", "::ffff:0:7f00:1"),
    ("NAT64 of loopback", "64:ff9b::7f00:1"),
    ("NAT64 of the metadata", "64:ff9b::a9fe:a9fe"),
    ("NAT64 local use", "64:ff9b:1::1"),
    ("discard", "100::1"),
    ("Teredo", "2001:0:53aa:64c::1"),
    ("ORCHID", "2001:20::1"),
    ("documentation", "2001:db8::1"),
    ("6to4 of loopback", "2002:7f00:1::1"),
    ("6to4 of a private address", "2002:a00:1::1"),
    ("documentation", "3fff::1"),
    ("segment routing", "5f00::1"),
    ("unique local", "fc00::1"),
    ("unique local, the metadata of a cloud", "fd00:ec2::254"),
    ("link-local", "fe80::1"),
    ("link-local with a zone", "fe80::1%eth0"),
    ("public with a zone", "2606:2800:220:1::1%eth0"),
    ("site-local", "fec0::1"),
    ("multicast", "ff02::1"),
]


@pytest.mark.parametrize(("description", "address"), REFUSED)
def test_addresses_that_strangers_must_not_reach(
    monkeypatch: pytest.MonkeyPatch, description: str, address: str
) -> None:
    assert not is_public(ipaddress.ip_address(address))

    def never(*args: Any) -> None:
        raise AssertionError("A connection was tried.")

    monkeypatch.setattr(socket, "create_connection", never)
    for answers in ([address], ["93.184.216.34", address], [address, "93.184.216.34"]):
        found = [ipaddress.ip_address(each) for each in answers]
        monkeypatch.setattr(outgoing, "_resolve", lambda host, port, found=found: found)
        with pytest.raises(NotPublic, match=r"inner\.example\.org"), https_open("https://inner.example.org/", limit=1):
            raise AssertionError("It was answered.")


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "9.255.255.255", "11.0.0.1", "93.184.216.34", "100.63.255.255", "100.128.0.1", "169.253.1.1",
     "172.15.255.255", "172.32.0.1", "192.167.1.1", "192.169.1.1", "198.17.1.1", "198.20.0.1", "223.255.255.255",
     "2606:2800:220:1::1", "2a00:1450:400f::1", "2001:4860:4860::8888", "2400:cb00::1"],
)  # fmt: skip
def test_addresses_of_the_open_internet(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
