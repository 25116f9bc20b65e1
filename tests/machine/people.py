"""What clients send: people, and the operations of a PATCH of theirs in every shape, with what each must come to."""

from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.machine import edits
from tests.machine.edits import Path
from tests.machine.model import ENTERPRISE, RFC, USER, Attributes, Caller, Edit, Json, RefusedError, key

NAMES = st.sampled_from(
    ["ada", "ADA", "bea", "\uff42ea", "zo\u00e9", "zoe\u0301", "Cleo", "dot", *(f"user{n}" for n in range(9))]
)
TEXT = st.sampled_from(["Ada", "ada", "Bea", "x y", "\u00e9", "100%", "a_b", 'say "hi"'])
TYPES = ("work", "home", "other")
ADDRESSES = st.sampled_from(["a@x.example", "A@X.example", "b@x.example", "c@x.example", "d_@x.example"])

SIMPLE: dict[Path, st.SearchStrategy[Json]] = {
    ("userName",): NAMES,
    ("externalId",): st.sampled_from(["x1", "X1", "x2"]),
    ("displayName",): TEXT,
    ("title",): TEXT,
    ("active",): st.booleans(),
    ("name", "givenName"): TEXT,
    ("name", "familyName"): TEXT,
    (ENTERPRISE, "department"): TEXT,
    (ENTERPRISE, "manager", "value"): st.sampled_from(["m1", "m2"]),
}
"""Attributes with one value."""

EMAIL = st.fixed_dictionaries(
    {"value": ADDRESSES}, optional={"type": st.sampled_from(TYPES), "display": TEXT, "primary": st.booleans()}
)


def _well_formed(emails: list[Attributes]) -> list[Attributes]:
    """Return addresses of which each value stands once, and one at most is primary."""
    by_value = {key(email["value"]): email for email in emails}
    first = next((email for email in by_value.values() if email.get("primary")), None)
    return [email if email is first else {**email, "primary": False} for email in by_value.values()]


EMAILS = st.lists(EMAIL, min_size=1, max_size=3).map(_well_formed)


@st.composite
def bodies(draw: st.DrawFn) -> Attributes:
    """Draw the attributes of a POST or PUT; some are sent without a value."""
    attributes: Attributes = {"userName": draw(NAMES)}
    for path in draw(st.lists(st.sampled_from(sorted(SIMPLE)), max_size=5, unique=True)):
        if path != ("userName",):
            edits.assign(attributes, path, draw(SIMPLE[path]))
    if draw(st.booleans()):
        attributes["emails"] = draw(EMAILS)
    for name in draw(st.lists(st.sampled_from(["title", "name", "emails", "externalId"]), max_size=1)):
        attributes[name] = draw(st.sampled_from([None, []])) if name == "emails" else None
    return attributes


@dataclass(frozen=True)
class Operation:
    """One operation of a PATCH, and what it must do."""

    sent: Json
    edit: Edit = field(repr=False)


def _spelled(path: Path) -> str:
    """Return a path in the notation of RFC 7644 §3.10."""
    return f"{path[0]}:{'.'.join(path[1:])}" if path[0] == ENTERPRISE else ".".join(path)


def _nested(path: Path, value: Json) -> Json:
    for name in reversed(path):
        value = {name: value}
    return value


def _assigning(sent: Json, path: Path, value: Json) -> Operation:
    """Return an operation that assigns; a sub-attribute's path as a key is to the RFC an unknown name, left out."""
    is_part = len(path) > (2 if path[0] == ENTERPRISE else 1)
    is_key = is_part and "path" not in sent and _spelled(path) in sent["value"]

    def assign(attributes: Attributes, caller: Caller) -> None:
        if not (is_key and caller.profile == RFC):
            edits.assign(attributes, path, value)

    return Operation(sent, assign)


@st.composite
def assignments(draw: st.DrawFn) -> Operation:
    """Draw an operation that sets one attribute with one value, by add or replace, by a path or without one."""
    path = draw(st.sampled_from(sorted(SIMPLE)))
    value = draw(SIMPLE[path])
    op = draw(st.sampled_from(["add", "replace", "Add", "REPLACE"]))
    text = _spelled(path)
    spellings = [
        {"op": op, "path": text, "value": value},
        {"op": op, "path": text.upper(), "value": value},
        {"op": op, "path": text if path[0] == ENTERPRISE else f"{USER}:{text}", "value": value},
        {"op": op, "value": _nested(path, value)},
        {"op": op, "value": {text: value}},
    ]
    return _assigning(draw(st.sampled_from(spellings)), path, value)


@st.composite
def clearings(draw: st.DrawFn) -> Operation:
    """Draw an operation that unassigns something, in one of the four ways; what must have a value keeps it."""
    path = draw(st.sampled_from([*sorted(SIMPLE), ("name",), ("emails",), (ENTERPRISE,), (ENTERPRISE, "manager")]))
    text = ENTERPRISE if path == (ENTERPRISE,) else _spelled(path)
    if path in {("userName",), ("active",)}:
        return Operation({"op": "remove", "path": text}, _refuse(400, "mutability"))
    spellings = [
        {"op": "remove", "path": text},
        {"op": "replace", "path": text, "value": None},
        {"op": "replace", "value": {text: None}},
    ]
    return _assigning(draw(st.sampled_from(spellings)), path, None)


