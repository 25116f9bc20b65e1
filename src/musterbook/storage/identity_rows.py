"""*Rows of signing in.* Decides in which order the columns of identity's tables are selected, and what a row means.

Shared by the engines, whose tables have the same columns; knows neither.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

import msgspec

from musterbook.directory import ResourceId, TenantId, break_glass_type
from musterbook.directory.sign_in_settings import SIGN_IN_SETTINGS_ID, sign_in_settings_type
from musterbook.identity.account_store import FoundAccount
from musterbook.identity.accounts import AccountRef
from musterbook.identity.attempt_store import Attempt, AttemptKind, Binding
from musterbook.identity.log_store import LogRow
from musterbook.identity.password_store import FoundLink, Link, LinkPurpose, SecondFactor, Tries
from musterbook.identity.saml_key_store import SamlKeyRow
from musterbook.identity.session_store import Session, SessionRecord, SignInMethod
from musterbook.scim import user_type
from musterbook.storage.rows import RECORD_COLUMNS, TENANT_COLUMNS, Row, read_record, read_tenant

SqlValue: TypeAlias = str | int | bytes | None

SETTINGS_TYPE: Final = sign_in_settings_type().name
SETTINGS_ID: Final = SIGN_IN_SETTINGS_ID
"""The one resource that holds what a tenant decided about signing in."""
ACCOUNT_TYPES: Final = (break_glass_type().name, user_type().name)
"""The types of what people sign in to, in the order in which a name is looked up."""

_SESSION_NAMES: Final = (
    *("tenant_id", "resource_type", "account_id", "id", "token_hash", "epoch", "method", "created_at", "last_seen_at"),
    *("expires_at", "connection_id", "subject", "session_index", "address", "user_agent"),
)
SESSION_COLUMNS: Final = ", ".join(f"sessions.{name}" for name in _SESSION_NAMES)
_TENANT_COLUMNS: Final = ", ".join(f"tenants.{name}" for name in TENANT_COLUMNS.split(", "))
SESSION_RECORD_COLUMNS: Final = f"{SESSION_COLUMNS}, {_TENANT_COLUMNS}, settings.document, {RECORD_COLUMNS}"
SESSION_RECORD_TABLES: Final = f"""
sessions
JOIN tenants ON tenants.tenant_id = sessions.tenant_id
LEFT JOIN resources ON resources.tenant_id = sessions.tenant_id
    AND resources.resource_type = sessions.resource_type AND resources.id = sessions.account_id
LEFT JOIN resources AS settings ON settings.tenant_id = sessions.tenant_id
    AND settings.resource_type = '{SETTINGS_TYPE}' AND settings.id = '{SETTINGS_ID}'
