"""PATCH paths (RFC 7644 §3.5.2, Figure 7)."""

import pytest

from musterbook.scim.dialects import Profile, Tolerance
from musterbook.scim.errors import InvalidFilterError, InvalidPathError
from musterbook.scim.resource import Json
from tests.scim.patching import (
    ADA,
    CREW_OF_TWO,
    ENTERPRISE,
    HOME,
    LENIENT,
    RFC,
    USER,
    WORK,
    ada_but,
    but,
    operation,
    patch,
    refusal,
)


@pytest.mark.parametrize(
    "path",
    [
        'emails[type eq "home"].value',
        'EMAILS[TYPE EQ "HOME"].VALUE',
        f'{USER}:emails[type eq "home"].value',
        f'{USER.upper()}:Emails[Type Eq "home"].Value',
        'emails[type eq"home"].value',
        'emails[ type eq "home" and value ew "home.example" ].value',
        'emails[(type eq "home") and not (primary eq true)].value',
        'emails[type eq "\\u0068ome"].value',
        'emails[display eq "]" or value eq "ada@home.example"].value',
        'emails[display ne "a].b[\\"" and type eq "home"].value',
    ],
)
def test_a_path_selects_by_a_filter(path: str) -> None:
    """151: URN prefixes, any case, escapes in strings and a missing space before a string are taken."""
    sent = operation("replace", path, value="l@example.com")
    assert patch(ADA, sent, profile=RFC).attributes == ada_but(emails=[WORK, {**HOME, "value": "l@example.com"}])


def test_the_rfcs_own_example_without_a_space_is_a_path() -> None:
    """151: RFC 7644 §3.5.2.2 writes ``members[value eq"…"]``."""
    sent = operation("remove", 'members[value eq"a1"]')
    assert patch(CREW_OF_TWO, sent, profile=RFC).attributes == but(
        CREW_OF_TWO.attributes, members=[{"value": "b2", "display": "Bea"}]
    )


@pytest.mark.parametrize(
    "path",
    [
        "",
        " ",
        ".",
        "name.",
        ".givenName",
        "name.givenName.first",
        "name givenName",
        "emails[0]x",
        "emails[",
        'emails[type eq "work"',
        'emails[type eq "work"]value',
        'emails[type eq "work"].',
        'emails[type eq "work"].value.x',
        'emails[type eq "work"][type eq "home"]',
        'emails.value[type eq "work"]',
        'title[value eq "x"]',
        'tags[value eq "x"]',
        '[type eq "work"]',
        f'{ENTERPRISE}[department eq "x"]',
        "émails",
        "x" * 200,
        "1title",
    ],
)
@pytest.mark.parametrize("profile", list(Profile))
def test_a_malformed_path_is_refused(path: str, profile: Profile) -> None:
    """150: a path that breaks the grammar is invalidPath, in every profile."""
    resource = CREW_OF_TWO if path.startswith("tags") else ADA
    with_filter_error = {"emails[0]x"}
    expected = InvalidFilterError if path in with_filter_error else InvalidPathError
    assert refusal(resource, operation("replace", path, value="x"), profile=profile)[0] is expected


def test_the_error_shows_the_path_and_what_is_wrong() -> None:
    """150: ``detail`` repeats the path, shortened, and says what is due."""
    assert refusal(ADA, operation("add", "name.", value="x")) == (
        InvalidPathError,
        "The path 'name.' is malformed: an attribute path such as name.familyName is due.",
    )
    assert len(refusal(ADA, operation("add", "(" * 10_000, value="x"))[1]) < 400


@pytest.mark.parametrize(
    "path, shown",
    [
        ('emails[value eq "private"]x', "emails[…]x"),
        ('emails[value eq "private"', "emails[…"),
        ('title[value eq "private"].x', "title[…].x"),
    ],
)
def test_the_error_does_not_show_what_a_filter_compares(path: str, shown: str) -> None:
    """What stands in a filter is somebody's data, and error details may be logged."""
    error, detail = refusal(ADA, operation("add", path, value="x"))
    assert error is InvalidPathError
    assert detail.startswith(f"The path '{shown}' is malformed: ")


@pytest.mark.parametrize(
    "path",
    [
        "emails[]",
        "emails[type]",
        'emails[type is "work"].value',
        "emails[type eq work home].value",
        "emails[type eq 'work'].value",
        'emails[nonsense eq "x"].value',
        'emails[emails.type eq "x"].value',
        'emails[type eq "work" or].value',
        "emails[primary gt true].value",
        f'emails[type eq "{"x" * 17_000}"].value',
    ],
)
@pytest.mark.parametrize("profile", [LENIENT, RFC])
def test_a_filter_that_cannot_be_read_is_refused(path: str, profile: Profile) -> None:
    """150: an error inside the brackets is invalidFilter; never is the filter left out."""
    assert refusal(ADA, operation("remove", path), profile=profile)[0] is InvalidFilterError
    assert refusal(ADA, operation("add", path, value="x"), profile=profile)[0] is InvalidFilterError


UNKNOWN = [
    "nonsense",
    "nonsense.more",
    "name.nonsense",
    'nonsense[type eq "work"].value',
    'emails[type eq "work"].nonsense',
    f"{USER}:nonsense",
    f"{ENTERPRISE}:nonsense",
    f"{ENTERPRISE}:manager.nonsense",
    "urn:example:unknown:department",
    "department.nonsense",
]


@pytest.mark.parametrize("path", UNKNOWN)
@pytest.mark.parametrize("op", ["add", "replace", "remove"])
def test_a_path_to_an_attribute_that_does_not_exist(op: str, path: str) -> None:
    """150: it is left out and noted, so that what stands beside it takes effect; invalidPath as the RFC has it."""
    tolerance = Tolerance()
    suspend = operation("replace", "active", value=False)
    sent: list[Json] = [operation(op, path, value="x"), suspend]
    assert patch(ADA, *sent, tolerance=tolerance).attributes == ada_but(active=False)
    shown = path.replace('type eq "work"', "…")
    assert (tolerance.ignored, "unknown-targets" in tolerance.applied) == ([shown], True)
    assert refusal(ADA, *sent, profile=RFC) == (
        InvalidPathError,
        f"{shown} is not an attribute that this server knows.",
    )
