"""*The PatchOp message.* Decides whether JSON is a PATCH request and what its operations are (RFC 7644 §3.5.2).

Knows no schema and no resource: a path is text here and a value any JSON. What they mean is for ``patch_path`` and
``patch``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from musterbook.scim.dialects import Tolerance
from musterbook.scim.errors import InvalidPathError, InvalidSyntaxError, PayloadTooLargeError
from musterbook.scim.patch_dialects import (
    EMPTY_OPERATIONS,
    MEMBERS_WITHOUT_OPERATIONS,
    OPERATION_NAME_CASE,
    PATCH_WITHOUT_SCHEMAS,
)
from musterbook.scim.resource import Json

PATCH_OP_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

MAX_CHANGES = 1000
"""The operations of one message, counting each attribute of an operation without a path.

Entra ID sends up to about forty, and splits longer lists itself. A member list counts as one whatever its length.
"""


class OperationName(Enum):
    """``op`` of RFC 7644 §3.5.2."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class PatchOperation:
    """One operation as it was sent."""

    op: OperationName
    path: str | None
    value: Json
    has_value: bool
    """Whether ``value`` was sent at all; ``null`` is a value, which unassigns (RFC 7643 §2.5)."""


def parse_message(document: Mapping[str, Json], tolerance: Tolerance) -> list[PatchOperation]:
    """Return the operations of a PATCH request, in order.

    Raises:
        InvalidSyntaxError: the document is not a PatchOp message.
        InvalidPathError: a path is not a string.
        PayloadTooLargeError: there are more than ``MAX_CHANGES`` operations.
    """
    members = {name.lower(): value for name, value in document.items()}
    operations = members.get("operations")
    if operations is None and "members" in members and tolerance.permits(MEMBERS_WITHOUT_OPERATIONS):
        return _parse_part(members)
    _check_schemas(members.get("schemas"), tolerance)
    if operations == [] and tolerance.permits(EMPTY_OPERATIONS):
        return []
    if not isinstance(operations, list) or not operations:
        raise InvalidSyntaxError('A PATCH body needs "Operations", an array with at least one operation.')
    refuse_too_many(len(operations))
    return [_parse_operation(item, position, tolerance) for position, item in _numbered(operations)]


def refuse_too_many(changes: int) -> None:
    """Raise if one message asks for more changes than are carried out at once.

    The answer is the one that RFC 7644 §3.7.4 gives a bulk request with too many operations; ``tooMany`` is about what
    a filter yields.

    Raises:
        PayloadTooLargeError: there are more than ``MAX_CHANGES``.
    """
    if changes > MAX_CHANGES:
        raise PayloadTooLargeError(f"One PATCH may make at most {MAX_CHANGES} changes; send several.")


def _numbered(operations: list[Json]) -> Iterator[tuple[str, Json]]:
    return ((f"Operations[{index}]", item) for index, item in enumerate(operations))


def _check_schemas(schemas: Json, tolerance: Tolerance) -> None:
    if isinstance(schemas, list) and any(isinstance(urn, str) and urn.lower() == _PATCH_OP_KEY for urn in schemas):
        return
    if schemas in (None, []) and tolerance.permits(PATCH_WITHOUT_SCHEMAS):
        return
    raise InvalidSyntaxError(f'A PATCH body needs "schemas": ["{PATCH_OP_URN}"].')


_PATCH_OP_KEY = PATCH_OP_URN.lower()


def _parse_operation(item: Json, position: str, tolerance: Tolerance) -> PatchOperation:
    if not isinstance(item, dict):
        raise InvalidSyntaxError(f'{position} must be an object with "op", "path" and "value".')
    members = {name.lower(): value for name, value in item.items()}
    path = members.get("path")
    if path is not None and not isinstance(path, str):
        raise InvalidPathError(f"{position}.path must be a string.")
    op = _parse_name(members.get("op"), position, tolerance)
    return PatchOperation(op, path, members.get("value"), "value" in members)


def _parse_name(op: Json, position: str, tolerance: Tolerance) -> OperationName:
    if isinstance(op, str):
        name = _NAMES.get(op)
        if name is None:
            name = _NAMES.get(op.lower())
            if name is not None and not tolerance.permits(OPERATION_NAME_CASE):
                name = None
        if name is not None:
            return name
    raise InvalidSyntaxError(f'{position}.op must be "add", "remove" or "replace".')


_NAMES: Mapping[str, OperationName] = {name.value: name for name in OperationName}


# ---------------------------------------------------------------------------------------------------------------------
# SCIM 1.1


def _parse_part(document: Mapping[str, Json]) -> list[PatchOperation]:
    """Return the operations that mean the same as a part of a group, the body of a PATCH in SCIM 1.1.

    Its members are added, but for those with an ``operation`` "delete"; other attributes replace what is there.
    """
    members = document["members"] if isinstance(document["members"], list) else [document["members"]]
    added: list[Json] = []
    removed: list[Json] = []
    for index, item in enumerate(members):
        if isinstance(item, dict) and "operation" in item:
            chosen = removed if _is_delete(item["operation"], index) else added
            chosen.append({name: value for name, value in item.items() if name != "operation"})
        else:
            added.append(item)
    others = {name: value for name, value in document.items() if name not in {"schemas", "members"}}
    operations = [
        PatchOperation(OperationName.REPLACE, None, others, has_value=True) if others else None,
        PatchOperation(OperationName.REMOVE, "members", removed, has_value=True) if removed else None,
        PatchOperation(OperationName.ADD, "members", added, has_value=True) if added else None,
    ]
    return [operation for operation in operations if operation is not None]


def _is_delete(operation: Json, index: int) -> bool:
    name = operation.lower() if isinstance(operation, str) else ""
    if name not in {"add", "delete"}:
        raise InvalidSyntaxError(f'members[{index}].operation must be "add" or "delete".')
    return name == "delete"
