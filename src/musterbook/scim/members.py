"""*Members.* Decides what a request asks of the members of a group (RFC 7643 §4.2, RFC 7644 §3.5.2).

Knows groups, their members and edits; knows no tenant or database. Members are rows of their own, so a request is
turned into a change of the *set* of members, which needs no look at those that are there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MEMBER_TYPES: Final = ("User", "Group")
"""The names of the resource types that can be members."""


@dataclass(frozen=True, slots=True)
class MembersEdit:
    """A change of the set of members. To add who is there, or to remove who is not, is no change."""

    added: Mapping[str, str | None] = field(default_factory=dict)
    """Comparison keys of the ids that were sent (ids are their own keys; ``members.value`` is not case-exact), with the
    names under which the client adds them."""
    removed: frozenset[str] = frozenset()
    """Comparison keys of ids; none that is in ``added``."""
    replaces: bool = False
    """Whether ``added`` are all members there are to be; then nothing is in ``removed``."""
    leaves_out_unknown: bool = True
    """Whether ids that are nobody's are left out as long as one is somebody's; otherwise one of them refuses all."""
