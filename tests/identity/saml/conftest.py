"""Fixtures of the tests of signing in by an identity provider: a server with two tenants."""

from tests.outbound.conftest import authority
from tests.web.conftest import prepared, site

__all__ = ["authority", "prepared", "site"]
