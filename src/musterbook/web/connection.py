"""*One HTTP/1.1 connection.* Decides how long and how large a request may be before it is whole, and how it is left.

Knows bytes, timers and uvicorn's protocol class; knows no route and no key. uvicorn bounds only the time between two
requests. This module bounds everything else that a peer can hold open (RFC 9110 §15.5, RFC 9112 §9.5):

* a request head that does not end: ten seconds, 64 KiB (414 for its first line, 431 for the rest);
* what a chunked body carries beside its content: chunk extensions, and trailer fields, which are dropped unread;
* a body that nobody will read, after a refusal: a little is read and dropped, so that the peer sees the answer instead
  of a reset connection, and the connection stays usable;
* an answer that the peer does not take, and requests that wait for their turn;
* garbage after a request that is still being worked on: its answer goes out first, so that nobody takes the refusal
  of the garbage for it.
"""

import asyncio
from collections.abc import Sized
from http import HTTPStatus

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from musterbook.scim.errors import BadRequestError, ScimError, UriTooLongError
from musterbook.scim.render import SCIM_JSON, render_error
from musterbook.web.application import Application
from musterbook.web.head import MAX_REQUEST_LINE_BYTES

MAX_HEAD_BYTES = 64 * 1024
"""All header fields together. nginx takes 32 KiB by default, Apache some 800 KiB."""
LARGEST_READ_BYTES = 256 * 1024
"""What the event loops hand over at once, at most."""
MAX_HEADER_FIELDS = 100
"""As many as Apache takes by default."""
HEAD_SECONDS = 10.0
UNREAD_BODY_SECONDS = 5.0
UNREAD_BODY_BYTES = 1024 * 1024
STALLED_WRITE_SECONDS = 30.0
FAREWELL_SECONDS = 0.5
"""How long an idle connection may still bring a request after shutdown began. Without it, a client that is just
sending one loses it to a reset."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""As uvicorn writes it: an answer of its own, which nothing follows."""
_MALFORMED = (type(None), httptools.HttpParserError, UnicodeDecodeError)
"""What ends the reading of a request because of the request: the parser itself, our limits, a target that is not
ASCII. Anything else that was raised meanwhile is a bug."""
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


class HeaderFieldsTooLargeError(ScimError):
    """Header fields over their limit (RFC 6585 §5)."""

    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE.value


class JoinedWrites(asyncio.Transport):
    """Sends the head of an answer together with the beginning of its body: one call to the system and one packet.

    uvicorn writes them one after the other, and uvloop sends each at once. Joined, an empty request cost 29 µs of
    computing instead of 33.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        """Write to ``transport``."""
        super().__init__()
        self._transport = transport
        self._head: bytes | None = None
        self._expects_head = True

    def write(self, data: "bytes | bytearray | memoryview[int]") -> None:
        """Keep a head until what follows it comes."""
        if self._head is not None:
            data, self._head = b"".join((self._head, data)), None
        elif self._expects_head and data != CONTINUE:
            self._head = bytes(data)
            self._expects_head = False
            return
        self._transport.write(data)

    def end_answer(self) -> None:
        """Send a head that nothing follows, and expect another."""
        if self._head is not None:
            self.write(b"")
        self._expects_head = True

    def is_closing(self) -> bool:
        """Return whether the connection is ending."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Send what was kept, and end the connection."""
        self.end_answer()
        self._transport.close()


