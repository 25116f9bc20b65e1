"""*A check-up.* Decides what ``musterbook doctor`` looks at, and what it says about it.

Each finding is one sentence that says what is so and, where something is wrong, what to do.
"""

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from musterbook.cli.certificates import Watched, told_end, watched
from musterbook.cli.exit_codes import message_of
from musterbook.directory import parse_time
from musterbook.directory.own_types import OWN_TYPES
from musterbook.directory.store import StoreError
from musterbook.saml.certificates import WARNING_DAYS
from musterbook.scim.definitions import Definitions
from musterbook.scim.schema import SchemaExtension
from musterbook.secret import SecretError, read, secret_file
from musterbook.settings import Settings, unknown_variables
from musterbook.storage import Database, SchemaError, open_database, sqlite_path
from musterbook.wiring import Services, definitions_of, open_services

MAX_CLOCK_DIFFERENCE = timedelta(seconds=5)
MIGRATIONS = "migrations"
_CERTIFICATES = "certificates"
_REQUEST_ID = "doctor"
_OTHERS_CAN_READ = stat.S_IRGRP | stat.S_IROTH


class Verdict(Enum):
    """How bad a finding is."""

    GOOD = "ok"
    NOTICE = "notice"
    BAD = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    check: str
    verdict: Verdict
    says: str


