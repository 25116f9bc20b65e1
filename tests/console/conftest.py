"""Fixtures of the tests of pages: a server, and a browser in front of it."""

from collections.abc import AsyncIterator

import pytest

from tests.console.browser import Browser
from tests.web.conftest import prepared, site
from tests.web.site import Site

__all__ = ["browser", "prepared", "site"]


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[Browser]:
    """Yield a browser in which nobody has signed in."""
    opened = Browser(site)
    async with opened.client:
        yield opened
