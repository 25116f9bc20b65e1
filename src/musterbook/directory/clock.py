"""*Time and ids.* The form in which times are stored, and the two sources that wiring hands in.

Knows no system clock: ``wiring`` passes one, tests pass another.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Returns the time now, aware, in UTC."""
RandomBytes: TypeAlias = Callable[[int], bytes]
"""Returns that many unpredictable bytes."""


_ID_LENGTH = 36


def render_time(moment: datetime) -> str:
    """Return a time as it is stored: UTC, ``YYYY-MM-DDTHH:MM:SS.mmmZ``, which sorts as text in the order of time."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def parse_time(text: str) -> datetime:
    """Return the time of a text made by :func:`render_time`."""
    return datetime.fromisoformat(text)


def is_id(text: str) -> bool:
    """Return whether ``text`` could be an id of ours.

    What cannot be one is not looked up: a database may refuse what a path can hold.
    """
    return len(text) == _ID_LENGTH and text.isascii() and text.isprintable()


def make_id(moment: datetime, random_bytes: RandomBytes) -> str:
    """Return a UUIDv7 (RFC 9562 §5.7): ids made later sort later, so new rows land at the end of each index."""
    milliseconds = int(moment.timestamp() * 1000)
    random = int.from_bytes(random_bytes(10))
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    value |= 0x7 << 76
    value |= (random >> 68) << 64
    value |= 0b10 << 62
    value |= random & 0x3FFF_FFFF_FFFF_FFFF
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
