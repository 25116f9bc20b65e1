"""Forged requests: what the browser must say, and what a form must carry."""

import hashlib
from base64 import urlsafe_b64encode

import pytest

from musterbook.console.forgery import form_token, is_from_our_page, is_token_of

OURS = "https://directory.example"


@pytest.mark.parametrize(
    "fetch_site, origin, expected",
    [
        ("same-origin", OURS, True),
        ("same-origin", "null", True),
        (None, OURS, True),
        ("same-site", OURS, False),
        ("cross-site", OURS, False),
        ("none", None, False),
        ("", OURS, False),
        (None, "https://evil.example", False),
        (None, "http://directory.example", False),
        (None, "https://directory.example.evil.example", False),
        (None, "null", False),
        (None, None, False),
    ],
)
def test_a_request_comes_from_our_page_or_is_refused(
    fetch_site: str | None, origin: str | None, *, expected: bool
) -> None:
    """``Sec-Fetch-Site`` decides where it is sent, then ``Origin``, exactly; silence is a refusal."""
    assert is_from_our_page(fetch_site=fetch_site, origin=origin, our_origin=OURS) is expected


def test_a_token_belongs_to_one_cookie() -> None:
    """A token is good for the cookie that it was made of, and for no other and none."""
    token = form_token("cookie")
    assert (is_token_of(token, "cookie"), is_token_of(token, "another"), is_token_of(token, None)) == (
        True,
        False,
        False,
    )
    assert not is_token_of("", "cookie")
    assert not is_token_of("tökén\ud800", "cookie")


def test_a_token_does_not_tell_the_cookie() -> None:
    """What stands in a page is neither the secret that it is made of, nor the hash that finds a session."""
    hashed = hashlib.sha256(b"cookie").digest()
    assert form_token("cookie") not in {"cookie", hashed.hex(), urlsafe_b64encode(hashed).rstrip(b"=").decode()}
