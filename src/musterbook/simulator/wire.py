"""*Requests on the wire.* Decides every byte of the simulator's requests and records what went over the wire.

Knows no provider, and nothing of SCIM but where its endpoints stand. ``http.client`` is used because it adds no header
and rewrites no target: OneLogin's ``PUT /Users/{id}?`` and ``GET /Users?filter=…&`` must arrive as they are. The token
is in the requests and nowhere else: no message, ``repr`` or record shows it.
"""

import http.client
import json
import re
import selectors
import socket
import ssl
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from musterbook.simulator.errors import FailureReason, ProviderFailureError, SettingError

MAX_BODY = 16 * 1024 * 1024
"""Bytes of an answer that are read. Ours alone: what OneLogin reads is not known."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_VERSION = re.compile(r"v\d+(\.\d+)?", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
_OURS = frozenset({"authorization", "host", "content-length", "transfer-encoding", "connection"})
_HIDDEN = "[token]"
_COMPRESSED = frozenset({"gzip", "x-gzip", "deflate"})
_ZLIB_OR_GZIP = zlib.MAX_WBITS | 32

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """Where the SCIM endpoints stand (RFC 7644 §1.3). The path has no slash at its end."""

    scheme: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


def parse_base_url(text: str) -> BaseUrl:
    """Return the SCIM base URL that ``text`` names, which may be that URL or the root of a Musterbook server.

    A path with a segment ``scim``, or with a version such as ``v2`` at its end, is taken as the SCIM base as it is.
    Any other path is the root of a server or the prefix under which one is mounted, and ``/scim/v2`` is appended.

    Raises:
        SettingError: not an http or https URL, or one with a user, a query or a fragment.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise SettingError(f"The SCIM Base URL cannot be read: {error}.") from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise SettingError("The SCIM Base URL must begin with http:// or https:// and a host.")
    if "@" in parts.netloc:
        raise SettingError("The SCIM Base URL must hold no user and no password.")
    if parts.query or parts.fragment:
        raise SettingError("The SCIM Base URL must have no query and no fragment (RFC 7644 §1.3).")
    path = parts.path.rstrip("/")
    if path and not _PRINTABLE.fullmatch(path):
        raise SettingError("The path of the SCIM Base URL must be percent-encoded.")
    segments = path.lower().split("/")
    if "scim" not in segments and not _VERSION.fullmatch(segments[-1]):
        path += "/scim/v2"
    return BaseUrl(parts.scheme, parts.hostname, _DEFAULT_PORTS[parts.scheme] if port is None else port, path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what came back. The token is replaced in the headers."""

    method: str
    target: str
    """The path and query exactly as sent."""
    request_headers: Headers = field(repr=False)
    request_body: bytes = field(repr=False, default=b"")
    status: int | None = None
    """None when no answer came."""
    response_headers: Headers = field(repr=False, default=())
    response_body: bytes = field(repr=False, default=b"")
    duration: float
    """Seconds from the first byte sent to the last byte read."""

    def response_header(self, name: str) -> str | None:
        """Return the value of a header of the answer, or None when it has none of that name."""
        return next((value for key, value in self.response_headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What one provider puts into each of its requests, besides the token."""

    headers: Mapping[str, str]
    """The headers of every request. A body's ``Content-Type`` that is not among them is ``content_type``."""
    content_type: str
    query: str = ""
    """What comes after whatever query a request has: a parameter that stands in the address the administrator gave."""


def compact_json(document: object) -> bytes:
    """Return JSON without spaces, in UTF-8.

    The one measured length of a request of OneLogin's fits no other spelling. How others space theirs is not known.
    """
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


class Wire:
    """One connection to one application, opened when needed and used again while the server keeps it.

    Not for use by several threads at once.

    Raises:
        SettingError: a token or a custom header that cannot stand in a request.
    """

    def __init__(
        self,
        base: BaseUrl,
        token: str,
        *,
        habits: Habits,
        custom_headers: Mapping[str, str],
        timeout: float,
        tls: ssl.SSLContext | None,
    ) -> None:
        # Checked here because http.client's own complaint about a bad header would quote the token.
        if not _PRINTABLE.fullmatch(token):
            raise SettingError(
                "The SCIM Bearer Token must be the token alone: ASCII, without 'Bearer', without spaces."
            )
        self.base = base
        self._token = token
        self._habits = habits
        self._custom_headers = _checked_headers(custom_headers)
        self._connection = _connection(base, timeout, tls)
        self._exchanges: list[Exchange] = []

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every request so far, in order."""
        return tuple(self._exchanges)

    def since(self, first: int) -> tuple[Exchange, ...]:
        """Return the exchanges from number ``first`` on, which costs what it returns and not what there was before."""
        return tuple(self._exchanges[first:])

    def __len__(self) -> int:
        return len(self._exchanges)

    def close(self) -> None:
        """Close the connection. The next request opens another one."""
        self._connection.close()

    def without_token(self, text: str) -> str:
        """Return ``text`` with the token hidden, for what an application may have echoed."""
        return text.replace(self._token, _HIDDEN)

    def send(self, method: str, path: str, body: bytes | None = None) -> Exchange:
        """Send one request to ``path`` below the base URL, and return it with its answer. No redirect is followed.

        Raises:
            ProviderFailureError: no whole answer came. The exchange is recorded all the same.
        """
        target = self.base.path + path
        if self._habits.query:
            target += ("&" if "?" in path else "?") + self._habits.query
        headers = self._headers(has_body=body is not None)
        shown = tuple((name, self.without_token(value)) for name, value in headers)
        started = time.perf_counter()
        try:
            status, response_headers, response_body = self._round_trip(method, target, headers, body)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            duration = time.perf_counter() - started
            self._exchanges.append(
                Exchange(
                    method=method, target=target, request_headers=shown, request_body=body or b"", duration=duration
                )
            )
            raise ProviderFailureError(FailureReason.UNREACHABLE, self._unreachable(error)) from error
        exchange = Exchange(
            method=method,
            target=target,
            request_headers=shown,
            request_body=body or b"",
            status=status,
            response_headers=response_headers,
            response_body=response_body[:MAX_BODY],
            duration=time.perf_counter() - started,
        )
        self._exchanges.append(exchange)
        if len(response_body) > MAX_BODY:
            # What is left of the answer would be read as the beginning of the next one.
            self._connection.close()
            raise ProviderFailureError(
                FailureReason.TOO_LARGE, f"The answer is longer than {MAX_BODY} bytes.", status=status
            )
        return exchange

    def _headers(self, *, has_body: bool) -> Headers:
        headers = {**self._habits.headers, "Authorization": f"Bearer {self._token}"}
        if has_body:
            headers.setdefault("Content-Type", self._habits.content_type)
        spelling = {name.lower(): name for name in headers}
        for name, value in self._custom_headers:
            headers[spelling.get(name.lower(), name)] = value
        return tuple(headers.items())

    def _round_trip(self, method: str, target: str, headers: Headers, body: bytes | None) -> tuple[int, Headers, bytes]:
        connection = self._connection
        if connection.sock is not None and _has_news(connection.sock):
            # Between two requests a server sends nothing, so this one has closed the connection.
            connection.close()
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        content = _decoded(response.read(MAX_BODY + 1), response.getheader("Content-Encoding", ""))
        return response.status, tuple(response.getheaders()), content

    def _unreachable(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            reason = f"no answer within {self._connection.timeout:g} seconds"
        elif isinstance(error, http.client.RemoteDisconnected):
            reason = "the connection was closed without an answer"
        else:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        return (
            f"Could not reach {self.base}: {self.without_token(reason)}. "
            "Check the SCIM Base URL and that the application is running."
        )


def _connection(base: BaseUrl, timeout: float, tls: ssl.SSLContext | None) -> http.client.HTTPConnection:
    if base.scheme == "https":
        return http.client.HTTPSConnection(base.host, base.port, timeout=timeout, context=tls)
    return http.client.HTTPConnection(base.host, base.port, timeout=timeout)


def _decoded(content: bytes, encoding: str) -> bytes:
    """Undo the compression that some providers offer to take, as far as an answer may be long."""
    if encoding.lower() not in _COMPRESSED or not content:
        return content
    try:
        return zlib.decompressobj(_ZLIB_OR_GZIP).decompress(content, MAX_BODY + 1)
    except zlib.error as error:
        raise http.client.HTTPException(f"the answer is not compressed as its header says ({error})") from error


def _checked_headers(headers: Mapping[str, str]) -> Headers:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise SettingError(
                f"The custom header {name!r} cannot be sent: a name or value of printable ASCII is needed."
            )
        if name.lower() in _OURS:
            raise SettingError(f"The header {name!r} cannot be a custom header.")
    return tuple(headers.items())


def _has_news(sock: socket.socket) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(0))
