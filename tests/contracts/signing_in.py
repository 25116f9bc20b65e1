"""Accounts, sessions and the rest of signing in, for the contract tests."""

import hashlib

from musterbook.directory import ResourceId, TenantId
from musterbook.identity.accounts import AccountRef
from musterbook.identity.attempt_store import Attempt, AttemptKind, Binding
from musterbook.identity.log_store import LogRow
from musterbook.identity.password_store import Link, LinkPurpose
from musterbook.identity.session_store import Session, SignInMethod
from tests.contracts.sample import ACME, at, id_of


def account(number: int = 1, tenant_id: TenantId = ACME, resource_type: str = "User") -> AccountRef:
    """Return the account of the person with this number."""
    return AccountRef(tenant_id, resource_type, ResourceId(id_of(number)))


def digest(text: str) -> bytes:
    """Return the hash of a token."""
    return hashlib.sha256(text.encode()).digest()


def session(number: int, owner: AccountRef | None = None, *, begins: int = 0, ends: int = 1000) -> Session:
    """Return a session whose token is that of its tenant and ``number``."""
    of = owner or account()
    return Session(
        account=of,
        id=id_of(100 + number),
        token_hash=digest(f"{of.tenant_id} {number}"),
        epoch=0,
        method=SignInMethod.SAML,
        created_at=at(begins),
        last_seen_at=at(begins),
        expires_at=at(ends),
        connection_id="connection-1",
        subject="ada@example.com",
        session_index=f"_{number}",
        address="192.0.2.7",
        user_agent="Browser",
    )


def attempt(number: int, tenant_id: TenantId = ACME, *, begins: int = 0, ends: int = 600) -> Attempt:
    """Return an attempt."""
    browser_hash = digest(f"browser {number}")
    return Attempt(tenant_id, f"_{number}", browser_hash, AttemptKind.SAML, '{"to": "/me"}', at(begins), at(ends))


def binding(subject_key: str, owner: AccountRef | None = None, *, connection_id: str = "connection-1") -> Binding:
    """Return a binding made in the first second."""
    return Binding(owner or account(), connection_id, subject_key, at(1), at(1))


def link(number: int, owner: AccountRef | None = None, purpose: LinkPurpose = LinkPurpose.RESET) -> Link:
    """Return a link."""
    of = owner or account()
    return Link(of, digest(f"link {of.tenant_id} {number}"), purpose, at(0), at(3600))


def log_row(
    number: int, tenant_id: TenantId = ACME, *, outcome: str = "refused", of: AccountRef | None = None
) -> LogRow:
    """Return a row of the log, written at the second ``number``."""
    return LogRow(
        tenant_id=tenant_id,
        id=id_of(number),
        at=at(number),
        outcome=outcome,
        method="password",
        reason="wrong-password",
        detail=None,
        resource_type=None if of is None else of.resource_type,
        account_id=None if of is None else of.id,
        claimed="ada@example.com",
        address="192.0.2.7",
        request_id=f"request-{number}",
    )
