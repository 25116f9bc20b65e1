"""*What keeps a database from being opened.* The failures of storage that have no place in the ports.

They are for whoever starts the server or gives a command, never for a client::

    DatabaseUrlError            the address names no database that Musterbook knows
    SchemaError
    ├── SchemaTooOldError       the database waits for `musterbook migrate`
    ├── SchemaTooNewError       a later release has changed the database in a way that this one cannot work with
    └── KeyCollisionError       two resources that were different before have the same key in this release
"""

from collections.abc import Sequence


class DatabaseUrlError(ValueError):
    """The address names no database that Musterbook knows."""


class SchemaError(Exception):
    """The database cannot be used by this release as it is."""


class SchemaTooOldError(SchemaError):
    """The database lacks migrations that this release needs."""


class SchemaTooNewError(SchemaError):
    """The database holds migrations that this release neither knows nor can work with."""


class KeyCollisionError(SchemaError):
    """A change of the comparison key would make resources equal that were different; nothing was changed."""

    def __init__(self, collisions: Sequence[tuple[str, str, tuple[str, ...]]]) -> None:
        self.collisions = tuple(collisions)
        """(tenant, resource type, ids) of resources that would hold the same unique key."""
        lines = "\n".join(f"tenant {tenant}: {kind} {', '.join(ids)}" for tenant, kind, ids in self.collisions)
        super().__init__(
            "These resources have the same unique name once upper and lower case, width and composition are left "
            f"aside as this release does. Rename all but one of each line with the release before:\n{lines}"
        )