async def examine(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """Return what all checks find.

    Raises:
        SettingsError: the definitions cannot be used.
    """
    definitions = definitions_of(settings)
    findings = [
        _variables(environment),
        _base_url(settings),
        Finding("definitions", Verdict.GOOD, _definitions_say(settings, definitions)),
        _secret(settings),
        *_file(settings),
    ]
    if _is_missing(settings):
        # To open it would make it, and whoever asks for a check-up asks for no database.
        says = f"There is no {settings.database_url} yet; the first command that needs it makes it."
        return [*findings, Finding("database", Verdict.NOTICE, says)]
    try:
        database = await open_database(settings.database_url, custom_types=definitions.added_types)
    except SchemaError as error:
        return [*findings, Finding(MIGRATIONS, Verdict.BAD, message_of(error))]
    except StoreError as error:
        return [*findings, Finding("database", Verdict.BAD, message_of(error))]
    try:
        findings.extend(await _database(database))
        findings.extend(not_served(await database.tenants.count_by_type(), definitions))
    finally:
        await database.close()
    has_secret = _has_secret(settings)
    async with open_services(settings, with_secret=has_secret) as services:
        findings.extend(certificates_say(await watched(services, _REQUEST_ID), services.clock()))
        return [*findings, *(await _sealed_keys(services) if has_secret else [])]


async def _sealed_keys(services: Services) -> list[Finding]:
    """Return whose private keys the secret does not open: what they sign, or open, fails without another word."""
    keys = services.signing_in.saml_keys
    closed = [tenant.slug for tenant in await services.tenants.list() if not await keys.can_open(tenant.id)]
    return [
        Finding(
            "SAML keys",
            Verdict.BAD,
            f"{slug}: its private key was encrypted by another secret key. Give that one, too, or change the key: "
            f"musterbook saml rotate {slug}",
        )
        for slug in closed
    ]


def certificates_say(found: Sequence[Watched], now: datetime) -> list[Finding]:
    """Return which certificates of SAML end soon, or have ended; those still hold, so none of it is a failure."""
    ending = [item for item in found if item.certificate.expiry_warning(now) is not None]
    if not found:
        return [Finding(_CERTIFICATES, Verdict.GOOD, "No tenant signs in by SAML, and https ends at your proxy.")]
    if not ending:
        says = f"{len(found)} for SAML, of which none ends within {max(WARNING_DAYS)} days. https ends at your proxy."
        return [Finding(_CERTIFICATES, Verdict.GOOD, says)]
    return [
        Finding(
            _CERTIFICATES,
            Verdict.NOTICE,
            f"{item.tenant.slug}: {item.name} {told_end(item.certificate, now)}. Next: {item.remedy}",
        )
        for item in ending
    ]


async def _database(database: Database) -> list[Finding]:
    # Opening it has compared its schema with what this release needs.
    last = (await database.schema_version()).applied[-1].name
    return [
        Finding("database", Verdict.GOOD, f"It answers; {await database.durability()}."),
        Finding(MIGRATIONS, Verdict.GOOD, f"All are applied, up to {last}."),
        _clock(await database.now()),
    ]


def _clock(database_time: str) -> Finding:
    difference = abs(datetime.now(UTC) - parse_time(database_time))
    if difference > MAX_CLOCK_DIFFERENCE:
        seconds = difference.total_seconds()
        says = (
            f"This machine and the database differ by {seconds:.0f} s. Keys expire at the wrong time; run NTP on both."
        )
        return Finding("clock", Verdict.BAD, says)
    return Finding("clock", Verdict.GOOD, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, as the database has it.")


def _variables(environment: Mapping[str, str]) -> Finding:
    unknown = unknown_variables(environment)
    if not unknown:
        return Finding("settings", Verdict.GOOD, "Every MUSTERBOOK_ variable is one that is read.")
    return Finding("settings", Verdict.NOTICE, f"Nothing reads {', '.join(unknown)}. Is a name misspelt?")


def _base_url(settings: Settings) -> Finding:
    url = settings.base_url
    if url.startswith("https://"):
        return Finding("base URL", Verdict.GOOD, f"{url}; requests over plain http are refused.")
    says = f"{url} is not https. Providers need https, and keys must not cross a network in the clear."
    return Finding("base URL", Verdict.NOTICE, says)


def _definitions_say(settings: Settings, definitions: Definitions) -> str:
    """Return what is served beside what is built in."""
    if not settings.definitions:
        return "None are given; users and groups are served as they are built in."
    extended = [f"{name} with {_urns(items)}" for name, items in definitions.extensions.items()]
    added = [f"{item.name} at {item.endpoint}" for item in definitions.added_types]
    return f"Served: {'; '.join([*extended, *added])}."


def _urns(extensions: Sequence[SchemaExtension]) -> str:
    return ", ".join(item.schema.id for item in extensions)


def not_served(counts: Mapping[str, int], definitions: Definitions) -> list[Finding]:
    """Return what was stored under definitions that are gone, if there is anything."""
    known = OWN_TYPES | {item.name for item in definitions.resource_types()}
    left = [f"{count} of {name}" for name, count in sorted(counts.items()) if count and name not in known]
    if not left:
        return []
    says = f"Kept, and served again once they are defined again: {', '.join(left)}."
    return [Finding("stored types", Verdict.NOTICE, says)]


def _secret(settings: Settings) -> Finding:
    verdict, says = _secret_says(settings)
    return Finding("secret key", verdict, says)


def _secret_says(settings: Settings) -> tuple[Verdict, str]:
    if settings.secret_keys:
        return Verdict.GOOD, f"{len(settings.secret_keys)} given, the newest first."
    path = sqlite_path(settings.database_url)
    if path is None:
        return Verdict.BAD, "Not given. With PostgreSQL `serve` needs MUSTERBOOK_SECRET_KEY."
    file = secret_file(path)
    if not file.exists():
        return Verdict.NOTICE, f"None yet; the server makes {file.name} beside the database."
    try:
        read(file)
    except SecretError as error:
        return Verdict.BAD, str(error)
    if file.stat().st_mode & _OTHERS_CAN_READ:
        return Verdict.NOTICE, f"Others on this machine can read {file.name}: chmod 600 it."
    return Verdict.GOOD, f"It is in {file.name}. Back it up: it is in no copy of the database."


def _has_secret(settings: Settings) -> bool:
    """Return whether there is a secret that can be read; a check-up makes none."""
    path = sqlite_path(settings.database_url)
    is_made = path is not None and secret_file(path).exists()
    return bool(settings.secret_keys) or (is_made and _secret_says(settings)[0] is not Verdict.BAD)


def _is_missing(settings: Settings) -> bool:
    path = sqlite_path(settings.database_url)
    return path is not None and not path.exists()


def _file(settings: Settings) -> list[Finding]:
    """Look at who may read a SQLite database: it holds personal data."""
    path = sqlite_path(settings.database_url)
    if path is None or not path.exists():
        return []
    if path.stat().st_mode & _OTHERS_CAN_READ:
        return [Finding("file", Verdict.NOTICE, f"Others on this machine can read {path.name}: chmod 600 it.")]
    return [Finding("file", Verdict.GOOD, f"Only its owner can read {path.name}.")]
