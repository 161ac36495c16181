"""Addresses: which are the same one, which belong to one host, and which lead to the machine itself."""

from ipaddress import ip_network

import pytest

from geventchat.protocol import ip


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),  # as a listener on IPv6 shows a peer of IPv4
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a pipe", "a pipe"),
    ],
)
def test_all_addresses_that_one_host_may_have_are_the_same(text: str, host: str) -> None:
    assert ip.host_of(text) == host


@pytest.mark.parametrize("text", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::1%lo"])
def test_the_machine_itself_is_known(text: str) -> None:
    assert ip.is_loopback(text)


@pytest.mark.parametrize("text", ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1", "", "localhost"])
def test_others_are_not_the_machine_itself(text: str) -> None:
    assert not ip.is_loopback(text)


def test_an_address_is_in_a_network_however_it_is_written() -> None:
    networks = [ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")]
    assert all(ip.is_in(text, networks) for text in ("192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1%eth0"))
    assert not any(ip.is_in(text, networks) for text in ("192.0.3.7", "2001:db9::1", "no address"))
    assert not ip.is_in("192.0.2.7", [])
