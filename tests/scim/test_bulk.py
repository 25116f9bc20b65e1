"""Bulk: what a BulkRequest asks, in which order, and how it is answered (RFC 7644 §3.7)."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterbook.scim import Json, Meta, StoredResource, user_type
from musterbook.scim.bulk import BulkItem, BulkJob, parse_bulk
from musterbook.scim.bulk_order import units_of
from musterbook.scim.errors import (
    ConflictError,
    InvalidSyntaxError,
    InvalidValueError,
    NotFoundError,
    PayloadTooLargeError,
    ScimError,
    UnavailableError,
)
from musterbook.scim.operation import Created, Deleted, Found
from musterbook.scim.service import describe_service
from tests.timing import processor_seconds

SERVICE = describe_service("https://example.com/scim/v2", [user_type()])
URN = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
STORED = StoredResource("id-1", "{}", Meta("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z", 3))


def job(*operations: Json, **members: Json) -> BulkJob:
    """Return the job of a request with ``operations``; new ids are ``id-1``, ``id-2`` and so on."""
    ids = iter(f"id-{number}" for number in range(1, 2_000))
    return parse_bulk({"schemas": [URN], "Operations": list(operations), **members}, lambda: next(ids))


def post(bulk_id: str, *references: str, path: str = "/Users") -> dict[str, Json]:
    """Return a POST that refers to other operations."""
    return {
        "method": "POST",
        "path": path,
        "bulkId": bulk_id,
        "data": {"members": [{"value": f"bulkId:{name}"} for name in references]},
    }


def order(job: BulkJob, *, failing: Sequence[int] = ()) -> list[list[int]]:
    """Return the order in which the operations are done, those of ``failing`` being refused."""
    done: list[list[int]] = []
    for unit in job.units():
        done.append([item.index for item in unit])
        is_failing = any(item.index in failing for item in unit)
        result = NotFoundError("Gone.") if is_failing else [Created(user_type(), STORED)] * len(unit)
        job.settle(unit, result, SERVICE)
    return done


# ---------------------------------------------------------------------------------------------------------------------
# The BulkRequest as a whole


@pytest.mark.parametrize(
    "document, error",
    [
        ({}, InvalidSyntaxError),
        ({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": []}, InvalidSyntaxError),
        ({"schemas": URN, "Operations": []}, InvalidSyntaxError),
        ({"schemas": [URN]}, InvalidSyntaxError),
        ({"schemas": [URN], "Operations": {}}, InvalidSyntaxError),
        ({"schemas": [URN], "Operations": [], "failOnErrors": "1"}, InvalidValueError),
        ({"schemas": [URN], "Operations": [], "failOnErrors": True}, InvalidValueError),
        ({"schemas": [URN], "Operations": [{}] * 1_001}, PayloadTooLargeError),
    ],
)
def test_what_is_no_bulk_request_is_refused(document: dict[str, Json], error: type[ScimError]) -> None:
    """A wrong message, or one over the limit, is refused as a whole."""
    with pytest.raises(error):
        parse_bulk(document, lambda: "id")


def test_the_limit_is_named() -> None:
    """R-166: who sends too many operations is told how many are taken."""
    with pytest.raises(PayloadTooLargeError, match="maxOperations is 1000"):
        job(*[{}] * 1_001)


def test_names_have_no_case() -> None:
    """Member names, URNs and methods are read whatever their case."""
    made = parse_bulk(
        {"SCHEMAS": [URN.upper()], "operations": [{"METHOD": "delete", "Path": "/Users/1"}]}, lambda: "id"
    )
    assert made.request(made.items[0]).method == "DELETE"


@pytest.mark.parametrize(
    "operation, error",
    [
        ("DELETE /Users/1", InvalidSyntaxError),
        ({"path": "/Users/1"}, InvalidSyntaxError),
        ({"method": "GET", "path": "/Users/1"}, InvalidSyntaxError),
        ({"method": "DELETE"}, InvalidSyntaxError),
        ({"method": "DELETE", "path": 7}, InvalidSyntaxError),
        ({"method": "PATCH", "path": "/Users/1"}, InvalidSyntaxError),
        ({"method": "PUT", "path": "/Users/1", "data": []}, InvalidSyntaxError),
        ({"method": "POST", "path": "/Users", "data": {}}, InvalidValueError),
        ({"method": "PUT", "path": "/Users/1", "data": {"x": "bulkId:nobody"}}, InvalidValueError),
    ],
)
def test_a_wrong_operation_fails_alone(operation: Json, error: type[ScimError]) -> None:
    """What is wrong with one operation does not keep the others from being performed."""
    made = job(operation, {"method": "DELETE", "path": "/Users/1"})
    with pytest.raises(error):
        made.request(made.items[0])
    assert made.request(made.items[1]).path == "/Users/1"


def test_a_bulk_id_is_used_once() -> None:
    """R-161: the second POST with a bulkId is refused, and references mean the first."""
    made = job(post("a"), post("a"), post("b", "a"))
    with pytest.raises(InvalidValueError, match="must be unique"):
        made.request(made.items[1])
    assert made.request(made.items[2]).document == {"members": [{"value": "id-1"}]}


# ---------------------------------------------------------------------------------------------------------------------
# ``bulkId:`` stands for the id of what another operation creates (RFC 7644 §3.7.2)


def test_a_reference_is_replaced_wherever_it_stands() -> None:
    """R-162: in paths, members, extensions, the values of a PATCH and the filters of its paths."""
    urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    patch = {
        "Operations": [
            {"op": "add", "path": "members", "value": [{"value": "bulkId:ada"}]},
            {"op": "remove", "path": 'members[value eq "bulkId:ada" or value eq "x"]'},
        ],
        urn: {"manager": {"value": "bulkId:ada", "$ref": "../Users/bulkId:ada"}},
        "plain": "about bulkId:ada",
        "phrase": "neither/ nor/bulkId:ada",
    }
    made = job(post("ada"), {"method": "PATCH", "path": "/Users/bulkId:ada?attributes=id", "data": patch})
    request = made.request(made.items[1])
    assert (request.path, request.query) == ("/Users/id-1", "attributes=id")
    assert request.document == {
        "Operations": [
            {"op": "add", "path": "members", "value": [{"value": "id-1"}]},
            {"op": "remove", "path": 'members[value eq "id-1" or value eq "x"]'},
        ],
        urn: {"manager": {"value": "id-1", "$ref": "../Users/id-1"}},
        "plain": "about bulkId:ada",
        "phrase": "neither/ nor/bulkId:ada",
    }


def test_the_version_is_a_precondition() -> None:
    """R-165: ``version`` is what If-Match would be."""
    made = job({"method": "DELETE", "path": "/Users/1", "version": 'W/"3"'})
    assert made.request(made.items[0]).if_match == 'W/"3"'


@pytest.mark.parametrize("version", [3, True, ['W/"3"'], {}])
def test_a_version_that_is_no_text_is_refused(version: Json) -> None:
    """R-165: a precondition that cannot be read is not ignored; nobody knows what the client wanted to be sure of."""
    made = job({"method": "DELETE", "path": "/Users/1", "version": version})
    with pytest.raises(InvalidValueError, match="version"):
        made.request(made.items[0])


@pytest.mark.parametrize("version", [None, ""])
def test_no_version_is_no_precondition(version: Json) -> None:
    """A client that knows no version may say so."""
    made = job({"method": "DELETE", "path": "/Users/1", "version": version})
    assert made.request(made.items[0]).if_match is None


def test_who_refers_forward_waits() -> None:
    """An operation that refers to a later one is performed right after it; all others keep their order."""
    assert order(job(post("a", "c"), post("b"), post("c"), post("d"))) == [[1], [2], [0], [3]]


def test_a_circle_is_done_together_when_its_last_operation_is_reached() -> None:
    """RFC 7644 §3.7.1: what refers to each other is one unit; what needs the circle comes after it."""
    assert order(job(post("a", "b"), post("x", "a"), post("b", "a"), post("c"))) == [[0, 2], [1], [3]]


def test_what_refers_to_itself_is_no_circle_with_others() -> None:
    """A group that is its own member is done alone."""
    assert order(job(post("a", "a"))) == [[0]]


def test_a_change_may_bear_the_bulk_id_of_what_it_changes() -> None:
    """A bulkId is unique among what is created; a PATCH that bears the one that it refers to is no circle."""
    asked = job(post("ada"), {**post("ada", "ada", path="/Groups/1"), "method": "PATCH"})
    circles = []
    for unit in asked.units():
        circles.append(asked.is_circle(unit))
        asked.settle(unit, [Deleted()], SERVICE)
    assert circles == [False, False]


def test_who_refers_to_a_failure_fails() -> None:
    """A reference to what was not created is a 409 of the operation that holds it."""
    made = job(post("a"), post("b", "a"))
    assert order(made, failing=[0]) == [[0], [1]]
    with pytest.raises(ConflictError, match="whose operation failed"):
        made.request(made.items[1])


@given(
    st.integers(1, 12).flatmap(lambda size: st.lists(st.lists(st.integers(0, size - 1)), min_size=size, max_size=size))
)
def test_no_unit_comes_before_what_it_needs(needs: list[list[int]]) -> None:
    """Whatever refers to whatever: each operation is done once, after all that it needs outside of its circle."""
    units = units_of(needs)
    place_of = {member: place for place, unit in enumerate(units) for member in unit.members}
    assert sorted(place_of) == list(range(len(needs)))
    for one in range(len(needs)):
        together = {other for other in _reached(needs, one) if one in _reached(needs, other)} | {one}
        assert set(units[place_of[one]].members) == together
    for place, unit in enumerate(units):
        assert unit.needs == {place_of[need] for member in unit.members for need in needs[member]} - {place}
        assert all(place in units[need].awaited_by for need in unit.needs)
    operations = [post(str(index), *map(str, wanted)) for index, wanted in enumerate(needs)]
    done: set[int] = set()
    for step in order(job(*operations)):
        done.update(step)
        assert all(need in done for member in step for need in needs[member])
    assert done == set(range(len(needs)))


def test_a_thousand_operations_in_one_chain_are_ordered_quickly() -> None:
    """The work follows the number of references, also where each operation needs the next."""
    chain = [post(str(index), *([str(index + 1)] if index < 999 else [])) for index in range(1_000)]
    assert processor_seconds(lambda: order(job(*chain)), rounds=2) < 1
    assert order(job(*chain))[0] == [999]


def _reached(needs: list[list[int]], start: int) -> set[int]:
    found: set[int] = set()
    waiting = list(needs[start])
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(needs[node])
    return found


RESPONSE_URN = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
ERROR_URN = "urn:ietf:params:scim:api:messages:2.0:Error"
BASE = "https://example.com/scim/v2/Users"
RESULTS = [
    {"method": "POST", "bulkId": "a", "location": f"{BASE}/id-1", "version": 'W/"3"', "status": "201"},
    {"method": "PUT", "location": f"{BASE}/7", "version": 'W/"3"', "status": "200"},
    {"method": "DELETE", "bulkId": "gone", "location": f"{BASE}/8", "status": "204"},
    {
        "method": "POST",
        "bulkId": "b",
        "status": "400",
        "response": {"schemas": [ERROR_URN], "status": "400", "scimType": "invalidValue", "detail": "No."},
    },
    {
        "method": "DELETE",
        "location": f"{BASE}/id-1",
        "status": "404",
        "response": {"schemas": [ERROR_URN], "status": "404", "detail": "Gone."},
    },
]


# ---------------------------------------------------------------------------------------------------------------------
# The BulkResponse message (RFC 7644 §3.7.3)


def test_each_operation_has_its_result() -> None:
    """R-160: method, bulkId, location, version and a string as status; what failed has the whole error."""
    made = job(
        post("a"),
        {"method": "PUT", "path": "/Users/7", "data": {}},
        {"method": "DELETE", "path": "Users/8", "bulkId": "gone"},
        post("b"),
        {"method": "DELETE", "path": "/Users/bulkId:a"},
    )
    outcomes: Iterator[Any] = iter(
        [
            Created(user_type(), STORED),
            Found(user_type(), STORED),
            Deleted(),
            InvalidValueError("No."),
            NotFoundError("Gone."),
        ]
    )
    for unit in made.units():
        outcome = next(outcomes)
        made.settle(unit, outcome if isinstance(outcome, ScimError) else [outcome], SERVICE)
    assert made.response() == {"schemas": [RESPONSE_URN], "Operations": RESULTS}
    assert made.error_count == 2


def test_a_circle_fails_whole() -> None:
    """R-163: of operations that refer to each other, the failure of one is a 409 of each, which says why."""
    made = job(post("a", "b"), post("b", "a"))
    order(made, failing=[1])
    results = made.response()["Operations"]
    assert [result["status"] for result in results] == ["409", "409"]
    assert results[0]["response"]["detail"] == (
        "Operations that refer to each other ('a', 'b') were not performed: Gone."
    )


@pytest.mark.parametrize("limit, performed", [(None, 4), (1, 2), (0, 2), (2, 3), (3, 4)])
def test_fail_on_errors_ends_the_job(limit: int | None, performed: int) -> None:
    """R-159: the answer ends with the error that was one too many; what comes later is not performed."""
    made = job(*[post(name) for name in "abcd"], failOnErrors=limit)
    assert [step for (step,) in order(made, failing=[1, 2])] == list(range(performed))
    assert len(made.response()["Operations"]) == performed


def test_a_server_that_cannot_go_on_stops() -> None:
    """A 503 ends the job, for each further operation would wait for the same failure."""
    made = job(post("a"), post("b"))
    done: list[BulkItem] = []
    for unit in made.units():
        done.extend(unit)
        made.settle(unit, UnavailableError("Away."), SERVICE)
    assert [item.index for item in done] == [0]
