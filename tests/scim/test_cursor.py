"""Cursors (RFC 9865 §2)."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterbook.scim.cursor import CURSOR_SECONDS, MAX_CURSOR_CHARACTERS, Cursor, Walk, read_cursor, write_cursor
from musterbook.scim.errors import ExpiredCursorError, InvalidCountError, InvalidCursorError
from musterbook.scim.sorting import MAX_KEY_CHARACTERS, NO_VALUE, Position

NOW = 1_800_000_000
KEYS = (b"n" * 32, b"o" * 32)
ID = "019c9f2e-5f4c-7a6b-8d1e-2f3a4b5c6d7e"
WALK = Walk("tenant", ("User", "filter=title pr"), 10)
CURSOR = Cursor(Position((False, "ada"), "User", ID), backward=True, total=5)
REFUSED = "The cursor does not belong to this query. Repeat the query exactly, or begin anew with an empty cursor."

positions = st.builds(
    Position,
    st.just(NO_VALUE)
    | st.tuples(
        st.just(value=False),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=MAX_KEY_CHARACTERS)
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False),
    ),
    st.sampled_from(["User", "Group"]),
    st.just(ID),
)
cursors = st.builds(Cursor, st.none() | positions, st.booleans(), st.none() | st.integers(0))


@given(cursors)
def test_a_cursor_means_what_was_written(cursor: Cursor) -> None:
    """RFC 9865 §2: a cursor is of unreserved characters (RFC 3986 §2.3), and leads where it was made to lead."""
    text = write_cursor(cursor, WALK, NOW, KEYS)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", text)
    assert read_cursor(text, WALK, NOW, KEYS) == cursor


def test_the_longest_cursor_can_be_read() -> None:
    """A key of the greatest length, of the widest characters, leaves the cursor below the bound of those that are read,
    and with room in the 8 KiB that many proxies take for an address.
    """
    longest = Cursor(Position((False, "\U0001f600" * MAX_KEY_CHARACTERS), "User", ID), total=10**9)
    text = write_cursor(longest, WALK, NOW, KEYS)
    assert len(text) < MAX_CURSOR_CHARACTERS * 3 // 4
    assert read_cursor(text, WALK, NOW, KEYS) == longest


def test_the_empty_cursor_is_the_first_page() -> None:
    """RFC 9865 §2: "The cursor value MUST be empty or omitted for the first request"."""
    assert read_cursor("", WALK, NOW, KEYS) == Cursor()


@pytest.mark.parametrize(
    "walk",
    [
        replace(WALK, owner="another"),
        replace(WALK, query=("User", "filter=title eq 1")),
        replace(WALK, query=("Group", "filter=title pr")),
        replace(WALK, query=("User",)),
        replace(WALK, owner="tenant\0User", query=("filter=title pr",)),
    ],
)
def test_a_cursor_of_another_list_is_refused(walk: Walk) -> None:
    """Another tenant's cursor, and that of another query, is an invalid one: the answer does not tell which."""
    with pytest.raises(InvalidCursorError) as caught:
        read_cursor(write_cursor(CURSOR, WALK, NOW, KEYS), walk, NOW, KEYS)
    assert caught.value.detail == REFUSED


def test_no_character_of_a_cursor_can_be_changed() -> None:
    """Whatever is changed, left out or added makes another cursor of it, which nobody has given out."""
    text = write_cursor(CURSOR, WALK, NOW, KEYS)
    changed = [text[:at] + other + text[at + 1 :] for at in range(len(text)) for other in "AQgw" if other != text[at]]
    for forged in [*changed, text[:-1], text + "A", text + "=", text + "\n", " " + text, text * 2]:
        with pytest.raises(InvalidCursorError):
            read_cursor(forged, WALK, NOW, KEYS)


@given(st.text())
def test_no_text_is_worse_than_refused(text: str) -> None:
    """Any other text is refused as an invalid cursor; nothing else is raised."""
    if text:
        with pytest.raises(InvalidCursorError):
            read_cursor(text, WALK, NOW, KEYS)


def test_a_cursor_over_the_limit_is_not_decoded() -> None:
    """The length is checked first, so nobody has megabytes decoded."""
    with pytest.raises(InvalidCursorError):
        read_cursor("A" * (MAX_CURSOR_CHARACTERS + 1), WALK, NOW, KEYS)


def test_a_cursor_expires() -> None:
    """RFC 9865 §2.1: a cursor is good for as long as is said, and then ``expiredCursor``."""
    text = write_cursor(CURSOR, WALK, NOW, KEYS)
    assert read_cursor(text, WALK, NOW + CURSOR_SECONDS, KEYS) == CURSOR
    with pytest.raises(ExpiredCursorError):
        read_cursor(text, WALK, NOW + CURSOR_SECONDS + 1, KEYS)
    # The clocks of two machines never quite agree.
    assert read_cursor(text, WALK, NOW - 5, KEYS) == CURSOR


def test_the_count_stays() -> None:
    """RFC 9865 §2.1: ``count`` must be that of the first request, else ``invalidCount``."""
    with pytest.raises(InvalidCountError) as caught:
        read_cursor(write_cursor(CURSOR, WALK, NOW, KEYS), replace(WALK, count=11), NOW, KEYS)
    assert caught.value.detail == "'count' must stay 10, as it was on the first page."


def test_keys_are_rotated() -> None:
    """The first key signs, all verify; a key that is no longer given opens nothing."""
    newer, older = KEYS
    by_newer, by_older = (write_cursor(CURSOR, WALK, NOW, (key, other)) for key, other in (KEYS, KEYS[::-1]))
    assert read_cursor(by_older, WALK, NOW, KEYS) == read_cursor(by_newer, WALK, NOW, KEYS) == CURSOR
    with pytest.raises(InvalidCursorError):
        read_cursor(by_older, WALK, NOW, (newer,))
    with pytest.raises(InvalidCursorError):
        read_cursor(by_newer, WALK, NOW, (older,))
