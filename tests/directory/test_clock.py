"""Times and ids in the form in which they are stored."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterbook.directory import make_id, parse_time, render_time
from musterbook.directory.clock import is_id

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


@given(MOMENTS, MOMENTS)
def test_stored_times_sort_as_text(one: datetime, other: datetime) -> None:
    """The text of an earlier millisecond is the smaller text, and reads back as that millisecond."""
    milliseconds = [moment.replace(microsecond=moment.microsecond // 1000 * 1000) for moment in (one, other)]
    assert (milliseconds[0] < milliseconds[1]) == (render_time(one) < render_time(other))
    assert parse_time(render_time(one)) == milliseconds[0]


def test_times_are_stored_in_utc() -> None:
    """A time of another zone is stored as the same instant."""
    moment = datetime(2026, 11, 23, 10, 0, 0, 1999, tzinfo=timezone(timedelta(hours=1)))
    assert render_time(moment) == "2026-11-23T09:00:00.001Z"


@given(MOMENTS, st.binary(min_size=10, max_size=10))
def test_an_id_is_a_uuid_of_version_7(moment: datetime, chance: bytes) -> None:
    """An id has the version and variant of RFC 9562 §5.7, its time in front, and all the chance that it was given."""
    text = make_id(moment, lambda count: chance[:count])
    assert is_id(text)
    value = int(text.replace("-", ""), 16)
    assert (value >> 76 & 0xF, value >> 62 & 0b11) == (7, 0b10)
    assert value >> 80 == int(moment.timestamp() * 1000)
    given_bits = int.from_bytes(chance)
    assert (value >> 64 & 0xFFF, value & 0x3FFF_FFFF_FFFF_FFFF) == (
        given_bits >> 68,
        given_bits & 0x3FFF_FFFF_FFFF_FFFF,
    )


@pytest.mark.parametrize("text", ["", "x", "x" * 35, "x" * 37, "é" * 36, "\x00" * 36, "\ud800" * 36, "\n" * 36])
def test_what_cannot_be_an_id(text: str) -> None:
    """Text of another length, or with characters that no id holds, is never looked up."""
    assert not is_id(text)
