"""*From operation to changes.* Decides what each operation of a PATCH does to which attribute (RFC 7644 §3.5.2).

Knows schemas, values and dialects; knows no resource, so what depends on the present value is left to ``patch_edit``.
An operation on the whole resource, or on an extension, becomes one change for each attribute that its value names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from musterbook.scim.dialects import EMPTY_ELEMENTS, NULL_MEMBERS, PASSWORD, Profile, Tolerance
from musterbook.scim.errors import (
    InvalidPathError,
    InvalidSyntaxError,
    InvalidValueError,
    MutabilityError,
    NoTargetError,
)
from musterbook.scim.filter import CompareOp, Comparison, Conjunction, Filter
from musterbook.scim.patch_dialects import (
    CLEARED_BY_VALUE,
    CREATED_BY_FILTER,
    READ_ONLY_TARGETS,
    REMOVED_BY_VALUE,
    SCHEMAS_AS_TARGET,
    UNKNOWN_TARGETS,
)
from musterbook.scim.patch_edit import Append, Assign, Discard, Edit, Merge, RemoveElements, WriteElements, comparable
from musterbook.scim.patch_message import OperationName, PatchOperation, refuse_too_many
from musterbook.scim.patch_path import RESOURCE_ITSELF, Target, parse_key, parse_path, shown
from musterbook.scim.path import BoundPath
from musterbook.scim.resource import Json
from musterbook.scim.schema import COMMON_ATTRIBUTES, Attribute, AttributeType, Mutability, ResourceType
from musterbook.scim.values import ignore_unknown, parse_element, parse_value

_ADD = OperationName.ADD
_REMOVE = OperationName.REMOVE
_REPLACE = OperationName.REPLACE
_COMPLEX = AttributeType.COMPLEX
_READ_ONLY = Mutability.READ_ONLY
_SCHEMAS = COMMON_ATTRIBUTES["schemas"]


@dataclass(frozen=True, slots=True)
class Change:
    """One edit of one attribute."""

    extension: str | None
    """The URN of the extension that the attribute belongs to; ``None`` for the base schema."""
    attribute: Attribute
    edit: Edit


def changes_of(operation: PatchOperation, resource_type: ResourceType, tolerance: Tolerance) -> Iterator[Change]:
    """Yield the changes that one operation asks for; none where all that it names is ignored.

    Raises:
        BadRequestError: one of its subclasses, as RFC 7644 §3.12, Table 9 has them.
    """
    if operation.path is None:
        if _is_interop(tolerance):
            raise InvalidSyntaxError("The interoperability profile wants every operation to have a path.")
        if operation.op is _REMOVE:
            raise NoTargetError('A "remove" needs a path that says what to remove.')
        target: Target | None = Target(RESOURCE_ITSELF)
    else:
        target = parse_path(operation.path, resource_type, tolerance)
    if operation.op is not _REMOVE and not operation.has_value:
        raise InvalidValueError(f'An operation "{operation.op.value}" needs a value.')
    if target is None:
        _leave_out_unknown(operation.path or "", tolerance)
    else:
        yield from _changes_at(operation.op, target, operation.value, resource_type, tolerance)


def _is_interop(tolerance: Tolerance) -> bool:
    """Return whether the rules of the interoperability profile hold that are narrower than RFC 7644.

    There, every operation has a path, a complex attribute is replaced as a whole, what is added to several values is
    an array, a path's filter selects one element, and a sub-attribute follows the filter.
    """
    return tolerance.profile is Profile.INTEROP_STRICT


def _is_password(name: str, tolerance: Tolerance) -> bool:
    return name.lower() == "password" and tolerance.permits(PASSWORD)


def _leave_out_unknown(path: str, tolerance: Tolerance) -> None:
    if _is_password(path, tolerance):
        return
    if not tolerance.permits(UNKNOWN_TARGETS):
        error = InvalidSyntaxError if _is_interop(tolerance) else InvalidPathError
        raise error(f"{shown(path)} is not an attribute that this server knows.")
    tolerance.ignore(shown(path))


def _changes_at(
    op: OperationName, target: Target, value: Json, resource_type: ResourceType, tolerance: Tolerance
) -> Iterator[Change]:
    path = target.path
    if path.attribute is not None:
        edit = _edit(op, target, path.attribute, value, tolerance)
        if edit is not None:
            yield Change(None if path.extension is None else path.extension.id, path.attribute, edit)
    elif value is None and path.extension is not None:
        for attribute in path.extension.attributes:
            if attribute.mutability is not _READ_ONLY:
                yield Change(path.extension.id, attribute, Assign(None))
    elif value is None and op is _REMOVE:
        raise NoTargetError("A resource is removed by DELETE; a PATCH removes attributes.")
    else:
        if op is _REMOVE:
            _check_removal_by_value(path, tolerance)
        yield from _changes_in(op, path, value, resource_type, tolerance)


# ---------------------------------------------------------------------------------------------------------------------
# Objects whose members are attributes: no path, or the URN of a schema


def _changes_in(
    op: OperationName, container: BoundPath, value: Json, resource_type: ResourceType, tolerance: Tolerance
) -> Iterator[Change]:
    if not isinstance(value, dict):
        place = str(container) or "an operation without a path"
        raise InvalidValueError(f"The value of {place} must be an object with attributes.")
    refuse_too_many(len(value))
    for key, item in value.items():
        target = parse_key(key, container, resource_type, tolerance)
        if target is None:
            name = shown(key) if container.extension is None else f"{container}:{shown(key)}"
            if not _is_password(name, tolerance):
                ignore_unknown(name, item, tolerance)
        elif item is not None or not _keeps_members(target, op, tolerance):
            yield from _changes_at(op, target, item, resource_type, tolerance)


def _keeps_members(target: Target, op: OperationName, tolerance: Tolerance) -> bool:
    """Return whether ``null`` for the members, among other attributes that are written, says nothing of them."""
    attribute = target.path.attribute
    is_members = attribute is not None and attribute.kept_as_rows and op is not _REMOVE
    return is_members and tolerance.permits(NULL_MEMBERS)


# ---------------------------------------------------------------------------------------------------------------------
# One attribute


def _edit(op: OperationName, target: Target, attribute: Attribute, value: Json, tolerance: Tolerance) -> Edit | None:
    """Return the edit of ``attribute`` that an operation makes, or ``None`` where it changes nothing."""
    path = target.path
    if attribute is _SCHEMAS:
        _leave_out_schemas(op, value, path, tolerance)
        return None
    if attribute.mutability is _READ_ONLY or (path.leaf or attribute).mutability is _READ_ONLY:
        if not tolerance.permits(READ_ONLY_TARGETS):
            raise MutabilityError(f"{path} is read-only; leave it out.")
        tolerance.ignore(str(path))
        return None
    if op is _REMOVE:
        return _removal(target, attribute, value, tolerance)
    if path.sub_attribute is not None:
        return _sub_attribute_edit(target, attribute, path.sub_attribute, value, tolerance)
    if target.filter is not None:
        return _element_edit(op, target, attribute, value, tolerance)
    if attribute.multi_valued:
        return _multi_valued_edit(op, target, attribute, value, tolerance)
    if attribute.type is _COMPLEX:
        return _complex_edit(op, target, attribute, value, tolerance)
    parsed = parse_value(attribute, value, str(path), tolerance)
    return _removal(target, attribute, None, tolerance) if parsed is None else Assign(parsed)


def _multi_valued_edit(
    op: OperationName, target: Target, attribute: Attribute, value: Json, tolerance: Tolerance
) -> Edit | None:
    if op is _ADD and isinstance(value, dict) and not _is_interop(tolerance):
        value = [value]  # RFC 7644 §3.5.2.1: what is added may be one object
    elements = parse_value(attribute, value, str(target.path), tolerance)
    if op is _ADD:
        # To add nothing removes nothing: an empty list of members to add must not empty a group.
        return None if elements is None else Append(tuple(elements))
    return _removal(target, attribute, None, tolerance) if elements is None else Assign(elements)


def _complex_edit(
    op: OperationName, target: Target, attribute: Attribute, value: Json, tolerance: Tolerance
) -> Edit | None:
    values = _sub_values(attribute, value, target.path, tolerance)
    if values is None:
        return _removal(target, attribute, None, tolerance)
    if op is _REPLACE and _is_interop(tolerance):
        return Assign({name: item for name, item in values.items() if item is not None} or None)
    return _merge(values, tolerance) if values else None


def _sub_attribute_edit(
    target: Target, attribute: Attribute, sub: Attribute, value: Json, tolerance: Tolerance
) -> Edit | None:
    parsed = parse_value(sub, value, str(target.path), tolerance)
    if parsed is None:
        return _removal(target, attribute, None, tolerance)
    values = {sub.name: parsed}
    if target.filter is None and not attribute.multi_valued:
        return _merge(values, tolerance)
    return _write(target, attribute, values, tolerance)


def _element_edit(
    op: OperationName, target: Target, attribute: Attribute, value: Json, tolerance: Tolerance
) -> Edit | None:
    values = _sub_values(attribute, value, target.path, tolerance)
    if values is None:
        return _removal(target, attribute, None, tolerance)
    return _write(target, attribute, values, tolerance, is_whole=op is _REPLACE) if values else None


def _removal(target: Target, attribute: Attribute, value: Json, tolerance: Tolerance) -> Edit | None:
    """Return the edit that removes what ``target`` points at, or of it what ``value`` lists."""
    path, sub = target.path, target.path.sub_attribute
    if sub is not None:
        _refuse_to_unassign(sub, path)
        values = {sub.name: None}
        if target.filter is None and not attribute.multi_valued:
            return _merge(values, tolerance)
        return _write(target, attribute, values, tolerance)
    if target.filter is not None:
        return RemoveElements(target.filter)
    if attribute.multi_valued and value is not None:
        _check_removal_by_value(path, tolerance)
        listed = parse_value(attribute, value, str(path), tolerance)
        return None if listed is None else Discard(tuple(listed))
    _refuse_to_unassign(attribute, path)
    return Assign(None)


def _check_removal_by_value(path: BoundPath, tolerance: Tolerance) -> None:
    if not tolerance.permits(REMOVED_BY_VALUE):
        raise InvalidValueError(f'A "remove" takes no value; name in its path what to remove of {path}.')


def _refuse_to_unassign(attribute: Attribute, path: BoundPath) -> None:
    if attribute.required:
        raise MutabilityError(f"{path} is required and cannot be removed; replace it instead.")
    if attribute.always_assigned:
        raise MutabilityError(f"{path} cannot be removed; replace it by true or false.")


# ---------------------------------------------------------------------------------------------------------------------
# Sub-attributes


def _sub_values(
    attribute: Attribute, value: Json, path: BoundPath, tolerance: Tolerance
) -> dict[str, Json | None] | None:
    """Return what ``value`` sets in a complex value, with ``None`` for what it unassigns; ``None``: all of it."""
    parsed = parse_element(attribute, value, str(path), tolerance)
    if parsed is None and not isinstance(value, dict):
        return None
    values: dict[str, Json | None] = parsed or {}
    if not isinstance(value, dict):
        return values
    for key, item in value.items():
        sub = attribute.sub_attribute(key)
        if sub is not None and sub.name not in values and sub.mutability is not _READ_ONLY and _is_empty(item):
            _refuse_to_unassign(sub, BoundPath(path.extension, attribute, sub))
            values[sub.name] = None
    return values


def _is_empty(value: Json) -> bool:
    return value is None or value in ([], {}) or (isinstance(value, str) and not value.strip())


def _merge(values: Mapping[str, Json | None], tolerance: Tolerance) -> Merge:
    is_value_cleared = "value" in values and values["value"] is None
    return Merge(values, goes_with_value=is_value_cleared and tolerance.permits(CLEARED_BY_VALUE))


def _write(
    target: Target,
    attribute: Attribute,
    values: Mapping[str, Json | None],
    tolerance: Tolerance,
    *,
    is_whole: bool = False,
) -> WriteElements:
    is_value_cleared = "value" in values and values["value"] is None
    return WriteElements(
        target.filter,
        values,
        is_whole=is_whole,
        template=_template(target.filter, attribute, values, tolerance),
        drops_hollow=is_value_cleared and tolerance.permits(EMPTY_ELEMENTS),
        wants_one=target.filter is not None and _is_interop(tolerance),
    )


def _template(
    selection: Filter | None, attribute: Attribute, values: Mapping[str, Json | None], tolerance: Tolerance
) -> dict[str, Json] | None:
    """Return what the element is made of that ``selection`` describes, or ``None`` where none is to be made.

    Without a filter there is nothing to miss: to write where there is no element yet is to add one (RFC 7644
    §3.5.2.3). A filter on ``value`` means one certain element, a member of a group perhaps; that it is gone is what
    the client must hear, and nobody becomes a member by a change of the way in which a member is displayed.
    """
    if selection is None:
        return {}
    terms = _equalities(selection)
    if terms is None or "value" in terms or all(item is None for item in values.values()):
        return None
    template = {
        name: parse_element(attribute.by_name[name.lower()], item, name, tolerance) for name, item in terms.items()
    }
    is_contradicted = any(
        comparable(attribute.by_name[name.lower()], values.get(name, item))
        != comparable(attribute.by_name[name.lower()], item)
        for name, item in template.items()
    )
    return None if is_contradicted or not tolerance.permits(CREATED_BY_FILTER) else template


def _equalities(selection: Filter) -> dict[str, Json] | None:
    """Return the sub-attributes that ``eq`` comparisons joined by ``and`` fix, or ``None`` for any other filter."""
    terms = selection.filters if isinstance(selection, Conjunction) else (selection,)
    fixed: dict[str, Json] = {}
    for term in terms:
        if not isinstance(term, Comparison) or term.op is not CompareOp.EQ or term.path.attribute is None:
            return None
        if fixed.setdefault(term.path.attribute.name, term.value) != term.value:
            return None
    return fixed


# ---------------------------------------------------------------------------------------------------------------------
# The attribute "schemas"


def _leave_out_schemas(op: OperationName, value: Json, path: BoundPath, tolerance: Tolerance) -> None:
    """Check an operation on ``schemas``, which then does nothing.

    DEVIATION(RFC 7644 §3.5.2): later operations do not see modified ``schemas``, because the schemas of a resource
    follow from the attributes that it holds (RFC 7643 §3), and every extension may be written at any time.
    """
    if tolerance.permits(SCHEMAS_AS_TARGET):
        tolerance.ignore(str(path))
        return
    if op is _REMOVE or _is_empty(value):
        raise MutabilityError("schemas is required and cannot be removed.")
    parse_value(_SCHEMAS, value, str(path), tolerance)