"""
"""A session with everything that decides whether it is good, of one moment."""
ADD_SESSION: Final = f"INSERT INTO sessions ({', '.join(_SESSION_NAMES)})"
ATTEMPT_COLUMNS: Final = "tenant_id, id, browser_hash, kind, data, created_at, expires_at"
BINDING_COLUMNS: Final = "tenant_id, resource_type, account_id, connection_id, subject_key, created_at, last_used_at"
FACTOR_COLUMNS: Final = "tenant_id, resource_type, account_id, secret, confirmed_at, last_step, recovery"
LINK_COLUMNS: Final = "tenant_id, resource_type, account_id, link_hash, purpose, created_at, expires_at"
_QUALIFIED_LINK_COLUMNS: Final = ", ".join(f"setup_links.{name}" for name in LINK_COLUMNS.split(", "))
FOUND_LINK_COLUMNS: Final = f"{_QUALIFIED_LINK_COLUMNS}, {_TENANT_COLUMNS}"
SAML_KEY_COLUMNS: Final = "tenant_id, slot, id, private_key, certificate, created_at, signs_since"
LOG_COLUMNS: Final = (
    "tenant_id, id, at, outcome, method, reason, detail, resource_type, account_id, claimed, address, request_id"
)

_ENCODER: Final = msgspec.json.Encoder()
_TEXTS: Final = msgspec.json.Decoder(tuple[str, ...])


def session_values(session: Session) -> tuple[SqlValue, ...]:
    """Return the values of a session in the order of ``SESSION_COLUMNS``."""
    return (
        *account_values(session.account),
        session.id,
        session.token_hash,
        session.epoch,
        session.method.value,
        session.created_at,
        session.last_seen_at,
        session.expires_at,
        session.connection_id,
        session.subject,
        session.session_index,
        session.address,
        session.user_agent,
    )


def account_values(account: AccountRef) -> tuple[str, str, str]:
    """Return the three values that name an account."""
    return account.tenant_id, account.resource_type, account.id


def _read_account(tenant_id: str, resource_type: str, account_id: str) -> AccountRef:
    return AccountRef(TenantId(tenant_id), resource_type, ResourceId(account_id))


def read_session(row: Row) -> Session:
    """Return the session of a row of ``SESSION_COLUMNS``."""
    tenant_id, resource_type, account_id, session_id, token_hash, epoch, method, *rest = row
    account = _read_account(tenant_id, resource_type, account_id)
    return Session(account, session_id, token_hash, epoch, SignInMethod(method), *rest)


def read_session_record(row: Row) -> SessionRecord:
    """Return the session of a row of ``SESSION_RECORD_COLUMNS``, with what decides."""
    columns = tuple(row)
    tenant_at = len(_SESSION_NAMES)
    settings_at = tenant_at + len(TENANT_COLUMNS.split(", "))
    person = columns[settings_at + 1 :]
    return SessionRecord(
        session=read_session(columns[:tenant_at]),
        tenant=read_tenant(columns[tenant_at:settings_at]),
        person=None if person[0] is None else read_record(person),
        settings=columns[settings_at],
    )


def attempt_values(attempt: Attempt) -> tuple[SqlValue, ...]:
    """Return the values of an attempt in the order of ``ATTEMPT_COLUMNS``."""
    return (
        attempt.tenant_id,
        attempt.id,
        attempt.browser_hash,
        attempt.kind.value,
        attempt.data,
        attempt.created_at,
        attempt.expires_at,
    )


def read_attempt(row: Row) -> Attempt:
    """Return the attempt of a row of ``ATTEMPT_COLUMNS``."""
    tenant_id, attempt_id, browser_hash, kind, *rest = row
    return Attempt(TenantId(tenant_id), attempt_id, browser_hash, AttemptKind(kind), *rest)


def binding_values(binding: Binding) -> tuple[str, ...]:
    """Return the values of a binding in the order of ``BINDING_COLUMNS``."""
    return (
        *account_values(binding.account),
        binding.connection_id,
        binding.subject_key,
        binding.created_at,
        binding.last_used_at,
    )


def read_binding(row: Row) -> Binding:
    """Return the binding of a row of ``BINDING_COLUMNS``."""
    tenant_id, resource_type, account_id, *rest = row
    return Binding(_read_account(tenant_id, resource_type, account_id), *rest)


def read_found_account(row: Row, tenant_id: TenantId) -> FoundAccount:
    """Return the account of a row of ``resources.resource_type`` and ``RECORD_COLUMNS``."""
    resource_type, *record = row
    read = read_record(record)
    return FoundAccount(AccountRef(tenant_id, resource_type, ResourceId(read.stored.id)), read)


def texts_text(texts: Sequence[str]) -> str:
    """Return the text of a column that holds several texts."""
    return _ENCODER.encode(texts).decode()


def read_factor(row: Row) -> SecondFactor:
    """Return the second factor of a row of ``FACTOR_COLUMNS``."""
    tenant_id, resource_type, account_id, secret, confirmed_at, last_step, recovery = row
    account = _read_account(tenant_id, resource_type, account_id)
    return SecondFactor(account, secret, confirmed_at, last_step, _TEXTS.decode(recovery))


def read_tries(row: Row) -> Tries:
    """Return what is known of a subject, of the columns ``failures, blocked_until, at``."""
    failures, blocked_until, at = row
    return Tries(failures, blocked_until, at)


def link_values(link: Link) -> tuple[SqlValue, ...]:
    """Return the values of a link in the order of ``LINK_COLUMNS``."""
    return (*account_values(link.account), link.link_hash, link.purpose.value, link.created_at, link.expires_at)


def read_link(row: Row) -> Link:
    """Return the link of a row of ``LINK_COLUMNS``."""
    tenant_id, resource_type, account_id, link_hash, purpose, *rest = row
    return Link(_read_account(tenant_id, resource_type, account_id), link_hash, LinkPurpose(purpose), *rest)


def read_found_link(row: Row) -> FoundLink:
    """Return the link of a row of ``FOUND_LINK_COLUMNS``, with its tenant."""
    columns = tuple(row)
    count = len(LINK_COLUMNS.split(", "))
    return FoundLink(read_link(columns[:count]), read_tenant(columns[count:]))


def saml_key_values(row: SamlKeyRow) -> tuple[SqlValue, ...]:
    """Return the values of a key of ours in the order of ``SAML_KEY_COLUMNS``."""
    return row.tenant_id, row.slot, row.id, row.private_key, row.certificate, row.created_at, row.signs_since


def read_saml_key(row: Row) -> SamlKeyRow:
    """Return the key of a row of ``SAML_KEY_COLUMNS``."""
    tenant_id, *rest = row
    return SamlKeyRow(TenantId(tenant_id), *rest)


def log_values(row: LogRow) -> tuple[SqlValue, ...]:
    """Return the values of a row of the log in the order of ``LOG_COLUMNS``."""
    return (
        row.tenant_id,
        row.id,
        row.at,
        row.outcome,
        row.method,
        row.reason,
        row.detail,
        row.resource_type,
        row.account_id,
        row.claimed,
        row.address,
        row.request_id,
    )


def read_log_row(row: Row) -> LogRow:
    """Return the row of the log of a row of ``LOG_COLUMNS``."""
    tenant_id, *rest = row
    return LogRow(TenantId(tenant_id), *rest)
