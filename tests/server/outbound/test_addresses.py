"""Addresses: what is public, in every form that an address can take, and what is allowed beyond it."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.outbound.addresses import Guard, blocked, read_networks, spelled_address


def each(text):
    """The words of a text, one case each."""
    return text.split()


PRIVATE = each("""
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.254
168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.9 192.0.0.192
192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1
233.252.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::7f00:1 ::10.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:169.254.169.254 ::ffff:10.0.0.1
::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b::8.8.8.8 64:ff9b:1::1 64:ff9b:1:a9fe:a9fe:: 100::1
2001::1 2001:0:7f00:1:: 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a00:1::1 2002:808:808::1
3fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fd12:3456::1 fe80::1 fe80::a9fe:a9fe fec0::1 ff02::1 ff0e::1
fe80::1%lo 2606:4700::1111%eth0 ::1%1
""")
PUBLIC = each(
    "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 223.255.255.254 ::ffff:8.8.8.8 2606:4700::1111"
)


@pytest.mark.parametrize("address", PRIVATE)
@pytest.mark.parametrize("port", [80, 443, 8080])
def test_what_is_not_public_may_not_be_reached(address, port):
    assert not Guard().permits(address, port)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_may_be_reached(address):
    assert all(Guard().permits(address, port) for port in (80, 443, 1024, 65535))


@pytest.mark.parametrize("port", [0, 1, 22, 25, 53, 444, 993, 1023])
def test_ports_of_other_services_are_reached_in_allowed_networks_only(port):
    assert not Guard().permits("8.8.8.8", port)
    assert Guard(read_networks(["8.8.8.8"])).permits("8.8.8.8", port) is (port > 0)


@pytest.mark.parametrize(
    "text",
    ["", "localhost", "127.1", "2130706433", "0177.0.0.1", "8.8.8.8 ", "8.8.8", "[::1]", "example.com"],
)
def test_what_no_socket_would_name_so_may_not_be_reached(text):
    assert not Guard(read_networks(["0.0.0.0/0", "::/0"])).permits(text, 80)


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("10.1.0.0/16", "10.1.2.3", "10.2.0.1"),
        ("10.1.0.0/16", "::ffff:10.1.2.3", "::ffff:10.2.0.1"),
        ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
        ("fd00::/8", "fd12::1", "fc00::1"),
        ("64:ff9b::/96", "64:ff9b::808:808", "64:ff9b:1::1"),
        ("fe80::/10", "fe80::1", "fe80::1%lo"),
    ],
)
def test_an_allowed_network_opens_itself_alone(network, inside, outside):
    guard = Guard(read_networks([network]))
    assert guard.permits(inside, 80)
    assert not guard.permits(outside, 80)


@given(st.integers(0, 2**32 - 1).map(IPv4Address) | st.integers(0, 2**128 - 1).map(IPv6Address))
def test_what_may_be_reached_is_global(address):
    """No address beyond those that Python knows to be global, whatever it is written as."""
    meant = getattr(address, "ipv4_mapped", None) or address
    if Guard().permits(str(address), 443):
        assert meant.is_global
        assert not meant.is_multicast
        assert not meant.is_private


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_an_ipv4_address_within_ipv6_is_judged_as_itself_or_refused(address):
    assert Guard().permits(f"::ffff:{address}", 443) is Guard().permits(str(address), 443)
    for prefix in ("::", "::ffff:0:", "64:ff9b::"):
        assert not Guard().permits(f"{prefix}{address}", 443)
    high, low = divmod(int(address), 2**16)
    for text in (f"2002:{high:x}:{low:x}::1", f"2001:0:{high:x}:{low:x}::1", f"64:ff9b:1:{high:x}:{low:x}::"):
        assert not Guard().permits(text, 443)


@pytest.mark.parametrize(
    "text",
    each("""127.0.0.1 127.0.0.1. 127.1 127.0.1 2130706433 0177.0.0.1 0177.1 017700000001 0x7f000001 0X7F.1 0x7f.0.0.0x1
    127.0x0.00.1 00000177.0.0.1 0x000000007f000001 127.0.0.01"""),
)
def test_every_spelling_is_the_same_address(text):
    assert spelled_address(text) == IPv4Address("127.0.0.1")


@given(st.integers(0, 2**32 - 1), st.sampled_from(["{}", "0x{:x}", "0{:o}", "{}."]))
def test_a_number_is_the_address_that_it_counts(number, form):
    assert spelled_address(form.format(number)) == IPv4Address(number)


@pytest.mark.parametrize(
    "text", ["example.com", "localhost", "a.1b", "0x7f.1.example", "xn--1-.com", "1.2.3.four", ""]
)
def test_a_name_is_no_address(text):
    assert spelled_address(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "256.1.1.1",
        "1.2.3.256",
        "4294967296",
        "1.2.3.4.5",
        "a.1",
        "08.1",
        "1..2",
        "0x.0xg.1",
        "127.16777216",
        "9" * 5000,
        "1::2::3",
    ],
)
def test_what_ends_in_a_number_and_is_no_address_is_refused(text):
    with pytest.raises(ValueError):
        spelled_address(text)


def test_an_ipv6_address_is_itself():
    assert spelled_address("::1") == ip_address("::1")


@pytest.mark.parametrize(
    "text", ["10.0.0.1/8", "10.0.0.0/33", "private", "", "10.0.0.0-10.0.0.9", "::ffff:10.0.0.0/104"]
)
def test_what_is_no_network_is_refused_by_name(text):
    with pytest.raises(ValueError, match="must"):
        read_networks([text])


def test_the_refusal_says_how_to_mend_it_and_nothing_of_what_is_inside():
    refusal = blocked("db.internal", 5432)
    assert refusal.code == "blocked_address"
    assert not refusal.error.retry
    assert "db.internal at port 5432" in refusal.message
    assert "TICKWIRE_ALLOW_ADDRESSES" in refusal.message
