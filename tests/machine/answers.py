"""What an answer must say, beside what the model says of its resources."""

from tests.machine.bulk import Performance
from tests.machine.model import Json, RefusedError
from tests.machine.server import Answer

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"


def check_refusal(answer: Answer, error: RefusedError) -> None:
    """Check that an answer refuses a request as the model does."""
    check_error(answer.document, answer.status, error)


def check_error(document: Json, status: int, error: RefusedError) -> None:
    """Check that an Error message says what the model says."""
    assert error.allows(status, document.get("scimType")), (document, error.problems)
    assert (document["schemas"], document["status"]) == ([ERROR], str(status))


def check_resource(answer: Answer, status: int, expected: Json, query: str) -> None:
    """Check that an answer shows a resource as the model has it, as far as the client wants to see it."""
    assert answer.status == status, answer.document
    meta = expected["meta"]
    assert (answer.headers["ETag"], answer.headers["Location"]) == (meta["version"], meta["location"])
    shown = {
        name: value for name, value in expected.items() if query != "excludedAttributes=members" or name != "members"
    }
    if query == "attributes=members":
        shown = {name: value for name, value in expected.items() if name in {"schemas", "id", "members"}}
    assert without_times(answer.document) == shown


def without_times(document: Json) -> Json:
    """Return a resource without the times in its ``meta``, which are in order."""
    if "meta" not in document:
        return document
    meta = dict(document["meta"])
    assert meta.pop("created") <= meta.pop("lastModified")
    return {**document, "meta": meta}


def check_bulk(answer: Answer, performance: Performance) -> None:
    """Check that each result of a bulk request is that of the model, in the order of the operations."""
    assert answer.status == 200, answer.document
    assert answer.document["schemas"] == [BULK_RESPONSE]
    results, expected = answer.document["Operations"], performance.results
    assert len(results) == len(expected), (results, expected)
    for result, number in zip(results, sorted(expected), strict=True):
        outcome = expected[number]
        if isinstance(outcome, RefusedError):
            assert "version" not in result, result
            check_error(result["response"], int(result["status"]), outcome)
        else:
            assert result == outcome
