"""*Versions and preconditions.* Decides what ``ETag``, ``If-Match`` and ``If-None-Match`` say (RFC 7644 §3.14).

Knows version numbers and the text of header fields; knows no resource, request or storage. A change is checked against
the very version that it is computed from; that is the directory's part.

Where the RFCs disagree: RFC 9110 §13.1.1 compares ``If-Match`` strongly, and a weak entity tag equals nothing then;
RFC 7644 §3.14 lets servers issue weak tags, and shows one in ``If-Match``. Ours are weak, since one version is shown
in several representations (``attributes``, media types), and we follow RFC 7644: the comparison is weak in both
fields, so ``W/"3"`` and ``"3"`` are one version.
"""

import re
from dataclasses import dataclass
from typing import Final

from musterbook.scim.errors import PreconditionFailedError

_ANY: Final = frozenset({"*"})
_NOTHING: Final[frozenset[str]] = frozenset()
# entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE (RFC 9110 §8.8.3), then a comma or the end. A comma may stand in a tag, and
# a list may have empty members (§5.6.1). What is possessive never looks back, so a long field costs its length.
_MEMBER = re.compile(r'[ \t]*+(?:(?:W/)?+("[!#-~\x80-\xff]*+")[ \t]*+)?+(?:,|\Z)')


def entity_tag(version: int) -> str:
    """Return the entity tag of a version, as it stands in ``ETag`` and in ``meta.version``."""
    return f'W/"{version}"'


@dataclass(frozen=True, slots=True)
class Precondition:
    """What must be true of the present version. A field that was not sent is ``None``.

    A field holds opaque tags in their quotes, or ``*``. One that cannot be read holds nothing.
    """

    if_match: frozenset[str] | None = None
    if_none_match: frozenset[str] | None = None

    def check_change(self, version: int) -> None:
        """Return if a resource at ``version`` may be changed.

        Raises:
            PreconditionFailedError: ``If-Match`` does not name the version, or ``If-None-Match`` does; so also where
                the field cannot be read, because then nobody knows what the client wanted to be sure of.
        """
        self._check_match(version)
        if self.if_none_match is not None and (not self.if_none_match or _names(self.if_none_match, version)):
            raise PreconditionFailedError(
                f"If-None-Match does not let the resource be changed at version {entity_tag(version)}."
            )

    def is_known(self, version: int) -> bool:
        """Return whether the client has ``version`` already and need not be sent it again.

        Raises:
            PreconditionFailedError: ``If-Match`` does not name the version.
        """
        self._check_match(version)
        return self.if_none_match is not None and _names(self.if_none_match, version)

    def _check_match(self, version: int) -> None:
        if self.if_match is not None and not _names(self.if_match, version):
            raise PreconditionFailedError(
                f"The resource is at version {entity_tag(version)}, which If-Match does not name. "
                "Read the resource again, then decide."
            )


NO_PRECONDITION: Final = Precondition()
"""What most requests have."""


def parse_precondition(if_match: str | None, if_none_match: str | None) -> Precondition:
    """Return the precondition of the two header fields, each ``None`` where it was not sent."""
    if if_match is None and if_none_match is None:
        return NO_PRECONDITION
    return Precondition(
        None if if_match is None else _parse_field(if_match),
        None if if_none_match is None else _parse_field(if_none_match),
    )


def _parse_field(text: str) -> frozenset[str]:
    """Return the opaque tags of ``"*" / #entity-tag``, or nothing where ``text`` is neither."""
    if text.strip(" \t") == "*":
        return _ANY
    tags: set[str] = set()
    position = 0
    while position < len(text):
        member = _MEMBER.match(text, position)
        if member is None:
            return _NOTHING
        if member[1] is not None:
            tags.add(member[1])
        position = member.end()
    return frozenset(tags)


def _names(field: frozenset[str], version: int) -> bool:
    return "*" in field or f'"{version}"' in field
