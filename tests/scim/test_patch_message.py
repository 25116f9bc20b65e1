"""The PatchOp message (RFC 7644 §3.5.2)."""

import time
from copy import deepcopy

import pytest

from musterbook.scim.dialects import Tolerance
from musterbook.scim.errors import (
    InvalidPathError,
    InvalidSyntaxError,
    InvalidValueError,
    MutabilityError,
    NoTargetError,
    PayloadTooLargeError,
)
from musterbook.scim.patch import apply_patch, parse_patch
from musterbook.scim.patch_edit import MAX_COMPARISONS, MAX_ELEMENTS_VISITED
from musterbook.scim.patch_message import MAX_CHANGES
from musterbook.scim.resource import Json, Resource
from tests.scim.patching import ADA, CREW_OF_TWO, PATCH_OP, ada_but, message, operation, patch, refusal

SUSPEND = operation("replace", "active", value=False)


def parsed_and_applied(document: dict[str, Json]) -> Resource:
    """Return Ada as the document patches her."""
    return apply_patch(ADA, parse_patch(document, ADA.resource_type, Tolerance()))


@pytest.mark.parametrize(
    "document",
    [
        message(SUSPEND),
        {"SCHEMAS": [PATCH_OP], "operations": [SUSPEND]},
        {"schemas": [PATCH_OP.upper()], "OPERATIONS": [{"OP": "replace", "Path": "active", "VALUE": False}]},
        {"schemas": ["urn:other", PATCH_OP], "Operations": [{**SUSPEND, "comment": "unknown members say nothing"}]},
    ],
)
def test_the_members_of_the_message_have_their_names_in_any_case(document: dict[str, Json]) -> None:
    """131: a message names PatchOp and holds operations; names are case-insensitive (RFC 7643 §2.1)."""
    assert parsed_and_applied(document).attributes == ada_but(active=False)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"schemas": [PATCH_OP]},
        {"schemas": [PATCH_OP], "Operations": None},
        {"schemas": [PATCH_OP], "Operations": SUSPEND},
        {"schemas": [PATCH_OP], "Operations": ["replace"]},
        {"schemas": [PATCH_OP], "Operations": [None]},
        {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "Operations": [SUSPEND]},
        {"schemas": PATCH_OP, "Operations": [SUSPEND]},
        {"schemas": [1], "Operations": [SUSPEND]},
        message({"path": "active", "value": False}),
        message({"op": "move", "path": "active", "value": False}),
        message({"op": "", "path": "active", "value": False}),
        message({"op": None, "path": "active", "value": False}),
        message({"op": ["replace"], "path": "active", "value": False}),
        message(SUSPEND, {"op": "test", "path": "active", "value": False}),
    ],
)
def test_what_is_not_a_patch_message_is_refused(document: dict[str, Json]) -> None:
    """131: without PatchOp, operations or a known op the answer is invalidSyntax."""
    with pytest.raises(InvalidSyntaxError):
        parsed_and_applied(document)


def test_an_error_says_which_operation_it_is() -> None:
    """131: ``detail`` counts the operations from 0, as a JSON pointer would."""
    assert refusal(ADA, SUSPEND, {"op": "move"}) == (
        InvalidSyntaxError,
        'Operations[1].op must be "add", "remove" or "replace".',
    )


@pytest.mark.parametrize("path", [1, ["active"], {"value": "active"}, False])
def test_a_path_that_is_no_string_is_refused(path: Json) -> None:
    """150: a path is a string; anything else is invalidPath."""
    assert refusal(ADA, {"op": "replace", "path": path, "value": False}) == (
        InvalidPathError,
        "Operations[0].path must be a string.",
    )


def test_a_null_path_is_no_path() -> None:
    """RFC 7643 §2.5: ``null`` is absence, so the operation is about the resource."""
    sent = {"op": "replace", "path": None, "value": {"active": False}}
    assert patch(ADA, sent).attributes == ada_but(active=False)


@pytest.mark.parametrize("op", ["add", "replace"])
@pytest.mark.parametrize("path", ["title", 'emails[type eq "work"].value', None])
def test_add_and_replace_need_a_value(op: str, path: str | None) -> None:
    """138: an add without a value is invalidValue; a replace has nothing to replace by either."""
    assert refusal(ADA, operation(op, path)) == (InvalidValueError, f'An operation "{op}" needs a value.')


def test_remove_needs_a_path() -> None:
    """142: a remove without a path is noTarget, whatever its value."""
    detail = 'A "remove" needs a path that says what to remove.'
    assert refusal(ADA, operation("remove")) == (NoTargetError, detail)
    assert refusal(ADA, operation("remove", value={"title": "Analyst"})) == (NoTargetError, detail)


@pytest.mark.parametrize("value", [None, "active", False, [], [{"active": False}], 1])
def test_without_a_path_the_value_is_an_object(value: Json) -> None:
    """139: without a path the value holds the attributes, so it is an object."""
    detail = "The value of an operation without a path must be an object with attributes."
    assert refusal(ADA, operation("replace", value=value)) == (InvalidValueError, detail)


