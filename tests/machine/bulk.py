"""Bulk requests: what clients send, and what comes of it if the operations are done one by one (RFC 7644 §3.7)."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.machine.model import GROUPS, SCIM_URL, USER, USERS, Caller, Json, Problem, RefusedError
from tests.machine.writes import Whom, Write, writes

MAX_OPERATIONS = 5
NOTHING = "none"
"""The bulkId of no operation."""
METHODS = st.sampled_from(["POST"] * 5 + ["PUT", "PATCH", "PATCH", "PATCH", "DELETE"])


@dataclass(frozen=True)
class Operation:
    """One operation of a bulk request."""

    sent: Json
    write: Write | None
    problem: Problem | None = None
    """What is wrong with it, whatever it refers to."""
    creates: bool = field(default=False)
    """Whether others can refer to it: it is a POST that can be read."""

    @property
    def references(self) -> set[str]:
        """The bulkIds that it refers to."""
        return set(re.findall(r"bulkId:(\w+)", json.dumps([self.sent.get("path"), self.sent.get("data")])))


@dataclass(frozen=True)
class Bulk:
    """One request."""

    operations: list[Operation]
    fail_on_errors: int | None

    @property
    def body(self) -> Json:
        """The message."""
        message = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "Operations": [operation.sent for operation in self.operations],
        }
        return message if self.fail_on_errors is None else {**message, "failOnErrors": self.fail_on_errors}


WRONG: list[tuple[Json, Problem, bool]] = [
    ({"method": "GET", "path": "/Users"}, (400, "invalidSyntax"), False),
    ({"method": "DELETE"}, (400, "invalidSyntax"), False),
    ({"method": "PUT", "path": "/Users/x"}, (400, "invalidSyntax"), False),
    ({"method": "POST", "path": "/Groups"}, (400, "invalidSyntax"), False),
    ({"method": "POST", "path": "/Groups", "bulkId": None, "data": {}}, (400, "invalidValue"), False),
    ({"method": "POST", "path": "/Bulk", "data": {"Operations": []}}, (400, "invalidSyntax"), True),
    ({"method": "POST", "path": "/Nothing", "data": {}}, (404, None), True),
    ({"method": "DELETE", "path": "/Users"}, (405, None), False),
    ({"method": "POST", "path": "/Users", "data": {"schemas": [USER], "userName": " "}}, (400, "invalidValue"), True),
]
"""Operations that cannot be done, why, and whether others can refer to them."""


@st.composite
def bulks(draw: st.DrawFn, ids: dict[str, list[str]], others: list[str]) -> Bulk:
    """Draw a bulk request whose operations refer to each other, to themselves and to nothing."""
    is_closed = draw(st.integers(0, 2)) == 0
    methods = draw(st.lists(st.just("POST") if is_closed else METHODS, min_size=1, max_size=MAX_OPERATIONS))
    names = [_name(index) for index, method in enumerate(methods) if method == "POST"]
    if draw(st.integers(0, 4)) == 0:
        names += [NOTHING, _name(0)]
    references = tuple(f"bulkId:{name}" for name in names)
    # Those who come in one request rarely refer to each other in a circle, unless there is nobody else to refer to.
    whom = Whom({USERS: [], GROUPS: []}, [], references) if is_closed else Whom(ids, others, references)
    operations: list[Operation] = []
    for index, method in enumerate(methods):
        # Now and then a name is given twice.
        bulk_id = _name(index if draw(st.integers(0, 15)) else 0)
        is_taken = any(operation.sent.get("bulkId") == bulk_id for operation in operations)
        operations.append(_operation(draw, whom, method, bulk_id, is_taken=is_taken))
    return Bulk(operations, draw(st.sampled_from([None, None, None, 1, 2])))


def _name(index: int) -> str:
    return f"b{index}"


def _operation(draw: st.DrawFn, whom: Whom, method: str, bulk_id: str, *, is_taken: bool) -> Operation:
    if draw(st.integers(0, 11)) == 0:
        sent, problem, creates = draw(st.sampled_from(WRONG))
        is_duplicate = sent["method"] == "POST" and is_taken and "bulkId" not in sent
        if is_duplicate:
            problem, creates = (400, "invalidValue"), False
        return Operation({"bulkId": bulk_id, **sent}, None, problem, creates)
    write = draw(writes(whom, draw(st.sampled_from([USERS, GROUPS, GROUPS])), st.just(method)))
    sent = {"method": write.method, "path": write.path, "bulkId": bulk_id}
    if write.version is not None:
        sent["version"] = f'W/"{write.version}"'
    if write.body is not None:
        sent["data"] = write.body
    is_post = write.method == "POST"
    return Operation(sent, write, (400, "invalidValue") if is_post and is_taken else None, is_post and not is_taken)


# ---------------------------------------------------------------------------------------------------------------------
# In which order


def units(operations: Sequence[Operation]) -> Iterator[list[int]]:
    """Yield the numbers of what is done together: one operation, or those that refer to each other in a circle.

    The operations are reached in their order. Whoever refers to a later one waits until that one is done.
    """
    number_of = {operation.sent["bulkId"]: number for number, operation in enumerate(operations) if operation.creates}
    behind = [{number_of[name] for name in operation.references & number_of.keys()} for operation in operations]
    for _ in operations:
        behind = [needs.union(*(behind[need] for need in needs)) for needs in behind]
    circles = {
        frozenset([number, *(other for other in needs if number in behind[other])])
        for number, needs in enumerate(behind)
    }
    done: set[int] = set()
    for reached in range(len(operations)):
        while ready := [
            circle
            for circle in circles
            if not circle & done
            and max(circle) <= reached
            and set().union(*(behind[one] for one in circle)) <= circle | done
        ]:
            unit = min(ready, key=max)
            done |= unit
            yield sorted(unit)


# ---------------------------------------------------------------------------------------------------------------------
# What comes of it


class Performance:
    """A bulk request as the model does it; the ids that it makes are those of the server."""

    def __init__(self, caller: Caller, bulk: Bulk, made: dict[str, str]) -> None:
        """Take the ids of what was created, by bulkId, from the server's answer."""
        self._caller = caller
        self._operations = bulk.operations
        self._limit = bulk.fail_on_errors
        self._made = made
        self._failed: set[str] = set()
        self._errors = 0
        self.results: dict[int, Json | RefusedError] = {}
        """What is answered, by the number of the operation; for a failure, why."""

    def run(self) -> None:
        """Do everything, until too much has failed."""
        for unit in units(self._operations):
            try:
                self._perform(unit)
            except RefusedError as error:
                reason = error if len(unit) == 1 else RefusedError((409, None))
                for number in unit:
                    self._fail(number, reason)
            if self._limit is not None and self._errors >= self._limit:
                return

    def _perform(self, unit: list[int]) -> None:
        operations = [self._operations[number] for number in unit]
        for operation in operations:
            self._check(operation)
        is_circle = len(unit) > 1 or operations[0].sent["bulkId"] in operations[0].references
        ids = [self._id(operation) for operation in operations]
        self._caller.made |= {
            f"bulkId:{operation.sent['bulkId']}": id_
            for operation, id_ in zip(operations, ids, strict=True)
            if operation.creates
        }
        changes = [(operation.write, id_) for operation, id_ in zip(operations, ids, strict=True)]
        steps = [lambda w=write, i=id_: w.perform(self._caller, i) for write, id_ in changes if write is not None]
        if is_circle and operations[0].creates:
            self._caller.tenant.together(set(ids), steps)
        else:
            steps[0]()
        for number, id_ in zip(unit, ids, strict=True):
            self.results[number] = self._success(self._operations[number], id_)

    def _check(self, operation: Operation) -> None:
        """Refuse what is wrong in itself, and what refers to nothing or to what failed."""
        if operation.problem is not None and not operation.creates:
            raise RefusedError(operation.problem)
        names = {other.sent["bulkId"] for other in self._operations if other.creates}
        problems: list[Problem] = []
        problems += [(400, "invalidValue") for _ in operation.references - names]
        problems += [(409, None) for _ in operation.references & self._failed]
        if not problems and operation.problem is not None:
            problems = [operation.problem]
        if problems:
            raise RefusedError(*problems)

    def _id(self, operation: Operation) -> str:
        write = operation.write
        if operation.creates or write is None:
            # What the server has refused has no id; for the model it has one, until it is refused here too.
            return self._made.get(operation.sent["bulkId"], f"id of {operation.sent['bulkId']}")
        return self._caller.made.get(write.id, write.id)

    def _fail(self, number: int, error: RefusedError) -> None:
        operation = self._operations[number]
        self.results[number] = error
        self._errors += 1
        if operation.creates:
            self._failed.add(operation.sent["bulkId"])

    def _success(self, operation: Operation, id_: str) -> Json:
        write = operation.write
        if write is None:
            raise AssertionError("what is wrong has no success")
        result = {name: operation.sent[name] for name in ("method", "bulkId")}
        result["location"] = f"{SCIM_URL}/{write.kind}/{id_}"
        if write.method == "DELETE":
            return {**result, "status": "204"}
        version = self._caller.tenant.kept[write.kind][id_].version
        return {**result, "version": f'W/"{version}"', "status": "201" if write.method == "POST" else "200"}
