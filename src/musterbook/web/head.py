"""*The head of a request.* Decides which header fields are read, once, and what a repeated one means.

Knows raw header fields; knows no route and no key. One pass over the fields serves everything that comes after it.
"""

from collections.abc import Iterable

MAX_REQUEST_LINE_BYTES = 64 * 1024
"""Of path and query together. A server that mounts us may let more through than our own does."""
MAX_REQUEST_ID_LENGTH = 128
_REQUEST_ID_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
"""What an incoming request id may consist of: it is written to the log and sent back, so nothing that means something
to a terminal, a log reader or a header."""

_READ = frozenset(
    {
        b"accept",
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"forwarded",
        b"if-match",
        b"if-none-match",
        b"transfer-encoding",
        b"via",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-real-ip",
        b"x-request-id",
    }
)
"""Most fields of a request are none of these; one look-up skips them."""
_MAX_LENGTH_DIGITS = 18
_LARGEST_LENGTH = 10**_MAX_LENGTH_DIGITS


class RequestHead:
    """The header fields that matter. One is made for every request, so it is a plain class with slots."""

    __slots__ = (
        "accept",
        "authorization",
        "content_encoding",
        "content_length",
        "content_type",
        "forwarded_for",
        "forwarded_proto",
        "has_body",
        "if_match",
        "if_none_match",
        "is_forwarded",
        "repeats_authorization",
        "repeats_content_type",
        "request_id",
        "transfer_encoding",
    )

    def __init__(self) -> None:
        self.accept: str | None = None
        self.authorization: bytes | None = None
        self.content_encoding: str | None = None
        self.content_length: int | None = None
        self.content_type: str | None = None
        self.forwarded_for = ""
        self.forwarded_proto = ""
        self.has_body = False
        self.if_match: str | None = None
        self.if_none_match: str | None = None
        self.is_forwarded = False
        """Whether a proxy says that it forwards for somebody, believed or not."""
        self.repeats_authorization = False
        self.repeats_content_type = False
        self.request_id: str | None = None
        """The client's own id for the request, where it is safe to write down."""
        self.transfer_encoding: str | None = None


def read_head(headers: Iterable[tuple[bytes, bytes]]) -> RequestHead:
    """Return the header fields that matter; names are lower-case, as ASGI servers hand them over."""
    head = RequestHead()
    for name, value in headers:
        if name in _READ:
            _read_field(head, name, value)
    return head


def _read_field(head: RequestHead, name: bytes, value: bytes) -> None:
    match name:
        case b"authorization":
            head.repeats_authorization = head.authorization is not None
            head.authorization = value
        case b"accept":
            head.accept = _joined(head.accept, value)
        case b"content-type":
            head.repeats_content_type = head.content_type is not None
            head.content_type = value.decode("latin-1")
        case b"content-length":
            head.content_length = _length(value)
            head.has_body = head.has_body or head.content_length != 0
        case b"transfer-encoding":
            head.transfer_encoding = value.decode("latin-1").strip().lower()
            head.has_body = True
        case b"content-encoding":
            head.content_encoding = value.decode("latin-1").strip().lower()
        case b"if-match":
            head.if_match = _joined(head.if_match, value)
        case b"if-none-match":
            head.if_none_match = _joined(head.if_none_match, value)
        case b"x-request-id":
            head.request_id = _safe_request_id(value)
        case b"x-forwarded-for":
            text = value.decode("latin-1")
            head.forwarded_for = f"{head.forwarded_for},{text}" if head.forwarded_for else text
            head.is_forwarded = True
        case b"x-forwarded-proto":
            text = value.decode("latin-1")
            head.forwarded_proto = f"{head.forwarded_proto},{text}" if head.forwarded_proto else text
            head.is_forwarded = True
        case _:  # Fields that only tell of a proxy.
            head.is_forwarded = True


def _joined(before: str | None, value: bytes) -> str:
    # Repeated fields are one list (RFC 9110 §5.3).
    text = value.decode("latin-1")
    return text if before is None else f"{before}, {text}"


def _length(value: bytes) -> int | None:
    if not value.isdigit():
        return None
    digits = value.lstrip(b"0")
    # What has more digits is over every limit, whatever it is exactly.
    return int(digits or b"0") if len(digits) <= _MAX_LENGTH_DIGITS else _LARGEST_LENGTH


def _safe_request_id(value: bytes) -> str | None:
    if not 0 < len(value) <= MAX_REQUEST_ID_LENGTH or value.translate(None, _REQUEST_ID_BYTES):
        return None
    return value.decode("ascii")
