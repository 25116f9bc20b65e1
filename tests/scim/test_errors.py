"""Errors in the standard's words (RFC 7644 §3.12)."""

import re
from pathlib import Path

import pytest

from musterbook.scim import errors
from musterbook.scim.errors import (
    InvalidFilterError,
    MethodNotAllowedError,
    ScimError,
    ScimType,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
)

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "errors.md"
ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<status>\d{3}) \| (?:`(?P<scim_type>\w+)`|none) \|", flags=re.MULTILINE)


def classes(of: type[ScimError] = ScimError) -> list[type[ScimError]]:
    """Return the error classes of the engine, parents before children."""
    children = [child for child in of.__subclasses__() if child.__module__ == errors.__name__]
    return [item for child in children for item in (child, *classes(child))]


def test_every_error_type_has_its_class() -> None:
    """Each ``scimType`` has exactly one class, and the status of Table 9: 409 for uniqueness, 400 for the others."""
    found = {item.scim_type: item.status for item in classes() if item.scim_type is not None}
    assert found == {item: 409 if item is ScimType.UNIQUENESS else 400 for item in ScimType}
    assert sum(item.scim_type is not None for item in classes()) == len(ScimType)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """The tree that the module's docstring draws names every class, in its place."""
    drawn = re.findall(r"^ +([│ ]*)[├└]── (\w+)", errors.__doc__ or "", flags=re.MULTILINE)
    assert [name for _, name in drawn] == [item.__name__ for item in classes()]
    depths = [len(indent) // 4 for indent, _ in drawn]
    assert depths == [len(item.__mro__) - len(ScimError.__mro__) - 1 for item in classes()]


def test_every_error_has_an_entry_in_the_reference() -> None:
    """The reference page lists every class with its status and ``scimType``, and none that is not there."""
    found = ROW.finditer(REFERENCE.read_text(encoding="utf-8"))
    rows = {row["name"]: (row["status"], row["scim_type"]) for row in found}
    assert rows == {
        item.__name__: (str(item.status), item.scim_type.value if item.scim_type is not None else None)
        for item in classes()
    }


@pytest.mark.parametrize("error", [item for item in classes() if item.__init__ is ScimError.__init__])
def test_an_error_keeps_its_detail(error: type[ScimError]) -> None:
    """The detail is for the client, and is also what the log shows of the exception."""
    raised = error("Say what to change.")
    assert (raised.detail, str(raised)) == ("Say what to change.", "Say what to change.")


def test_errors_carry_their_facts() -> None:
    """What a header or a person needs of a failure is an attribute, not only text."""
    assert (InvalidFilterError("Odd.", column=3).column, InvalidFilterError("Odd.").detail) == (3, "Odd.")
    assert MethodNotAllowedError("No.", allowed=("GET",)).allowed == ("GET",)
    assert UnavailableError("Later.").retry_after_seconds == 1
    assert TooManyRequestsError("Slower.").retry_after_seconds == 1
    assert UnauthorizedError(credentials_sent=True).detail == UnauthorizedError(credentials_sent=False).detail