def test_operations_apply_in_order() -> None:
    """132: each operation works on what the one before it left."""
    add, remove = operation("add", "nickName", value="Countess"), operation("remove", "nickName")
    assert patch(ADA, add, remove).attributes == ADA.attributes
    assert patch(ADA, remove, add).attributes == ada_but(nickName="Countess")


def test_one_failing_operation_undoes_the_others() -> None:
    """133: an error in any operation leaves the resource as it was."""
    before = deepcopy(dict(ADA.attributes))
    error, _ = refusal(ADA, SUSPEND, operation("remove", 'emails[type eq "work"]'), operation("remove", "userName"))
    assert error is MutabilityError
    assert before == ADA.attributes


def test_a_patch_that_changes_nothing_gives_back_the_very_resource() -> None:
    """134: what is there already is not a change, so nothing is to be stored."""
    same = [
        operation("add", "title", value="Analyst"),
        operation("replace", "active", value=True),
        operation("add", "emails", value=[{"value": "ada@home.example", "type": "home"}]),
        operation("replace", "name", value={"givenName": "Ada"}),
        operation("remove", "nickName"),
        operation("remove", 'emails[type eq "other"]'),
    ]
    assert patch(ADA, *same) is ADA


def test_fifty_operations_on_members_and_a_thousand_members_in_one_succeed() -> None:
    """154: at least fifty member operations, and one operation with a thousand members, are carried out."""
    one_by_one = [operation("add", "members", value=[{"value": f"m{number}"}]) for number in range(60)]
    at_once = operation("add", "members", value=[{"value": f"n{number}"} for number in range(1200)])
    members = patch(CREW_OF_TWO, *one_by_one, at_once).attributes["members"]
    assert [item["value"] for item in members] == [
        "a1",
        "b2",
        *(f"m{number}" for number in range(60)),
        *(f"n{number}" for number in range(1200)),
    ]


def test_more_changes_than_are_carried_out_at_once_are_refused() -> None:
    """Operations, and the attributes of operations without a path, are counted before work is done for them."""
    add = operation("add", "nickName", value="Countess")
    assert patch(ADA, *[add] * MAX_CHANGES).attributes == ada_but(nickName="Countess")
    many_keys = operation("replace", value={f'emails[type eq "{number}"].value': "x" for number in range(MAX_CHANGES)})
    for operations in ([add] * (MAX_CHANGES + 1), [add, many_keys]):
        assert refusal(ADA, *operations) == (
            PayloadTooLargeError,
            f"One PATCH may make at most {MAX_CHANGES} changes; send several.",
        )


def test_the_work_that_one_message_can_cause_is_bounded() -> None:
    """Many operations on a long list are refused after a bounded amount of work, not after a minute."""
    emails = [{"value": f"{number}@example.com"} for number in range(10_000)]
    long_list = operation("replace", "emails", value=emails)
    remove = operation("remove", 'emails[value eq "nobody"]')
    started = time.perf_counter()
    error, detail = refusal(ADA, long_list, *[remove] * 900)
    assert (error, detail) == (
        PayloadTooLargeError,
        "This PATCH has too many operations for lists this long; send several.",
    )
    assert time.perf_counter() - started < 5
    few = MAX_ELEMENTS_VISITED // len(emails) - 1
    assert patch(ADA, long_list, *[remove] * few).attributes == ada_but(emails=emails)


def test_each_comparison_of_a_filter_is_work() -> None:
    """A filter with a hundred comparisons looks a hundred times at each element, and is counted so."""
    emails = [{"value": f"{number}@example.com"} for number in range(1000)]
    long_list = operation("replace", "emails", value=emails)
    nobody = " or ".join(f'(value eq "{number}" and not (type pr))' for number in range(50))
    remove = operation("remove", f"emails[{nobody}]")
    few = MAX_ELEMENTS_VISITED // (100 * len(emails)) - 1
    assert patch(ADA, long_list, *[remove] * few).attributes == ada_but(emails=emails)
    assert refusal(ADA, long_list, *[remove] * (few + 1)) == (
        PayloadTooLargeError,
        "This PATCH has too many operations for lists this long; send several.",
    )


def test_the_filters_of_one_message_are_bounded_together() -> None:
    """A thousand long filters, which fit into a body, are not all read."""
    remove = operation("remove", "emails[" + " or ".join(f'value eq "{number}"' for number in range(100)) + "]")
    enough = MAX_COMPARISONS // 100
    assert patch(ADA, *[remove] * enough) is ADA
    assert refusal(ADA, *[remove] * (enough + 1)) == (
        PayloadTooLargeError,
        f"The filters of one PATCH may hold at most {MAX_COMPARISONS} comparisons together; send several.",
    )


@pytest.mark.parametrize("size", [80_000])
@pytest.mark.parametrize("element", [{"type": "x"}, {"value": "x"}])
def test_a_long_list_is_joined_in_linear_time(size: int, element: dict[str, Json]) -> None:
    """An append looks each element up instead of comparing it with all others."""
    added = [{**element, "display": str(number)} for number in range(size)]
    started = time.perf_counter()
    result = patch(ADA, operation("add", "emails", value=added))
    assert time.perf_counter() - started < 10
    assert len(result.attributes["emails"]) == (2 + size if "type" in element else 3)
