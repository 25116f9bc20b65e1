"""Where sign-ins end: whither somebody goes on."""

import pytest

from musterbook.identity.landing import local_path


@pytest.mark.parametrize("path", ["/me", "/settings/users?page=2", "/a/b#c", "/%2f%2fevil.example"])
def test_a_path_of_ours_is_kept(path: str) -> None:
    """Where somebody wanted to go is where they go."""
    assert local_path(path) == path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "me",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/a\\..\\b",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=y",
        "/\t/evil.example",
        "/ /evil.example",
        "/\u2028evil",
        "/" + "x" * 1024,
        "00000000-0000-7000-8000-000000000000",
    ],
)
def test_everything_else_leads_home(text: str) -> None:
    """Nothing that a browser could read as another site's address is followed (open redirect)."""
    assert local_path(text) == "/me"
