"""*Bulk.* Decides what a BulkRequest asks, in which order, and how it is answered (RFC 7644 §3.7).

Knows messages, references and results; knows no tenant or database. Each operation is a request of its own, which goes
the way of any other request; here it is only put together and accounted for. Three ideas:

* **Ids are given in advance.** What an operation will create has its id before anything is done, so a reference such as
  ``bulkId:qwerty`` is replaced by an id wherever it stands, and a reference forward is like one back.
* **Who refers waits.** Operations are performed in their order; one that refers to a later one is performed after it.
* **A circle is a unit.** Resources that refer to each other are created together or not at all (§3.7.1).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import Final, TypeAlias

from musterbook.scim.bulk_order import Unit, units_of
from musterbook.scim.dialects import Tolerance
from musterbook.scim.errors import (
    ConflictError,
    InvalidSyntaxError,
    InvalidValueError,
    PayloadTooLargeError,
    ScimError,
    UnavailableError,
)
from musterbook.scim.operation import (
    Created,
    CreateResource,
    DeleteResource,
    Found,
    Outcome,
    PatchAnswer,
    PatchResource,
    ReplaceResource,
)
from musterbook.scim.protocol import ScimRequest, parse_request
from musterbook.scim.render import error_document
from musterbook.scim.resource import Json
from musterbook.scim.service import MAX_BULK_OPERATIONS, Service
from musterbook.scim.versions import entity_tag

BULK_REQUEST_URN = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE_URN = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"

ChangeOperation: TypeAlias = ReplaceResource | PatchResource | DeleteResource
"""What an operation other than a POST can be."""

_METHODS: Final = ("POST", "PUT", "PATCH", "DELETE")
_PREFIX: Final = "bulkId:"
_IN_PATH: Final = re.compile(r'"bulkId:([^"]++)"')
"""A reference in the filter of a PATCH path, such as ``members[value eq "bulkId:ada"]``."""
_NAMED: Final = 5
"""How many operations an error names; the client knows the rest."""
_OK, _CREATED, _NO_CONTENT = "200", "201", "204"


@dataclass(frozen=True, slots=True)
class BulkItem:
    """One operation as it was sent."""

    index: int
    method: str
    path: str
    bulk_id: str | None
    version: str | None
    data: Json
    new_id: str | None
    """The id that the resource gets which this operation creates."""
    references: tuple[str, ...]
    """The ``bulkId`` of every operation that this one refers to, in the order in which they stand."""
    refusal: ScimError | None = None
    """What is wrong with the operation before anything is done."""


class BulkJob:
    """The operations of one BulkRequest, and what came of them."""

    def __init__(self, items: Sequence[BulkItem], fail_on_errors: int | None) -> None:
        """Keep account of ``items``; stop after ``fail_on_errors`` errors, if that is a number."""
        self.items = items
        self._fail_on_errors = fail_on_errors
        self._results: dict[int, dict[str, Json]] = {}
        self._errors = 0
        self._by_bulk_id = {item.bulk_id: item for item in items if item.new_id is not None}
        self._failed: set[str | None] = set()
        self._is_stopped = False

    @property
    def error_count(self) -> int:
        """How many operations failed."""
        return self._errors

    def units(self) -> Iterator[Sequence[BulkItem]]:
        """Yield what is to be done next, until all is done or too much has failed.

        A unit is one operation, or several POST operations that refer to each other in a circle. A unit must
        be settled (:meth:`settle`) before the next is asked for.
        """
        units = self._plan()
        unmet = [len(unit.needs) for unit in units]
        ready: list[int] = []
        for place in range(len(units)):
            # A unit is reached when its last operation is; earlier it may not be done, later it need not wait.
            if unmet[place] == 0:
                heappush(ready, place)
            while ready and not self._is_stopped:
                done = heappop(ready)
                yield [self.items[index] for index in units[done].members]
                for waiting in units[done].awaited_by:
                    unmet[waiting] -= 1
                    if unmet[waiting] == 0 and waiting <= place:
                        heappush(ready, waiting)

    def _plan(self) -> list[Unit]:
        targets = {name: item.index for name, item in self._by_bulk_id.items() if name is not None}
        needs = [[targets[name] for name in item.references if name in targets] for item in self.items]
        return units_of(needs)

    def request(self, item: BulkItem) -> ScimRequest:
        """Return the request that ``item`` stands for, its references replaced by ids.

        Raises:
            ScimError: the operation cannot be performed, whatever the state of the directory is.
        """
        if item.refusal is not None:
            raise item.refusal
        # What is wrong by itself comes before what became wrong.
        for name in item.references:
            if name not in self._by_bulk_id:
                raise InvalidValueError(
                    f"No operation of this request creates a resource with the bulkId {name!r:.80}."
                )
        for name in item.references:
            if name in self._failed:
                raise ConflictError(f"The operation refers to the bulkId {name!r:.80}, whose operation failed.")
        query = item.path.partition("?")[2]
        data = _replaced(item.data, self._id_of)
        return ScimRequest(item.method, self._path(item), query, None, b"", if_match=item.version, document=data)

    def operation(self, item: BulkItem, service: Service, tolerance: Tolerance) -> CreateResource | ChangeOperation:
        """Return what ``item`` asks; nothing is read for an answer that shows nothing.

        Raises:
            ScimError: it is refused before anything is done.
        """
        operation = parse_request(self.request(item), service, tolerance).operation
        match operation:
            case CreateResource():
                return replace(operation, id=item.new_id, shows_related=False)
            case ReplaceResource():
                return replace(operation, shows_related=False)
            case PatchResource():
                return replace(operation, shows_related=False, answer=PatchAnswer.EMPTY)
            case DeleteResource():
                return operation
            case _:
                raise InvalidSyntaxError("A bulk operation creates, replaces, patches or removes one resource.")

    def is_circle(self, unit: Sequence[BulkItem]) -> bool:
        """Return whether the operations of ``unit`` refer to each other, or its only one to itself."""
        # An operation that creates nothing may bear the bulkId of the one that it refers to.
        return len(unit) > 1 or (unit[0].new_id is not None and unit[0].bulk_id in unit[0].references)

    def settle(self, unit: Sequence[BulkItem], result: Sequence[Outcome] | ScimError | None, service: Service) -> None:
        """Note what came of ``unit``: the outcome of each operation, or why none of them was performed."""
        if result is None or isinstance(result, ScimError):
            error = result or UnavailableError("The operation was not performed.")
            if len(unit) > 1 and not isinstance(error, UnavailableError):
                names = ", ".join(f"{item.bulk_id!r:.80}" for item in unit[:_NAMED])
                error = ConflictError(
                    f"Operations that refer to each other ({names}) were not performed: {error.detail}"
                )
            for item in unit:
                self._fail(item, error, service)
            return
        for item, outcome in zip(unit, result, strict=True):
            self._succeed(item, outcome, service)

    def _succeed(self, item: BulkItem, outcome: Outcome, service: Service) -> None:
        result = _result(item, self._location(item, service))
        match outcome:
            case Created(_, stored) | Found(_, stored):
                result["version"] = entity_tag(stored.meta.version)
                result["status"] = _CREATED if isinstance(outcome, Created) else _OK
            case _:
                result["status"] = _NO_CONTENT
        self._results[item.index] = result

    def _fail(self, item: BulkItem, error: ScimError, service: Service) -> None:
        result = _result(item, None if item.method == "POST" else self._location(item, service))
        result["status"] = str(error.status)
        result["response"] = error_document(error)
        self._results[item.index] = result
        self._errors += 1
        if item.new_id is not None:
            self._failed.add(item.bulk_id)
        if isinstance(error, UnavailableError):
            # The rest would fail in the same way, each after its own time of waiting. The client repeats what it finds
            # no result for.
            self._is_stopped = True
        if self._fail_on_errors is not None and self._errors >= self._fail_on_errors:
            self._is_stopped = True

    def response(self) -> dict[str, Json]:
        """Return the BulkResponse message: one result for each operation that was performed, in their order."""
        results = [self._results[index] for index in sorted(self._results)]
        return {"schemas": [BULK_RESPONSE_URN], "Operations": results}

    def _path(self, item: BulkItem) -> str:
        segments = item.path.partition("?")[0].split("/")
        return "/".join(self._id_of(part.removeprefix(_PREFIX)) if _is_reference(part) else part for part in segments)

    def _id_of(self, name: str) -> str:
        target = self._by_bulk_id.get(name)
        return _PREFIX + name if target is None or target.new_id is None else target.new_id

    def _location(self, item: BulkItem, service: Service) -> str:
        path = self._path(item).strip("/")
        return f"{service.base_url}/{path}" + (f"/{item.new_id}" if item.method == "POST" else "")


def parse_bulk(document: Mapping[str, Json], make_id: Callable[[], str]) -> BulkJob:
    """Return the job that a BulkRequest message asks for.

    What is wrong with one operation is that operation's failure, and not the job's.

    Raises:
        InvalidSyntaxError: the document is no BulkRequest message.
        InvalidValueError: ``failOnErrors`` is no integer.
        PayloadTooLargeError: there are more operations than ``MAX_BULK_OPERATIONS``.
    """
    members = {name.lower(): value for name, value in document.items()}
    schemas = members.get("schemas")
    if not isinstance(schemas, list) or BULK_REQUEST_URN.lower() not in (str(urn).lower() for urn in schemas):
        raise InvalidSyntaxError(f'A bulk request needs "schemas": ["{BULK_REQUEST_URN}"].')
    operations = members.get("operations")
    if not isinstance(operations, list):
        raise InvalidSyntaxError('"Operations" must be an array of operations.')
    if len(operations) > MAX_BULK_OPERATIONS:
        raise PayloadTooLargeError(
            f"The request has {len(operations)} operations; maxOperations is {MAX_BULK_OPERATIONS}. Send several."
        )
    seen: set[str] = set()
    items = [_parse_item(index, operation, seen, make_id) for index, operation in enumerate(operations)]
    return BulkJob(items, _parse_limit(members.get("failonerrors")))


def _parse_limit(value: Json) -> int | None:
    if value is None:
        return None
    if type(value) is not int:  # `true` is an int to Python.
        raise InvalidValueError("'failOnErrors' must be an integer.")
    return max(value, 1)


def _parse_item(index: int, operation: Json, seen: set[str], make_id: Callable[[], str]) -> BulkItem:
    sent = {name.lower(): value for name, value in operation.items()} if isinstance(operation, dict) else {}
    method, path, bulk_id, version = (_text(sent, name) for name in ("method", "path", "bulkid", "version"))
    method, path = (method or "").upper(), path or ""
    data = sent.get("data")
    refusal = _refusal(operation, method, path, bulk_id, data, seen)
    if refusal is None and version is None and sent.get("version") not in (None, ""):
        refusal = InvalidValueError('"version" must be a string, such as the "meta.version" of the resource.')
    is_created = method == "POST" and refusal is None
    if bulk_id is not None:
        seen.add(bulk_id)
    return BulkItem(
        index=index,
        method=method,
        path=path,
        bulk_id=bulk_id,
        version=version,
        data=data,
        new_id=make_id() if is_created else None,
        references=_references(path, data),
        refusal=refusal,
    )


def _text(sent: Mapping[str, Json], name: str) -> str | None:
    value = sent.get(name)
    return value if isinstance(value, str) and value else None


def _refusal(
    operation: Json, method: str, path: str, bulk_id: str | None, data: Json, seen: set[str]
) -> ScimError | None:
    """Return what is wrong with an operation as it stands (RFC 7644 §3.7, Table of the attributes)."""
    if not isinstance(operation, dict):
        return InvalidSyntaxError("An operation must be an object.")
    if method not in _METHODS:
        return InvalidSyntaxError(f'"method" must be one of {", ".join(_METHODS)}.')
    if not path:
        return InvalidSyntaxError('An operation needs a "path", such as "/Users".')
    if method == "POST" and bulk_id is None:
        return InvalidValueError('A POST needs a "bulkId" by which other operations can refer to what it creates.')
    if method == "POST" and bulk_id in seen:
        return InvalidValueError(f"The bulkId {bulk_id!r:.80} is used by an earlier operation; it must be unique.")
    if method != "DELETE" and not isinstance(data, dict):
        return InvalidSyntaxError(f'A {method} needs its body as an object in "data".')
    return None


def _result(item: BulkItem, location: str | None) -> dict[str, Json]:
    result: dict[str, Json] = {"method": item.method}
    if item.bulk_id is not None:
        result["bulkId"] = item.bulk_id
    if location is not None:
        result["location"] = location
    return result


# ---------------------------------------------------------------------------------------------------------------------
# References


def _is_reference(text: str) -> bool:
    return text.startswith(_PREFIX) and len(text) > len(_PREFIX)


def _references(path: str, data: Json) -> tuple[str, ...]:
    found = [part.removeprefix(_PREFIX) for part in path.partition("?")[0].split("/") if _is_reference(part)]

    def note(name: str) -> str:
        found.append(name)
        return name

    _replaced(data, note)
    return tuple(dict.fromkeys(found))


def _replaced(value: Json, id_of: Callable[[str], str]) -> Json:
    """Return ``value`` with every reference replaced, wherever it stands. The payload's depth is limited."""
    if isinstance(value, str):
        # A "$ref" ends in it: "../Users/bulkId:ada".
        head, slash, last = value.rpartition("/")
        if _is_reference(last) and " " not in value:
            return f"{head}{slash}{id_of(last.removeprefix(_PREFIX))}"
        if '"bulkId:' in value:
            return _IN_PATH.sub(lambda found: f'"{id_of(found[1])}"', value)
        return value
    if isinstance(value, dict):
        return {name: _replaced(item, id_of) for name, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, id_of) for item in value]
    return value