@st.composite
def merges(draw: st.DrawFn) -> Operation:
    """Draw an operation that writes parts of a complex attribute or of an extension; the others stay."""
    path, parts = draw(st.sampled_from([(("name",), ("givenName", "familyName")), ((ENTERPRISE,), ("department",))]))
    values = {part: draw(TEXT | st.none()) for part in parts}
    op = draw(st.sampled_from(["add", "replace"]))
    spellings = [{"op": op, "path": path[0], "value": values}, {"op": op, "value": {path[0]: values}}]
    return Operation(draw(st.sampled_from(spellings)), lambda attributes, _: edits.merge(attributes, path, values))


@st.composite
def lists_of_emails(draw: st.DrawFn) -> Operation:
    """Draw an operation that appends addresses, replaces them all, or removes those that it lists."""
    emails = draw(EMAILS)
    op = draw(st.sampled_from(["add", "replace", "remove"]))
    is_bare = len(emails) == 1 and draw(st.booleans())
    value = emails[0] if is_bare else emails
    if op == "remove":
        values = {key(email["value"]) for email in emails}
        listed = [{"value": email["value"]} for email in emails]

        def discard(attributes: Attributes, caller: Caller) -> None:
            if caller.profile == RFC:
                raise RefusedError((400, "invalidValue"))
            edits.remove_emails(attributes, lambda item: "value" in item and key(item["value"]) in values)

        return Operation({"op": op, "path": "emails", "value": listed}, discard)
    spellings = [{"op": op, "path": "emails", "value": value}, {"op": op, "value": {"emails": value}}]

    def write(attributes: Attributes, caller: Caller) -> None:
        if (
            is_bare and op == "replace" and caller.profile == RFC
        ):  # What is added may be one object (RFC 7644 §3.5.2.1).
            raise RefusedError((400, "invalidValue"))
        if op == "add":
            edits.add_emails(attributes, emails)
        else:
            edits.assign(attributes, ("emails",), [dict(email) for email in emails])

    return Operation(draw(st.sampled_from(spellings)), write)


@st.composite
def selected_emails(draw: st.DrawFn) -> Operation:
    """Draw an operation on the addresses of one type: a part of them, the whole, or their removal."""
    type_ = draw(st.sampled_from(TYPES))
    quoted = draw(st.sampled_from([type_, type_.upper()]))
    filtered = f'emails[type eq "{quoted}"]'
    kind = draw(st.sampled_from(["part", "whole", "remove"]))
    if kind == "remove":
        return Operation(
            {"op": "remove", "path": filtered},
            lambda attributes, _: edits.remove_emails(attributes, lambda item: edits.is_of_type(item, type_)),
        )
    op = draw(st.sampled_from(["add", "replace"]))
    if kind == "part":
        part, value = draw(
            st.tuples(st.just("value"), ADDRESSES)
            | st.tuples(st.just("display"), TEXT)
            | st.tuples(st.just("primary"), st.booleans())
        )
        values: Attributes = {part: value}
        sent: Json = {"op": op, "path": f"{filtered}.{part}", "value": value}
        whole = False
    else:
        values = {"value": draw(ADDRESSES), "type": type_}
        sent = {"op": op, "path": filtered, "value": values}
        whole = op == "replace"
    # The element is made of the filter's own words, so these are what it holds.
    made: Attributes = {**values, "type": values.get("type", quoted)}

    def write(attributes: Attributes, caller: Caller) -> None:
        has_some = any(edits.is_of_type(item, type_) for item in attributes.get("emails", []))
        if has_some or caller.profile == RFC:
            edits.write_emails(attributes, type_, values, whole=whole, makes=False)
        else:
            edits.write_emails(attributes, made["type"], made, whole=whole, makes=True)

    return Operation(sent, write)


def _refuse(status: int, scim_type: str) -> Edit:
    def refuse(_attributes: Attributes, _caller: Caller) -> None:
        raise RefusedError((status, scim_type))

    return refuse


def _refuse_if_strict(scim_type: str) -> Edit:
    def refuse(_attributes: Attributes, caller: Caller) -> None:
        if caller.profile == RFC:
            raise RefusedError((400, scim_type))

    return refuse


ODD = st.sampled_from(
    [
        Operation({"op": "remove"}, _refuse(400, "noTarget")),
        Operation({"op": "move", "path": "title"}, _refuse(400, "invalidSyntax")),
        Operation({"op": "add", "path": "title"}, _refuse(400, "invalidValue")),
        Operation({"op": "replace", "path": "title", "value": 7}, _refuse(400, "invalidValue")),
        Operation({"op": "replace", "path": "emails[type eq].value", "value": "x"}, _refuse(400, "invalidFilter")),
        Operation({"op": "replace", "path": "emails[type eq", "value": "x"}, _refuse(400, "invalidPath")),
        Operation({"op": "replace", "path": "title..x", "value": "x"}, _refuse(400, "invalidPath")),
        Operation({"op": "replace", "path": "shoeSize", "value": 7}, _refuse_if_strict("invalidPath")),
        Operation({"op": "replace", "path": "id", "value": "x"}, _refuse_if_strict("mutability")),
        Operation({"op": "replace", "value": {"meta": {"version": "x"}}}, _refuse_if_strict("mutability")),
    ]
)

OPERATIONS = st.one_of(assignments(), clearings(), merges(), lists_of_emails(), selected_emails(), ODD)
PATCHES = st.lists(OPERATIONS, min_size=1, max_size=3)
