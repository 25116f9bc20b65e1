"""*Sending an answer.* Decides which header fields every answer carries.

Knows ASGI's ``send``; knows no route. None of our answers may be kept by a cache: they are personal data, or say what
is true for a moment.
"""

from collections.abc import Iterable
from typing import TypeAlias

from starlette.types import Send

from musterbook.scim.render import ScimResponse

Headers: TypeAlias = list[tuple[bytes, bytes]]

STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
CONNECTION_CLOSE = (b"connection", b"close")
_WITHOUT_CONTENT = frozenset({204, 304})


def fixed_headers(base_url: str) -> Headers:
    """Return the header fields that are the same on every answer of a server at ``base_url``."""
    headers: Headers = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
    if base_url.startswith("https://"):
        headers.append(STRICT_TRANSPORT)
    return headers


async def send_answer(
    send: Send,
    response: ScimResponse,
    request_id: str,
    more: Iterable[tuple[bytes, bytes]],
    *,
    is_head: bool = False,
) -> None:
    """Send ``response`` with its request id and the header fields ``more``; to a HEAD request, without its content."""
    headers: Headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    headers.append((b"x-request-id", request_id.encode("ascii")))
    if response.status not in _WITHOUT_CONTENT:  # RFC 9110 §8.6 forbids the length there, or wants that of a 200.
        headers.append((b"content-length", b"%d" % len(response.body)))
    headers += more
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if is_head else response.body})
