"""*Settings.* Decides what can be configured, with type, default and meaning.

Values come from flags, then ``MUSTERBOOK_*`` variables, then ``musterbook.toml``; :func:`load_settings` reads them once.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be configured."""

    database_url: str = "sqlite:///musterbook.db"
    """``sqlite:///relative.db``, ``sqlite:////absolute.db`` or ``postgresql://…``."""
    base_url: str = "http://127.0.0.1:8000"
    """The address at which clients reach the server, with the prefix it is mounted under; no trailing slash."""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    trusted_proxies: tuple[str, ...] = ()
    """Networks (CIDR) whose ``X-Forwarded-*`` headers are believed."""
    metrics_token: str | None = None
    """Who presents it as a bearer token may read ``/metrics``; without it only loopback may."""
    secret_keys: tuple[str, ...] = ()
    """Newest first; encrypts what cannot be hashed and signs links. Required with PostgreSQL."""
