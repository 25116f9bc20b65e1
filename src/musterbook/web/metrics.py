"""*Figures.* Decides what is counted of requests, and who may read it (Prometheus text format).

Knows :class:`RequestRecord`; knows no request. Labels come from closed sets (route templates, known methods, statuses),
so a client cannot make them grow. With several processes each counts for itself into a file of a shared folder
(``PROMETHEUS_MULTIPROC_DIR``, which ``server`` sets), and whichever is asked adds them up.
"""

import hmac
import os
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from musterbook.web.head import read_head
from musterbook.web.proxy import is_loopback, peer_host
from musterbook.web.record import RequestRecord

MULTIPROCESS_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

DURATION_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds. A request for one user takes well under a millisecond of computing; five seconds is the longest that one
waits for the database."""


class Metrics:
    """What is counted in this process."""

    def __init__(self) -> None:
        """Count from zero, in a registry of its own."""
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "musterbook_requests", "Requests answered.", ("route", "method", "status"), registry=self._registry
        )
        self._durations = Histogram(
            "musterbook_request_duration_seconds",
            "Time from the head of a request to its answer.",
            ("route", "method"),
            buckets=DURATION_BUCKETS,
            registry=self._registry,
        )
        self._in_flight = Gauge(
            "musterbook_requests_in_flight",
            "Requests being answered.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._waiting = Gauge(
            "musterbook_requests_waiting",
            "Requests that wait until others of the same tenant have been answered.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._over_limit = Counter(
            "musterbook_requests_over_limit", "Requests refused with 429.", ("limit",), registry=self._registry
        )
        self._connections_refused = Counter(
            "musterbook_connections_refused",
            "Connections closed because what came was no request or was too large to be read.",
            ("status",),
            registry=self._registry,
        )
        # The library looks its children up under a lock by text; a request finds its own by a tuple.
        self._counters: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def begin(self) -> None:
        """Count a request that has come."""
        self._in_flight.inc()

    def end(self, record: RequestRecord) -> None:
        """Count a request that is over."""
        self._in_flight.dec()
        key = (record.route, record.method, record.status)
        children = self._counters.get(key)
        if children is None:
            children = self._counters[key] = self._children(record)
        counter, durations = children
        counter.inc()
        durations.observe(time.perf_counter() - record.started)

    def begin_waiting(self) -> None:
        """Count a request that has to wait for its turn."""
        self._waiting.inc()

    def end_waiting(self) -> None:
        """Count a request whose turn has come, or that was refused."""
        self._waiting.dec()

    def refuse_over_limit(self, limit: str) -> None:
        """Count a request that was refused because its sender sends too much."""
        self._over_limit.labels(limit).inc()

    def refuse_connection(self, status: int) -> None:
        """Count what was refused before it was a request."""
        self._connections_refused.labels(str(status)).inc()

    def _children(self, record: RequestRecord) -> tuple[Counter, Histogram]:
        counter = self._requests.labels(record.route, record.method, str(record.status))
        return counter, self._durations.labels(record.route, record.method)

    def render(self) -> bytes:
        """Return the figures of all processes in Prometheus' text format."""
        if MULTIPROCESS_DIRECTORY not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library leaves it unannotated
        return generate_latest(registry)


class MetricsPage:
    """The answer to ``/metrics``."""

    def __init__(self, metrics: Metrics, token: str | None) -> None:
        """Show ``metrics`` to this machine, and to whoever presents ``token``."""
        self._metrics = metrics
        self._token = None if token is None else b"Bearer " + token.encode()

    async def answer(self, request: Request) -> Response:
        """Answer with the figures, or with the 404 of a page that does not exist."""
        if not self._may_read(request):
            return PlainTextResponse("Not Found", 404)
        return Response(self._metrics.render(), media_type=CONTENT_TYPE)

    def _may_read(self, request: Request) -> bool:
        head = read_head(request.scope["headers"])
        if self._token is not None and head.authorization is not None:
            return hmac.compare_digest(head.authorization, self._token)
        # With a proxy on the same machine everybody's connection comes from loopback; what it forwards says so.
        return is_loopback(peer_host(request.scope)) and not head.is_forwarded
