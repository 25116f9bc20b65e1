"""*The beginning and the end of every request.* Gives it an id, and sees to it that it is logged and counted once.

Knows the log and the figures; knows no route.
"""

import time

from structlog.typing import FilteringBoundLogger

from musterbook.directory import Clock, RandomBytes, make_id
from musterbook.web.head import RequestHead
from musterbook.web.log import log_request
from musterbook.web.metrics import Metrics
from musterbook.web.record import RequestRecord

CLIENT_GONE = 499
"""What the log says of a request whose client went away before it was answered; nginx's number for it."""
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"})


class Observer:
    """Watches the requests of one process."""

    def __init__(self, log: FilteringBoundLogger, metrics: Metrics, clock: Clock, random_bytes: RandomBytes) -> None:
        """Write to ``log`` and count in ``metrics``; time and chance make request ids."""
        self.log = log
        self.metrics = metrics
        self.clock = clock
        self.random_bytes = random_bytes

    def begin(self, method: str, head: RequestHead) -> RequestRecord:
        """Return the record of a request that has come; the client's own request id is kept where it is safe."""
        self.metrics.begin()
        return RequestRecord(
            request_id=head.request_id or make_id(self.clock(), self.random_bytes),
            method=method if method in _METHODS else "OTHER",
            started=time.perf_counter(),
        )

    def end(self, record: RequestRecord) -> None:
        """Log and count a request that is over."""
        self.metrics.end(record)
        log_request(self.log, record)
