"""*Migrations.* Decides which migrations a database lacks, and whether this release can work with what it holds.

Knows the numbered ``.sql`` files of an engine and the rows of ``schema_migrations``; runs nothing. Three ideas:

* Migrations go forward only. A file is never changed once it was released; its number orders it.
* A file that holds the line ``-- compatible: yes`` leaves the release before it working. During a rolling upgrade the
  servers of that release go on, and may be started again, on the newer schema.
* The comparison key (``scim.match``) is part of the schema: stored keys of another version find nothing and keep
  nothing unique, so they are made anew by the same command. So are those of a resource type from outside whose
  definition names another attribute than the one that its keys were made of. The keys, like the rows, of a type that
  is not defined any more stay as they are.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import TypeAlias

import msgspec

from musterbook.scim import ResourceType
from musterbook.scim.match import COMPARISON_KEY_VERSION
from musterbook.storage.errors import SchemaTooNewError, SchemaTooOldError

_FILE_NAME = re.compile(r"(?P<number>\d{4})_[a-z0-9_]+\.sql\Z")
_COMPATIBLE = re.compile(r"^-- compatible: yes$", re.MULTILINE)


CustomKeys: TypeAlias = Mapping[str, str | None]
"""Of resource types from outside, by name, the attribute that their unique keys were made of; ``None``: of none."""

_CUSTOM_KEYS = msgspec.json.Decoder(dict[str, str | None])


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema, as this release knows it."""

    number: int
    name: str
    """The file's name without its ending, such as ``0001_directory``."""
    sql: str
    compatible: bool
    """Whether the release before can work on the schema after this step."""


@dataclass(frozen=True, slots=True)
class AppliedMigration:
    """A row of ``schema_migrations``: one step that the database has taken."""

    number: int
    name: str
    compatible: bool


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """What a database holds beside what this release knows."""

    known: tuple[Migration, ...]
    applied: tuple[AppliedMigration, ...]
    comparison_key_version: str | None
    """By which version the stored keys were made; ``None`` in an empty database."""
    custom_keys: CustomKeys = field(default_factory=dict)
    custom_types: tuple[ResourceType, ...] = ()
    """The resource types from outside that this process has."""

    @property
    def pending(self) -> tuple[Migration, ...]:
        """The migrations that the database lacks, in their order."""
        applied = {item.number for item in self.applied}
        return tuple(item for item in self.known if item.number not in applied)

    @property
    def unknown(self) -> tuple[AppliedMigration, ...]:
        """The migrations that a later release has applied."""
        known = {item.number for item in self.known}
        return tuple(item for item in self.applied if item.number not in known)

    @property
    def needs_new_keys(self) -> bool:
        """Whether the stored comparison keys were made by another version."""
        return self.comparison_key_version not in {None, COMPARISON_KEY_VERSION}

    @property
    def wanted_custom_keys(self) -> CustomKeys:
        """What ``custom_keys`` are once the keys are as this process needs them."""
        wanted = {item.name: item.unique_attribute for item in self.custom_types}
        # By another version of the key, those of types that are not defined now are as good as none.
        return wanted if self.needs_new_keys else {**self.custom_keys, **wanted}

    @property
    def types_with_other_keys(self) -> tuple[str, ...]:
        """The names of the types from outside whose keys were made of another attribute, or never."""
        stored = self.custom_keys
        return tuple(
            item.name
            for item in self.custom_types
            if item.name not in stored or stored[item.name] != item.unique_attribute
        )


def read_custom_keys(text: str | None) -> CustomKeys:
    """Return what the metadata ``custom_type_keys`` say; ``None``: nothing was written yet."""
    return {} if text is None else _CUSTOM_KEYS.decode(text)


def custom_keys_text(keys: CustomKeys) -> str:
    """Return the text that :func:`read_custom_keys` reads."""
    return msgspec.json.encode(keys).decode()


def read_migrations(package: str) -> tuple[Migration, ...]:
    """Return the migrations of the folder ``migrations`` of an engine's package, in their order.

    Raises:
        ValueError: a file's name is malformed, or the numbers do not count from 1 without a gap.
    """
    folder = resources.files(package) / "migrations"
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".sql"))
    migrations = []
    for expected, name in enumerate(names, start=1):
        found = _FILE_NAME.match(name)
        if found is None or int(found["number"]) != expected:
            message = f"migration {expected} of {package} is missing or misnamed: {name}"
            raise ValueError(message)
        sql = (folder / name).read_text(encoding="utf-8")
        migrations.append(Migration(expected, name.removesuffix(".sql"), sql, _COMPATIBLE.search(sql) is not None))
    return tuple(migrations)


def check_not_too_new(version: SchemaVersion) -> None:
    """Check that a later release has left the database in a state that this one can work with.

    Raises:
        SchemaTooNewError: it has not.
    """
    incompatible = [item.name for item in version.unknown if not item.compatible]
    if incompatible:
        raise SchemaTooNewError(
            f"The database holds {_names(incompatible)} of a later release, which this release cannot work with. "
            "Start that release."
        )
    if version.unknown and version.needs_new_keys:
        raise SchemaTooNewError(
            f"A later release has made the comparison keys anew (version {version.comparison_key_version}, "
            f"here {COMPARISON_KEY_VERSION}). Start that release."
        )


def check_schema(version: SchemaVersion) -> None:
    """Check that this release can work with the database as it is.

    Raises:
        SchemaTooNewError: a later release has changed it in an incompatible way.
        SchemaTooOldError: ``musterbook migrate`` has to be run first.
    """
    check_not_too_new(version)
    if version.pending:
        missing = _names([item.name for item in version.pending])
        raise SchemaTooOldError(f"The database lacks {missing}. Run `musterbook migrate` first.")
    if version.needs_new_keys:
        raise SchemaTooOldError(
            f"The database's comparison keys are of version {version.comparison_key_version}, and this release makes "
            f"version {COMPARISON_KEY_VERSION}. Run `musterbook migrate` first."
        )
    if version.types_with_other_keys:
        raise SchemaTooOldError(
            f"The definition of {', '.join(version.types_with_other_keys)} is new to the database, or keeps another "
            "attribute unique. Run `musterbook migrate` first, with the same definitions."
        )


def _names(names: Sequence[str]) -> str:
    return ("the migration " if len(names) == 1 else "the migrations ") + ", ".join(names)