class QueueFlow(FlowControl):
    """Reads nothing more from a peer as long as requests that were read wait for their turn.

    uvicorn reads on after each answer: a peer that sends a thousand requests at once filled the memory with them.
    """

    def __init__(self, transport: asyncio.Transport, waiting: Sized) -> None:
        """Keep the reading of ``transport`` paused while anything is in ``waiting``."""
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        """Read on, unless requests wait."""
        if not self._waiting:
            super().resume_reading()


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol with bounds on what a peer can hold open."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head_timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._head_is_open = False
        self._chunk_bytes = 0
        self._head_bytes = 0
        """What was read since the head began, at most: its first chunk may hold whole requests before it."""
        self._framing_bytes = 0
        """What was read after the head without a byte of content."""
        self._unread_bytes = 0
        self._refusal: ScimError | None = None
        self._active: RequestResponseCycle | None = None
        """The request being answered; ``cycle`` is the last one that was read."""
        self._is_shutting_down = False
        self._is_replaying = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for the first request, for a while."""
        super().connection_made(transport)
        self._joined_writes = JoinedWrites(transport)
        self.flow = QueueFlow(transport, self.pipeline)
        self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop every timer."""
        for timer in (self._head_timer, self._unread_timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    # Reading

    def data_received(self, data: bytes) -> None:
        """Read on, and see that the head ends in time and in size."""
        self._chunk_bytes = len(data)
        self._head_bytes += self._chunk_bytes
        self._framing_bytes += self._chunk_bytes
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._decline_upgrade(data[offer.args[0] :])
            return
        except httptools.HttpParserError as error:
            if not isinstance(error.__context__, _MALFORMED):
                self.logger.exception("Reading a request failed")
            self.send_400_response("")
            return
        is_too_large = self._head_is_open and self._head_bytes > LARGEST_READ_BYTES + MAX_HEAD_BYTES
        if is_too_large or (not self._head_is_open and self._framing_bytes > LARGEST_READ_BYTES + MAX_HEAD_BYTES):
            self._refusal = self._oversized_head()
            self.send_400_response("")
        elif self._head_timer is None and (self._head_is_open or self._has_no_timer()):
            # One timer for the whole head: a peer that sends a byte now and then gains nothing.
            self._start_head_timer()

    def on_message_begin(self) -> None:
        """Note that a head has begun."""
        if self._is_replaying:
            return
        super().on_message_begin()
        self._head_is_open = True
        self._head_bytes = self._chunk_bytes

    def on_url(self, url: bytes) -> None:
        """Take a part of the target, within its limit."""
        if self._is_replaying:
            return
        super().on_url(url)
        if len(self.url) > MAX_REQUEST_LINE_BYTES:
            self._refuse(self._oversized_head())

    def on_headers_complete(self) -> None:
        """Hand the request over, within the limits of its head."""
        if self._is_replaying:
            return
        self._head_is_open = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        headers = self.headers
        if self.parser.get_method() == b"CONNECT":  # Asks for a tunnel and has no path (RFC 9110 §9.3.6).
            self._refuse(BadRequestError("This server is not a proxy."))
        if len(headers) > MAX_HEADER_FIELDS or (
            self._head_bytes > MAX_HEAD_BYTES
            and sum(len(name) + len(value) for name, value in headers) > MAX_HEAD_BYTES
        ):
            self._refuse(self._oversized_head())
        if self._hosts() != 1 and self.parser.get_http_version() != "1.0":
            self._refuse(BadRequestError("A request names one Host (RFC 9112 §3.2)."))
        super().on_headers_complete()
        self._framing_bytes = 0
        if not self.parser.should_upgrade():
            # Trailer fields come after every check of the head, ours and a proxy's, so they are not let into it
            # (RFC 9110 §6.5.1).
            self.headers = []
        self.cycle.transport = self._joined_writes
        if self._is_shutting_down:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Take a part of the body; drop it if it was answered already, up to a limit."""
        self._framing_bytes = 0
        if self.cycle.response_complete:
            self._unread_bytes += len(body)
            if self._unread_bytes > UNREAD_BODY_BYTES:
                self.transport.close()
            return
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note the end of the request, also of one that was answered before it ended."""
        if self.parser.should_upgrade() and self._framing():
            return  # The parser has left the body out; see _decline_upgrade.
        super().on_message_complete()
        if self.cycle.response_complete:
            # The rest of a body that nobody read has come; the connection is as good as new.
            self._unread_bytes = 0
            if self._unread_timer is not None:
                self._unread_timer.cancel()
                self._unread_timer = None
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read as a request, and close the connection; uvicorn's own ``msg`` says less."""
        del msg
        if self._unread_timer is not None:
            self.transport.close()  # The rest of a request that has its answer: another would answer nothing.
            return
        active = self._active
        if active is not None and not active.response_complete:
            if not active.more_body:
                active.keep_alive = False
                self.pipeline.clear()
                self.flow.pause_reading()
                return
            if active.response_started:
                self.transport.close()
                return
        error = self._refusal or BadRequestError("This is not a well-formed HTTP/1.1 request.")
        # No application sees this request, so this is its only trace; what was sent is not repeated.
        self.logger.warning("A connection was refused with %d", error.status)
        if isinstance(self.app, Application):
            self.app.metrics.refuse_connection(error.status)
        response = render_error(error, SCIM_JSON)
        head = [STATUS_LINE[error.status], b"content-length: %d\r\n" % len(response.body), b"connection: close\r\n"]
        head += [f"{name}: {value}\r\n".encode("latin-1") for name, value in response.headers]
        self.transport.write(b"".join([*head, b"\r\n", response.body]))
        self._close()

    def _decline_upgrade(self, rest: bytes) -> None:
        """Go on in HTTP/1.1 after an offer to change to another protocol (RFC 9110 §7.8), such as Java's client makes.

        The parser takes all that follows such a head for the other protocol, a body too. So a fresh parser is shown
        how the request is framed, with nobody listening, and goes on from there.
        """
        framing = self._framing()
        self.parser = httptools.HttpRequestParser(self)
        if framing:
            lines = [b"%s: %s\r\n" % field for field in framing]
            self.headers = []  # The request has its own already; what comes now is the framing again, and trailers.
            self._is_replaying = True
            self.parser.feed_data(b"".join([b"POST / HTTP/1.1\r\n", *lines, b"\r\n"]))
            self._is_replaying = False
        if rest:
            self.data_received(rest)

    def _hosts(self) -> int:
        return [name for name, _ in self.headers].count(b"host")

    def _framing(self) -> list[tuple[bytes, bytes]]:
        return [(name, value) for name, value in self.headers if name in _FRAMING]

    def _refuse(self, error: ScimError) -> None:
        """Stop the parser; uvicorn then calls :meth:`send_400_response`."""
        self._refusal = error
        raise httptools.HttpParserError(error.detail)

    def _oversized_head(self) -> ScimError:
        if len(self.url) > MAX_REQUEST_LINE_BYTES:
            return UriTooLongError("The request line is longer than 64 KiB. Ask for less in one request.")
        return HeaderFieldsTooLargeError("The request has more than 100 header fields or 64 KiB of them.")

    # Answering

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._active = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Limit how long the rest of an answered request, or the reading of the answer, may take."""
        self._joined_writes.end_answer()
        super().on_response_complete()
        if self.transport.is_closing():
            self._limit_stalled_write()
        elif self.cycle.response_complete and self.cycle.more_body and self._unread_timer is None:
            self._unread_timer = self.loop.call_later(UNREAD_BODY_SECONDS, self._close)

    def pause_writing(self) -> None:
        """Limit how long the peer may take nothing."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(STALLED_WRITE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Note that the peer takes the answer again."""
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
        super().resume_writing()

    def _limit_stalled_write(self) -> None:
        """Drop a closing connection whose peer does not take what was written."""
        if self._write_timer is None and self.transport.get_write_buffer_size() > 0:
            self._write_timer = self.loop.call_later(STALLED_WRITE_SECONDS, self.transport.abort)

    # Leaving

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that brought no request for a while."""
        self._close()

    def shutdown(self) -> None:
        """Let the request that is being answered, or is just being sent, be the last one."""
        self._is_shutting_down = True
        if self._is_idle():
            self.loop.call_later(FAREWELL_SECONDS, self._close_if_idle)
        else:
            super().shutdown()

    def _close_if_idle(self) -> None:
        if self._is_idle():
            self._close()

    def _is_idle(self) -> bool:
        return self._active is None or self._active.response_complete

    def _has_no_timer(self) -> bool:
        # Line ends between requests begin no head, but have ended uvicorn's keep-alive timer: the connection would
        # wait for ever.
        return self._is_idle() and self.timeout_keep_alive_task is None and self._unread_timer is None

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
        self._limit_stalled_write()

    def _start_head_timer(self) -> None:
        if not self.transport.is_closing():
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._close)
