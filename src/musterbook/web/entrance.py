"""*The entrance.* Takes a request past the limits on its sender, and writes down what came of it.

Knows :class:`RequestRecord`, the figures and both kinds of limits; decides nothing: who may work is decided in
``admission``, how often a key may ask in ``limits``.
"""

import time

from musterbook.web.admission import Admission, Place
from musterbook.web.limits import OverLimitError, RateLimit
from musterbook.web.metrics import Metrics
from musterbook.web.record import RequestRecord


class Entrance:
    """The way into one process."""

    def __init__(self, requests_per_second: int | None, metrics: Metrics) -> None:
        """Allow each key so many requests a second, or any number."""
        admission = Admission()
        self.enter = admission.enter
        """Lets a request in at once, or returns ``None``: it has to :meth:`wait`. This and the next are taken for every
        request, so they are the functions themselves."""
        self.leave = admission.leave
        """Gives a place back when the request has its answer."""
        self.dismiss = admission.dismiss
        """Refuses what waits behind a request that found the database away."""
        self._admission = admission
        self._rate_limit = None if requests_per_second is None else RateLimit(requests_per_second)
        self._metrics = metrics

    def check_rate(self, key_id: str, record: RequestRecord) -> None:
        """Count a request against the rate of its key.

        Raises:
            OverLimitError: the key has sent too many.
        """
        if self._rate_limit is not None:
            try:
                self._rate_limit.take(key_id, record.started)
            except OverLimitError as error:
                self._note(error, record)
                raise

    async def wait(self, name: str, record: RequestRecord) -> Place:
        """Return when it is the turn of a request that was not let in at once.

        Raises:
            OverLimitError: too many wait, or it waited too long.
            UnavailableError: what was begun before it found the database away.
        """
        begun = time.perf_counter()
        self._metrics.begin_waiting()
        try:
            return await self._admission.wait(name)
        except OverLimitError as error:
            self._note(error, record)
            raise
        finally:
            self._metrics.end_waiting()
            record.waited_seconds = (record.waited_seconds or 0.0) + time.perf_counter() - begun

    def _note(self, error: OverLimitError, record: RequestRecord) -> None:
        record.limit = error.limit.value
        self._metrics.refuse_over_limit(error.limit.value)
