"""*One request.* Decides which address is connected to, and when an answer is cut off.

Knows the HTTP library httpx2, whose clients send through a `CheckedTransport`; knows no room. What a library makes of
such a client obeys the same rules, because they hold below it. Imported when the first request is made.

Each request has a connection of its own. Connections are told apart by the address that they lead to, and one that was
made for a name must not carry what is meant for another name at the same address.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import TypedDict

import httpx2

from musterbook import __version__
from musterbook.outbound.client import Outbound
from musterbook.outbound.errors import OutboundError, OutboundFailure

MAX_URL_CHARACTERS = 2048
"""What browsers and proxies let through everywhere."""
_MAX_PORT = 65_535
_PORTS = {"https": 443, "http": 80}


async def fetch(outbound: Outbound, url: str, *, limit_bytes: int, accept: str) -> bytes:
    """Return the body of what stands at ``url``.

    Raises:
        OutboundError: the address may not be asked, does not answer with 200, or gives too much.
    """
    async with httpx2.AsyncClient(**client_options(outbound, limit_bytes=limit_bytes)) as client:
        try:
            async with asyncio.timeout(outbound.limits.total_seconds):
                response = await client.get(read_url(url), headers={"Accept": accept})
        except TimeoutError as error:
            raise timed_out(outbound) from error
    if response.status_code != httpx2.codes.OK:
        raise OutboundError(OutboundFailure.STATUS, f"The address answered with status {response.status_code}.")
    return response.content


class ClientOptions(TypedDict):
    """What makes a client of httpx2, or one that is derived from it, obey the rules."""

    transport: httpx2.AsyncBaseTransport
    headers: dict[str, str]
    timeout: httpx2.Timeout
    follow_redirects: bool
    trust_env: bool


def client_options(outbound: Outbound, *, limit_bytes: int) -> ClientOptions:
    """Return the arguments for a client; whoever uses it bounds the total time."""
    limits = outbound.limits
    return ClientOptions(
        transport=CheckedTransport(outbound, limit_bytes=limit_bytes),
        # Some providers turn away the names that HTTP libraries give themselves.
        headers={"User-Agent": f"Musterbook/{__version__}"},
        timeout=httpx2.Timeout(limits.total_seconds, connect=limits.connect_seconds),
        follow_redirects=False,
        # A proxy named in the environment would resolve the name anew, and could be inside.
        trust_env=False,
    )


def read_url(text: str) -> httpx2.URL:
    """Return the address that ``text`` is.

    Raises:
        OutboundError: it is none that could be asked.
    """
    try:
        url = httpx2.URL(text) if len(text) <= MAX_URL_CHARACTERS else None
    except (httpx2.InvalidURL, ValueError):
        url = None
    # A user name in an address is a way to make one host look like another, or to hand us a secret.
    if url is None or not url.host or url.userinfo or (url.port or 0) > _MAX_PORT:
        raise OutboundError(OutboundFailure.NOT_AN_ADDRESS, "This is not a web address such as https://example.com/.")
    if url.scheme not in _PORTS:
        raise OutboundError(OutboundFailure.NOT_HTTPS, "The address must begin with https://.")
    return url


def timed_out(outbound: Outbound) -> OutboundError:
    """Return the error for an exchange that took too long."""
    return OutboundError(
        OutboundFailure.TIME_OUT, f"There was no whole answer within {outbound.limits.total_seconds:g} seconds."
    )


class CheckedTransport(httpx2.AsyncBaseTransport):
    """Sends requests to addresses that ``outbound`` allows, and takes answers of at most ``limit_bytes``."""

    def __init__(self, outbound: Outbound, *, limit_bytes: int) -> None:
        self._outbound = outbound
        self._limit_bytes = limit_bytes

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request.

        Raises:
            OutboundError: it may not be sent, cannot be sent, or its answer may not be taken.
        """
        url = read_url(str(request.url))
        host = url.raw_host.decode("ascii")
        port = url.port or _PORTS[url.scheme]
        addresses = await self._outbound.addresses(url.scheme, host, port)
        for address in addresses[:-1]:
            try:
                return await self._send(request, url, address)
            except OutboundError as error:
                # A machine without IPv6 cannot reach the first address of most names.
                if error.failure is not OutboundFailure.UNREACHABLE:
                    raise
        return await self._send(request, url, addresses[-1])

    async def _send(self, request: httpx2.Request, url: httpx2.URL, address: str) -> httpx2.Response:
        """Send the request to ``address``, with the name that it is for in TLS and in ``Host``."""
        headers = httpx2.Headers(request.headers)
        # A compressed answer could become a thousand times as long as what was counted.
        headers["Accept-Encoding"] = "identity"
        headers["Connection"] = "close"
        pinned = httpx2.Request(
            request.method,
            url.copy_with(host=address),
            headers=headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": url.raw_host.decode("ascii")},
        )
        tls = await self._tls(url.scheme)
        async with AsyncExitStack() as stack:
            inner = await stack.enter_async_context(httpx2.AsyncHTTPTransport(verify=tls, trust_env=False))
            with _failures_named(url):
                response = await inner.handle_async_request(pinned)
            stack.push_async_callback(response.aclose)
            self._check_head(response)
            body = response.stream
            assert isinstance(body, httpx2.AsyncByteStream), "an asynchronous transport gives an asynchronous body"
            bounded = _BoundedBody(body, url, self._limit_bytes, stack.pop_all())
            return httpx2.Response(response.status_code, headers=response.headers, stream=bounded)

    async def _tls(self, scheme: str) -> ssl.SSLContext:
        if scheme != "https":
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # believes nobody, and is asked by nobody
        if self._outbound.tls is not None:
            return self._outbound.tls
        # The machine's certificates are a long file: read beside the loop, and anew, because they are replaced.
        return await asyncio.to_thread(ssl.create_default_context)

    def _check_head(self, response: httpx2.Response) -> None:
        # Another address would have to be looked at as the first one was; whoever named this one can name that one.
        if response.is_redirect:
            raise OutboundError(OutboundFailure.REDIRECT, "The address sends us on to another one. Give that one.")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise OutboundError(OutboundFailure.COMPRESSED, "The answer is compressed, which was not asked for.")


