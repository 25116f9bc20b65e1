"""Versions and preconditions (RFC 7644 §3.14, RFC 9110 §13.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterbook.scim.errors import PreconditionFailedError
from musterbook.scim.versions import NO_PRECONDITION, Precondition, entity_tag, parse_precondition

THREE = frozenset({'"3"'})
NOTHING: frozenset[str] = frozenset()

FIELDS = [
    ('W/"3"', THREE),
    ('"3"', THREE),
    (' W/"3"\t', THREE),
    ('W/"1", W/"3"', THREE | {'"1"'}),
    ('"1","3"', THREE | {'"1"'}),
    (', ,"3",,', THREE),
    ('"3", W/"3"', THREE),
    ('"a,b" , ""', frozenset({'"a,b"', '""'})),
    ('"\xe9!#"', frozenset({'"\xe9!#"'})),
    ("*", frozenset({"*"})),
    (" * ", frozenset({"*"})),
    ('"*"', frozenset({'"*"'})),
    ("", NOTHING),
    (" , ", NOTHING),
    ("3", NOTHING),
    ("W/3", NOTHING),
    ('w/"3"', NOTHING),
    ('W/ "3"', NOTHING),
    ('"3', NOTHING),
    ('3"', NOTHING),
    ('"3" "4"', NOTHING),
    ('"3", 4', NOTHING),
    ('*, "3"', NOTHING),
    ("*, *", NOTHING),
    ('"3 4"', NOTHING),
    ('"3\x7f"', NOTHING),
    ('"3"\n', NOTHING),
]


@pytest.mark.parametrize("text, tags", FIELDS)
def test_a_field_lists_entity_tags(text: str, tags: frozenset[str]) -> None:
    """A field is ``*`` or a list of entity tags, weak or not; one that is neither holds nothing (RFC 9110 §8.8.3)."""
    assert parse_precondition(text, None) == Precondition(if_match=tags)
    assert parse_precondition(None, text) == Precondition(if_none_match=tags)


def test_most_requests_have_no_precondition() -> None:
    """Without either field there is nothing to check, and nothing is made."""
    assert parse_precondition(None, None) is NO_PRECONDITION
    NO_PRECONDITION.check_change(3)
    assert NO_PRECONDITION.is_known(3) is False


@pytest.mark.parametrize(
    "if_match, if_none_match, changes, reads",
    [
        ('W/"3"', None, "yes", "whole"),
        ('"3"', None, "yes", "whole"),
        ('W/"2", W/"3"', None, "yes", "whole"),
        ("*", None, "yes", "whole"),
        ('W/"2"', None, "no", "no"),
        ('W/"33"', None, "no", "no"),
        ('W/"03"', None, "no", "no"),
        ('"*"', None, "no", "no"),
        ("3", None, "no", "no"),
        ("", None, "no", "no"),
        (None, 'W/"3"', "no", "known"),
        (None, '"1", "3"', "no", "known"),
        (None, "*", "no", "known"),
        (None, 'W/"2"', "yes", "whole"),
        (None, "3", "no", "whole"),
        (None, "", "no", "whole"),
        ("*", 'W/"2"', "yes", "whole"),
        ('W/"3"', 'W/"3"', "no", "known"),
        ('W/"2"', 'W/"3"', "no", "no"),
        ('W/"2"', 'W/"2"', "no", "no"),
    ],
)
def test_what_a_precondition_lets_happen(
    if_match: str | None, if_none_match: str | None, changes: str, reads: str
) -> None:
    """``If-Match`` comes first and is a 412; ``If-None-Match`` is a 304 for reads and a 412 for changes (RFC 9110
    §13.2.2). Comparison is weak in both (RFC 7644 §3.14), and what cannot be read lets nothing be changed.
    """
    precondition = parse_precondition(if_match, if_none_match)
    assert (_change(precondition), _read(precondition)) == (changes, reads)


def test_a_refusal_says_which_version_there_is() -> None:
    """Who is refused learns the version that the resource has."""
    with pytest.raises(PreconditionFailedError) as refusal:
        parse_precondition('W/"2"', None).check_change(3)
    assert refusal.value.detail == (
        'The resource is at version W/"3", which If-Match does not name. Read the resource again, then decide.'
    )
    with pytest.raises(PreconditionFailedError) as refusal:
        parse_precondition(None, "*").check_change(3)
    assert refusal.value.detail == 'If-None-Match does not let the resource be changed at version W/"3".'


@given(st.integers(1, 2**53), st.integers(1, 2**53))
def test_a_tag_names_its_version_alone(version: int, other: int) -> None:
    """The tag of a version is met by that version and by no other."""
    precondition = parse_precondition(None, entity_tag(version))
    assert (precondition.is_known(version), precondition.is_known(other)) == (True, version == other)


@given(st.text(st.sampled_from('W/", \t*3a\x00\xff'), max_size=30))
def test_any_text_is_read(text: str) -> None:
    """Whatever a field holds, a tag that is read from it stands in it, in quotes."""
    tags = parse_precondition(text, None).if_match
    assert tags is not None
    assert all(tag in text and (tag == "*" or tag[0] == tag[-1] == '"') for tag in tags)


def _change(precondition: Precondition) -> str:
    try:
        precondition.check_change(3)
    except PreconditionFailedError:
        return "no"
    return "yes"


def _read(precondition: Precondition) -> str:
    try:
        return "known" if precondition.is_known(3) else "whole"
    except PreconditionFailedError:
        return "no"
