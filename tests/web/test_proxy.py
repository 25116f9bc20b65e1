"""Whom a forwarded address or scheme is believed from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterbook.web.head import read_head
from musterbook.web.proxy import TrustedProxies, is_loopback

PROXIES = TrustedProxies.parse(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"])
NOBODY = TrustedProxies.parse([])


@pytest.mark.parametrize(
    "host,expected",
    [
        ("10.1.2.3", True),
        ("192.0.2.1", True),
        ("192.0.2.2", False),
        ("2001:db8::5", True),
        ("2001:db9::5", False),
        ("::ffff:10.1.2.3", True),
        ("::ffff:11.1.2.3", False),
        ("unix", False),
        ("", False),
        (None, False),
    ],
)
def test_a_proxy_is_trusted_by_its_address(host: str | None, *, expected: bool) -> None:
    """A peer is a trusted proxy if its address lies in one of the networks, in whichever notation it is shown."""
    assert PROXIES.trusts(host) is expected
    assert NOBODY.trusts(host) is False


def test_what_is_no_network_is_refused() -> None:
    """A typing error in the setting is an error, not a network that trusts nobody or everybody."""
    with pytest.raises(ValueError, match="nonsense"):
        TrustedProxies.parse(["10.0.0.0/8", "nonsense"])


@pytest.mark.parametrize(
    "peer,forwarded_for,expected",
    [
        ("203.0.113.5", ["198.51.100.1"], "203.0.113.5"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["6.6.6.6, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["6.6.6.6, , 10.0.0.2"], "10.0.0.2"),
        (None, ["198.51.100.1"], None),
    ],
)
def test_the_client_is_the_right_most_address_that_no_proxy_of_ours_has(
    peer: str | None, forwarded_for: list[str], expected: str | None
) -> None:
    """Only what trusted proxies appended counts: to the left of it a client may have written anything."""
    head = read_head([(b"x-forwarded-for", value.encode()) for value in forwarded_for])
    assert PROXIES.client_host(peer, head) == expected


@given(st.binary(max_size=100))
def test_a_stranger_cannot_choose_an_address(value: bytes) -> None:
    """Whatever an untrusted peer writes, it is the client, over the scheme that it came by."""
    head = read_head([(b"x-forwarded-for", value), (b"x-forwarded-proto", value)])
    assert PROXIES.client_host("203.0.113.5", head) == "203.0.113.5"
    assert PROXIES.is_secure("203.0.113.5", "http", head) is False


@given(st.binary(max_size=100))
def test_a_client_behind_a_proxy_cannot_choose_an_address(value: bytes) -> None:
    """A client's own entries end at the one that the proxy appended."""
    head = read_head([(b"x-forwarded-for", value + b", 198.51.100.1")])
    assert PROXIES.client_host("10.0.0.1", head) == "198.51.100.1"


@pytest.mark.parametrize(
    "host,expected",
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("localhost", False),
        (None, False),
    ],
)
def test_loopback_is_this_machine(host: str | None, *, expected: bool) -> None:
    """Loopback is an address, not a name that anybody can have."""
    assert is_loopback(host) is expected
