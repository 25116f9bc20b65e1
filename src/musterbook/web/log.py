"""*The log.* Decides what one request leaves behind: one line.

Knows :class:`RequestRecord` and a stream; knows no request. Lines are JSON on standard output, or text for people where
that is a terminal. A line holds ids, names and figures; never a body, a filter, a key, a path as it was sent or an
address of mail, because the record that it is made from has none.

A log that cannot be written (a full disk, a closed pipe) stops no request: the line is lost.
"""

import contextlib
import io
import logging
import sys
import time
from typing import IO, Protocol

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from musterbook.web.record import RequestRecord

_ENCODER = msgspec.json.Encoder(enc_hook=str)
_CLIENT_ERROR = 400
_SERVER_ERROR = 500
_MILLISECONDS = 1000
_MAX_IDS = 20
_MAX_ID_LENGTH = 64
"""An id of ours has 36 characters; what a client sends instead may be long."""


class _Time:
    """The time as lines show it. The date and the second are the same for many lines and rendered once."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def render(self) -> str:
        second, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
        if second != self._second:
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second
        return f"{self._text}.{nanoseconds // 1_000_000:03d}Z"


class _JsonLine:
    """Renders an event as a line of JSON, in one step: it is taken for every request."""

    def __init__(self) -> None:
        self._time = _Time()

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> bytes:
        event["level"] = method
        event["time"] = self._time.render()
        if "exc_info" in event:
            event = structlog.processors.format_exc_info(logger, method, event)
        return _ENCODER.encode(event)


class Sink(Protocol):
    """Where lines go. A file or descriptor that does not buffer."""

    def write(self, line: bytes, /) -> object:
        """Write the whole line at once."""
        ...


class LineWriter:
    """Writes each line with one call to the system, so that lines of several processes do not mix."""

    def __init__(self, sink: Sink) -> None:
        """Write to ``sink``."""
        self._sink = sink

    def msg(self, line: bytes) -> None:
        """Write ``line``."""
        with contextlib.suppress(OSError, ValueError):
            self._sink.write(line + b"\n")

    debug = info = warning = error = critical = exception = fatal = msg


class StreamWriter:
    """Writes lines of text for people."""

    def __init__(self, stream: IO[str]) -> None:
        """Write to ``stream``."""
        self._stream = stream

    def msg(self, line: str) -> None:
        """Write ``line``."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()

    debug = info = warning = error = critical = exception = fatal = msg


def json_log(sink: Sink) -> FilteringBoundLogger:
    """Return a log that writes one JSON object a line to ``sink``."""
    return _log(LineWriter(sink), [_JsonLine()])


def console_log(stream: IO[str]) -> FilteringBoundLogger:
    """Return a log for people at a terminal."""
    add_time = structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False, key="time")
    console = structlog.dev.ConsoleRenderer(timestamp_key="time")
    return _log(StreamWriter(stream), [structlog.processors.add_log_level, add_time, console])


def standard_log() -> FilteringBoundLogger:
    """Return the log of this process: JSON on standard output, text where that is a terminal."""
    if sys.stdout.isatty():
        return console_log(sys.stdout)
    return json_log(io.FileIO(sys.stdout.fileno(), "w", closefd=False))


def log_request(log: FilteringBoundLogger, record: RequestRecord) -> None:
    """Write the line of one request."""
    fields: dict[str, object] = {
        "request_id": record.request_id,
        "method": record.method,
        "route": record.route,
        "status": record.status,
        "duration_ms": round((time.perf_counter() - record.started) * _MILLISECONDS, 2),
        "bytes": record.response_bytes,
    }
    if record.key_id is not None:
        fields["tenant_id"] = record.tenant_id
        fields["key_id"] = record.key_id
    if record.operation is not None:
        fields["operation"] = record.operation
    if record.waited_seconds is not None:
        fields["waited_ms"] = round(record.waited_seconds * _MILLISECONDS, 2)
    if record.bulk_operations:
        fields["bulk_operations"] = record.bulk_operations
        fields["bulk_errors"] = record.bulk_errors
    if record.unknown_members:
        fields["unknown_members"] = [id_[:_MAX_ID_LENGTH] for id_ in record.unknown_members[:_MAX_IDS]]
        fields["unknown_members_count"] = len(record.unknown_members)
    if record.status >= _CLIENT_ERROR:
        _add_failure(fields, record)
    tolerance = record.tolerance
    if tolerance is not None:
        if tolerance.applied:
            fields["dialects"] = tolerance.applied
        if tolerance.ignored:
            fields["ignored"] = tolerance.ignored
            fields["ignored_count"] = len(tolerance.ignored)
    if record.status >= _SERVER_ERROR:
        log.error("request", **fields)
    else:
        log.info("request", **fields)


def _add_failure(fields: dict[str, object], record: RequestRecord) -> None:
    if record.scim_type is not None:
        fields["scim_type"] = record.scim_type
    if record.refusal is not None:
        fields["refusal"] = record.refusal
    if record.limit is not None:
        fields["limit"] = record.limit
    if record.client is not None:
        fields["client"] = record.client


def route_library_logs(log: FilteringBoundLogger) -> None:
    """Have what uvicorn says (warnings and errors) written to ``log``; its start and end are the commands' to tell."""
    logger = logging.getLogger("uvicorn.error")
    logger.handlers = [_ForwardingHandler(log)]
    logger.propagate = False
    logger.setLevel(logging.WARNING)


class _ForwardingHandler(logging.Handler):
    """Hands what a library logs through the standard library to our log."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


def _log(writer: WrappedLogger, processors: list[Processor]) -> FilteringBoundLogger:
    wrapper = structlog.make_filtering_bound_logger(logging.INFO)
    log: FilteringBoundLogger = structlog.wrap_logger(
        writer, processors=processors, wrapper_class=wrapper, cache_logger_on_first_use=True
    ).bind()
    return log
