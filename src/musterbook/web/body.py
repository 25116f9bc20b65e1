"""*Reading a body.* Decides how large and how slow a body may be.

Knows ASGI's ``receive``; knows no route. The limit is enforced while reading, so what is over it is never held; the
deadline moves with what has arrived, so a slow line is served and a peer that only holds the connection is not.
"""

import asyncio

from starlette.types import Receive

from musterbook.scim.errors import PayloadTooLargeError
from musterbook.web.errors import ClientDisconnectedError, RequestTimeoutError

GRACE_SECONDS = 10.0
"""How long a body may take at any rate."""
MIN_BYTES_PER_SECOND = 1024
"""What it must keep up with after that. A modem of 1996 did four times as much."""
MAX_SECONDS = 30.0


def check_length(length: int | None, limit: int) -> None:
    """Refuse a body whose announced length is over ``limit``, before anything of it is read.

    Raises:
        PayloadTooLargeError: it is.
    """
    if length is not None and length > limit:
        raise PayloadTooLargeError(f"The body is {length} bytes long; at most {limit} bytes are taken here.")


async def read_body(receive: Receive, limit: int) -> bytes:
    """Return the whole body.

    Raises:
        PayloadTooLargeError: more than ``limit`` bytes came.
        RequestTimeoutError: it came too slowly.
        ClientDisconnectedError: the client went away before the end.
    """
    chunks: list[bytes] = []
    received = 0
    begun = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(begun + GRACE_SECONDS) as deadline:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnectedError
                chunk: bytes = message.get("body", b"")
                received += len(chunk)
                if received > limit:
                    raise PayloadTooLargeError(f"The body is longer than the {limit} bytes that are taken here.")
                if not message.get("more_body", False):
                    return chunk if not chunks else b"".join([*chunks, chunk])
                chunks.append(chunk)
                allowed = min(max(GRACE_SECONDS, received / MIN_BYTES_PER_SECOND), MAX_SECONDS)
                deadline.reschedule(begun + allowed)
    except TimeoutError as error:
        raise RequestTimeoutError("The body came too slowly.") from error
