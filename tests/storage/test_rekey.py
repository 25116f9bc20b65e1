"""Keys made anew from stored documents."""

import pytest

from musterbook.scim import IndexEntries
from musterbook.storage.rekey import RowKeys, keys_of

CREW = '{"schemas":[],"id":"1","displayName":"CREW","externalId":"C"}'


def test_a_groups_name_is_its_key_or_a_value() -> None:
    """Where names are unique the name is the unique key; where they are not it is one of the values."""
    unique = IndexEntries(unique_key="crew", external_id="C")
    shared = IndexEntries(external_id="C", values=(("displayName", "crew"),))
    assert keys_of("acme", "Group", "1", CREW, unique_group_names=True) == RowKeys("acme", "Group", "1", unique)
    assert keys_of("acme", "Group", "1", CREW, unique_group_names=False) == RowKeys("acme", "Group", "1", shared)


def test_a_type_that_is_not_known_has_no_keys() -> None:
    """What this release does not store it does not make keys for."""
    with pytest.raises(ValueError, match="Ship"):
        keys_of("acme", "Ship", "1", "{}", unique_group_names=True)
