"""*Rows of grants.* Decides what is selected to see who holds what, and what a row of it means.

Shared by the engines, as ``rows`` is.
"""

from typing import Final

import msgspec

from musterbook.directory import ResourceId
from musterbook.directory.grant_store import Examined, GroupAround, Surroundings
from musterbook.storage.rows import Row, read_record

EVERYONE: Final = "resource_type = 'Everyone' AND id = 'everyone'"
SETTINGS: Final = "resource_type = 'SignInSettings' AND id = 'sign-in'"
CONNECTION: Final = "resource_type = 'SamlConnection' AND id = 'saml'"
"""Where those resources of a tenant stand of which there is one: conditions for rows of ``resources``."""

_GROUPS: Final = msgspec.json.Decoder(tuple[tuple[str, str, str, int], ...])


def read_surroundings(row: Row) -> Surroundings:
    """Return what a row of ``RECORD_COLUMNS``, the account of Everyone, the settings, and groups as JSON means."""
    *record, everyone, settings, groups = row
    around = () if groups is None else _GROUPS.decode(groups)
    return Surroundings(
        read_record(record),
        everyone,
        settings,
        tuple(GroupAround(ResourceId(id_), name, account, bool(direct)) for id_, name, account, direct in around),
    )


def read_examined(row: Row) -> Examined:
    """Return what a row of a resource type, ``RECORD_COLUMNS`` and whether there is a binding means."""
    resource_type, *record, is_bound = row
    return Examined(resource_type, read_record(record), bool(is_bound))
