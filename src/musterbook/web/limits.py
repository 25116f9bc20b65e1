"""*Too much of one sender.* Decides what a client is told that sends more than it is given room for.

Always 429 with whole seconds in ``Retry-After`` (RFC 6585 §4): it is the sender's own doing, and worth repeating. Okta,
which tells what it does, waits that long, and reads the seconds only where they are a whole number. 503 stays for what
is our fault.
"""

import math
from enum import Enum

from musterbook.scim.errors import TooManyRequestsError

MAX_KEYS = 10_000
"""How many keys a rate is remembered of before those that have been quiet are forgotten."""
_TOLERANCE_SECONDS = 1e-6
"""Sums of fractions of a second are not exact, and nobody is refused for a microsecond."""


class Limit(Enum):
    """What a refused request met; for the log and the figures."""

    RATE = "rate"
    """The requests a second that the operator allows a key."""
    QUEUE = "queue"
    """The number of requests of one tenant that wait for their turn."""
    PATIENCE = "patience"
    """The time for which a request waits."""


class OverLimitError(TooManyRequestsError):
    """A request over one of the limits."""

    def __init__(self, limit: Limit, detail: str, *, retry_after_seconds: int = 1) -> None:
        """Keep which limit it was."""
        super().__init__(detail, retry_after_seconds=retry_after_seconds)
        self.limit = limit


class RateLimit:
    """So many requests a second for each key, in this process.

    Each key has a bucket that holds as many requests as it may send in a second, and fills up again at that rate. What
    is kept of a bucket is one number: when it will be full.
    """

    def __init__(self, requests_per_second: int) -> None:
        """Allow each key so many."""
        self._requests_per_second = requests_per_second
        self._interval = 1 / requests_per_second
        self._full_at: dict[str, float] = {}

    def take(self, key_id: str, now: float) -> None:
        """Take one request out of the key's bucket; ``now`` is of a clock that never goes back.

        Raises:
            OverLimitError: the bucket is empty. What is refused takes nothing.
        """
        full_at = max(self._full_at.get(key_id, now), now) + self._interval
        missing = full_at - now - 1.0
        if missing > _TOLERANCE_SECONDS:
            allowed = "one request" if self._requests_per_second == 1 else f"{self._requests_per_second} requests"
            raise OverLimitError(
                Limit.RATE,
                f"This key may send {allowed} a second. Wait, and send fewer.",
                retry_after_seconds=max(1, math.ceil(missing)),
            )
        if len(self._full_at) >= MAX_KEYS:
            self._full_at = {key: at for key, at in self._full_at.items() if at > now}
        self._full_at[key_id] = full_at
