"""*Cursors.* Decides what a cursor says, and which cursors are believed (RFC 9865).

Pure: the keys and the time are arguments. Knows no request, storage or clock. Three ideas:

* **Nothing is kept.** A cursor holds the place in the list at which a page begins or ends, so there is nothing that a
  client could exhaust, and any process can go on where another stopped.
* **It is signed together with what it is not.** The tenant and the query go into the signature and stay out of the
  cursor: one that was given out to somebody else, or for another query, is as wrong as a forged one, and the answer
  does not tell them apart. It opens nothing: whoever presents it is authorized as for any request.
* **It is opaque, not secret.** It holds the value that the list is sorted by and the id of one resource that the client
  has been shown.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from musterbook.scim.errors import ExpiredCursorError, InvalidCountError, InvalidCursorError
from musterbook.scim.sorting import Position

CURSOR_SECONDS: Final = 24 * 60 * 60
"""How long a cursor is good for after it was given out: a client that stops over night goes on in the morning."""
MAX_CURSOR_CHARACTERS: Final = 8192
"""Above the length of any that is given out, with a key of the greatest length in it."""
_SIGNATURE_BYTES = 16
"""Half of SHA-256, as RFC 2104 §5 permits: nobody guesses 128 bits."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page lies in a list."""

    position: Position | None = None
    """The page begins behind it, or ends before it where ``backward``; ``None``: the first page."""
    backward: bool = False
    total: int | None = None
    """How many resources the list had when it was begun, where counting them for each page would cost; RFC 9865 §2
    lets a server do with an estimate, and even without."""


@dataclass(frozen=True, slots=True)
class Walk:
    """What all cursors of one way through a list have in common."""

    owner: str
    """The tenant."""
    query: tuple[str, ...]
    """Everything that was asked but the page: what must not change from one request to the next."""
    count: int


def write_cursor(cursor: Cursor, walk: Walk, now: int, keys: Iterable[bytes]) -> str:
    """Return the text of a cursor, given out at ``now`` and signed with the first of ``keys``: of ``[A-Za-z0-9_-]``."""
    position = cursor.position
    where = None if position is None else [position.key, position.resource_type, position.id]
    content = json.dumps([now, walk.count, cursor.backward, cursor.total, where], ensure_ascii=False).encode()
    signature = _sign(content, walk, next(iter(keys)))
    return base64.urlsafe_b64encode(signature + content).rstrip(b"=").decode()


def read_cursor(text: str, walk: Walk, now: int, keys: Iterable[bytes]) -> Cursor:
    """Return the cursor of a text; the empty text is the first page.

    Raises:
        InvalidCursorError: it was not given out for this tenant and query.
        ExpiredCursorError: it was given out too long ago.
        InvalidCountError: the pages before had another size.
    """
    if not text:
        return Cursor()
    signature, content = _split(text)
    if not any(hmac.compare_digest(signature, _sign(content, walk, key)) for key in keys):
        raise InvalidCursorError
    # From here on it is ours, and has the form that was written.
    given_out, count, backward, total, where = json.loads(content)
    if now - given_out > CURSOR_SECONDS:
        raise ExpiredCursorError("The cursor has expired. Begin anew with an empty cursor.")
    if count != walk.count:
        raise InvalidCountError(f"'count' must stay {count}, as it was on the first page.")
    if where is None:
        return Cursor(None, backward, total)
    (has_no_value, value), resource_type, id_ = where
    return Cursor(Position((has_no_value, value), resource_type, id_), backward, total)


def _split(text: str) -> tuple[bytes, bytes]:
    if len(text) > MAX_CURSOR_CHARACTERS or not text.isascii():
        raise InvalidCursorError
    try:
        signed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise InvalidCursorError from None
    # Several texts decode to the same bytes; one of them is the cursor.
    if base64.urlsafe_b64encode(signed).rstrip(b"=").decode() != text:
        raise InvalidCursorError
    return signed[:_SIGNATURE_BYTES], signed[_SIGNATURE_BYTES:]


def _sign(content: bytes, walk: Walk, key: bytes) -> bytes:
    signed = json.dumps([walk.owner, *walk.query]).encode() + b"\0" + content
    return hmac.digest(key, signed, "sha256")[:_SIGNATURE_BYTES]
