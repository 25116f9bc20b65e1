"""*What is remembered of one request.* The fields of its line in the log and of its figures.

Filled while the request is served. It holds no header value, body, filter or path, so nothing written from it can leak
one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from musterbook.scim import Tolerance
from musterbook.scim.operation import Created, Found, Outcome
from musterbook.scim.render import SCIM_JSON

UNMATCHED = "unmatched"
"""The route of a request that got no further than the door, or whose path means nothing."""


@dataclass(slots=True)
class RequestRecord:
    """One request; slots and plain assignment, because one is made for each."""

    request_id: str
    method: str
    """Of a closed set; everything else is ``OTHER``."""
    started: float
    """By ``time.perf_counter``."""
    route: str = UNMATCHED
    """The path without ids."""
    operation: str | None = None
    tenant_id: str | None = None
    key_id: str | None = None
    media_type: str = SCIM_JSON
    """In which errors are shown; follows the key once it is known."""
    status: int = 0
    scim_type: str | None = None
    response_bytes: int = 0
    tolerance: Tolerance | None = None
    unknown_members: Sequence[str] = ()
    """The ids that were sent as members of a group and are nobody's, where they were left out."""
    refusal: str | None = None
    """Why a key was refused."""
    bulk_operations: int = 0
    """How many operations a bulk request held."""
    bulk_errors: int = 0
    waited_seconds: float | None = None
    """How long it waited for its turn, where it did."""
    limit: str | None = None
    """Which limit on one sender it was refused for."""
    client: str | None = None
    """The address that was refused; of others none is kept."""

    def note(self, outcome: Outcome) -> None:
        """Keep what the log tells of the outcome of an operation."""
        if isinstance(outcome, Created | Found) and outcome.unknown_members:
            self.unknown_members = (*self.unknown_members, *outcome.unknown_members)