class _BoundedBody(httpx2.AsyncByteStream):
    """A body that ends in an error where it becomes too long; closing it closes the connection."""

    def __init__(self, body: httpx2.AsyncByteStream, url: httpx2.URL, limit_bytes: int, stack: AsyncExitStack) -> None:
        self._body = body
        self._url = url
        self._limit_bytes = limit_bytes
        self._stack = stack

    async def __aiter__(self) -> AsyncIterator[bytes]:
        total = 0
        with _failures_named(self._url):
            async for piece in self._body:
                total += len(piece)
                if total > self._limit_bytes:
                    raise OutboundError(
                        OutboundFailure.TOO_LARGE, f"The answer is longer than {self._limit_bytes} bytes."
                    )
                yield piece

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stack.aclose()


@contextmanager
def _failures_named(url: httpx2.URL) -> Iterator[None]:
    """Turn what the library raises into the failures that callers know."""
    try:
        yield
    except httpx2.ConnectError as error:
        if _is_about_tls(error):
            raise OutboundError(
                OutboundFailure.NOT_TRUSTED, f"The certificate of {url.host} is not trusted: {error}"
            ) from error
        raise OutboundError(OutboundFailure.UNREACHABLE, f"{url.host} cannot be reached.") from error
    except httpx2.ConnectTimeout as error:
        raise OutboundError(OutboundFailure.UNREACHABLE, f"{url.host} cannot be reached in time.") from error
    except httpx2.TimeoutException as error:
        raise OutboundError(OutboundFailure.TIME_OUT, f"{url.host} did not answer in time.") from error
    except httpx2.TransportError as error:
        raise OutboundError(OutboundFailure.NOT_HTTP, f"{url.host} did not answer as a web server does.") from error


def _is_about_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
