"""What clients send: groups, and changes of them in every shape that providers use, with what each must come to."""

from collections.abc import Sequence

from hypothesis import strategies as st

from tests.machine import edits
from tests.machine.model import GROUP, GROUPS, RFC, Attributes, Caller, Edit, Json, RefusedError, key
from tests.machine.people import TEXT, Operation

NAMES = st.sampled_from(
    ["Crew", "CREW", "\uff23rew", "Deck", "Hands", "zo\u00e9", "zoe\u0301", "Mates", *(f"Watch {n}" for n in range(9))]
)
EXTERNAL_IDS = st.sampled_from(["g1", "G1"])
WRITES = st.sampled_from(["add", "replace", "Replace", "ADD"])
NOTHING: dict[str, Json] = {}


def refusing(status: int, scim_type: str) -> Edit:
    """Return the edit that is refused."""

    def refuse(_attributes: Attributes, _caller: Caller) -> None:
        raise RefusedError((status, scim_type))

    return refuse


def refusing_if_strict(scim_type: str, otherwise: Edit) -> Edit:
    """Return the edit that is refused by the RFC's word, and taken from lenient clients."""

    def edit(attributes: Attributes, caller: Caller) -> None:
        if caller.profile == RFC:
            raise RefusedError((400, scim_type))
        otherwise(attributes, caller)

    return edit


def leaving(_attributes: Attributes, _caller: Caller) -> None:
    """Change nothing."""


# ---------------------------------------------------------------------------------------------------------------------
# Members


@st.composite
def some_id(draw: st.DrawFn, ids: Sequence[str]) -> str:
    """Draw an id, now and then in the other case; a reference of a bulk request has one case."""
    id_ = draw(st.sampled_from(ids))
    return id_.upper() if ":" not in id_ and draw(st.integers(0, 5)) == 0 else id_


Members = list[tuple[str, str]]
"""Ids, and the names that are sent with them, perhaps none."""


def members(ids: Sequence[str], *, at_least: int = 0) -> st.SearchStrategy[Members]:
    """Return lists of members."""
    return st.lists(st.tuples(some_id(ids), st.just("") | TEXT), min_size=at_least, max_size=3)


@st.composite
def elements(draw: st.DrawFn, listed: Members) -> list[Json]:
    """Draw how members are written; what is said of their type and address says nothing."""
    extra = draw(st.sampled_from([NOTHING, NOTHING, {"$ref": None}, {"type": "User", "$ref": "../x"}]))
    return [{"value": id_, **({"display": name} if name else {}), **extra} for id_, name in listed]


def adding(listed: Members) -> Edit:
    """Return the edit that adds members."""
    return lambda attributes, caller: edits.add_members(
        attributes, [(caller.id_of(id_), name) for id_, name in listed]
    )  # fmt: skip


def removing(ids: Sequence[str]) -> Edit:
    """Return the edit that removes members."""

    def remove(attributes: Attributes, caller: Caller) -> None:
        unwanted = {caller.id_of(id_) for id_ in ids}
        edits.remove_members(attributes, lambda id_, _: id_ in unwanted)

    return remove


def clearing(attributes: Attributes, _caller: Caller) -> None:
    """Remove everybody."""
    attributes["members"], attributes["asked"] = {}, {}


def replacing(listed: Members) -> Edit:
    """Return the edit after which these are the members, and nobody else."""

    def replace(attributes: Attributes, caller: Caller) -> None:
        clearing(attributes, caller)
        adding(listed)(attributes, caller)

    return replace


@st.composite
def odd_lists(draw: st.DrawFn, ids: Sequence[str]) -> tuple[Json, Members]:
    """Draw members as the RFC does not have them: an object without an array, or ids alone."""
    listed = draw(members(ids, at_least=1))
    if draw(st.booleans()):
        return draw(elements(listed))[0], listed[:1]
    return [id_ for id_, _ in listed], [(id_, "") for id_, _ in listed]


# ---------------------------------------------------------------------------------------------------------------------
# Bodies


@st.composite
def bodies(draw: st.DrawFn, ids: Sequence[str]) -> tuple[Json, Attributes, list[Edit]]:
    """Draw what a POST or PUT sends; the attributes in it, and what becomes of the members."""
    attributes: Attributes = {"displayName": draw(NAMES)}
    if draw(st.booleans()):
        attributes["externalId"] = draw(EXTERNAL_IDS)
    listed = draw(members(ids))
    odd, odd_members = draw(odd_lists(ids))
    written, edit = draw(
        st.sampled_from(
            [
                (NOTHING, None),
                ({"members": draw(elements(listed))}, replacing(listed)),
                ({"members": draw(elements(listed))}, replacing(listed)),
                ({"members": []}, clearing),
                ({"members": None}, _clearing_if_strict),
                ({"members": odd}, refusing_if_strict("invalidValue", replacing(odd_members))),
            ]
        )
    )
    return {"schemas": [GROUP], **attributes, **written}, attributes, [] if edit is None else [edit]


def _clearing_if_strict(attributes: Attributes, caller: Caller) -> None:
    if caller.profile == RFC:
        clearing(attributes, caller)


# ---------------------------------------------------------------------------------------------------------------------
# Operations of a PATCH


@st.composite
def additions(draw: st.DrawFn, ids: Sequence[str]) -> Operation:
    """Draw an operation that adds members, or after which they are the only ones."""
    listed = draw(members(ids))
    op = draw(WRITES)
    edit = adding(listed) if op.lower() == "add" else replacing(listed)
    if draw(st.integers(0, 3)) == 0:
        odd, odd_members = draw(odd_lists(ids))
        edit = adding(odd_members) if op.lower() == "add" else replacing(odd_members)
        if op.lower() == "replace" or not isinstance(odd, dict):  # What is added may be one object (RFC 7644 §3.5.2.1).
            edit = refusing_if_strict("invalidValue", edit)
        return Operation({"op": op, "path": "members", "value": odd}, edit)
    value = draw(elements(listed))
    spellings = [
        {"op": op, "path": "members", "value": value},
        {"op": op, "path": f"{GROUP}:Members", "value": value},
        {"op": op, "value": {"members": value}},
    ]
    return Operation(draw(st.sampled_from(spellings)), edit)


@st.composite
def removals(draw: st.DrawFn, ids: Sequence[str]) -> Operation:
    """Draw an operation that removes members by their ids: by a filter, or by a list, which the RFC does not have."""
    listed = draw(st.lists(some_id(ids), min_size=1, max_size=2))
    edit = removing(listed)
    if draw(st.booleans()):
        value = draw(
            st.sampled_from([[{"value": id_} for id_ in listed], [{"value": i, "$ref": None} for i in listed]])
        )
        return Operation(
            {"op": "Remove", "path": "members", "value": value}, refusing_if_strict("invalidValue", edit)
        )  # fmt: skip
    space = draw(st.sampled_from([" ", ""]))
    terms = " or ".join(f'value eq{space}"{id_}"' for id_ in listed)
    return Operation({"op": "remove", "path": f"members[{terms}]"}, edit)


CLEARINGS = st.sampled_from(
    [
        Operation({"op": "remove", "path": "members"}, clearing),
        Operation({"op": "remove", "path": "members", "value": None}, clearing),
        Operation({"op": "replace", "path": "members", "value": []}, clearing),
        Operation({"op": "replace", "path": "members", "value": None}, clearing),
        Operation({"op": "replace", "value": {"members": []}}, clearing),
        Operation({"op": "replace", "value": {"members": None}}, _clearing_if_strict),
        Operation({"op": "add", "path": "members", "value": []}, leaving),
        Operation({"op": "remove", "path": "members", "value": []}, refusing_if_strict("invalidValue", leaving)),
    ]
)


def _remove_groups(attributes: Attributes, caller: Caller) -> None:
    edits.remove_members(attributes, lambda id_, _: caller.tenant.kind_of(id_) == GROUPS)


BY_TYPE = st.just(Operation({"op": "remove", "path": 'members[type eq "group"]'}, _remove_groups))


@st.composite
def selections(draw: st.DrawFn, ids: Sequence[str]) -> Operation:
    """Draw an operation on members as they are displayed."""
    name = draw(TEXT)
    if draw(st.booleans()):
        quoted = name.replace('"', '\\"')
        return Operation(
            {"op": "remove", "path": f'members[display eq "{quoted}"]'},
            lambda attributes, _: edits.remove_members(attributes, lambda _, shown: key(shown) == key(name)),
        )
    whom = draw(some_id(ids))
    return Operation(
        {"op": "replace", "path": f'members[value eq "{whom}"].display', "value": name},
        lambda attributes, caller: edits.rename_member(attributes, caller.id_of(whom), name),
    )


@st.composite
def names(draw: st.DrawFn) -> Operation:
    """Draw an operation on what a group is called; Okta's repeats the id."""
    path, value = draw(
        st.tuples(st.just("displayName"), NAMES) | st.tuples(st.just("externalId"), EXTERNAL_IDS | st.none())
    )
    op = draw(WRITES)

    def assign(attributes: Attributes, _caller: Caller) -> None:
        edits.assign(attributes, (path,), value)

    spellings = [
        Operation({"op": op, "path": path, "value": value}, assign),
        Operation({"op": op, "value": {path: value}}, assign),
        Operation({"op": op, "value": {"id": "x", path: value}}, refusing_if_strict("mutability", assign)),
    ]
    return draw(st.sampled_from(spellings))


ODD = st.sampled_from(
    [
        Operation({"op": "remove", "path": "displayName"}, refusing(400, "mutability")),
        Operation({"op": "replace", "path": "displayName", "value": None}, refusing(400, "mutability")),
        Operation({"op": "add", "path": "members", "value": [{"display": "x"}]}, refusing(400, "invalidValue")),
        Operation({"op": "add", "path": "members", "value": 7}, refusing(400, "invalidValue")),
        Operation({"op": "remove", "path": "members[value eq]"}, refusing(400, "invalidFilter")),
        Operation({"op": "remove", "path": "members[value"}, refusing(400, "invalidPath")),
        Operation({"op": "add", "path": "shoeSize", "value": 7}, refusing_if_strict("invalidPath", leaving)),
    ]
)


@st.composite
def old_messages(draw: st.DrawFn, ids: Sequence[str]) -> tuple[Json, list[Edit]]:
    """Draw the body of a PATCH in SCIM 1.1, which OneLogin sends."""
    listed = draw(st.lists(st.tuples(some_id(ids), st.sampled_from(["add", "delete", "Delete", ""])), max_size=3))
    name = draw(st.none() | NAMES)
    written = [{"value": id_, **({"operation": operation} if operation else {})} for id_, operation in listed]
    body = {"schemas": ["urn:scim:schemas:core:1.0"], "members": written}

    def edit(attributes: Attributes, caller: Caller) -> None:
        if name is not None:
            attributes["displayName"] = name
        removing([id_ for id_, operation in listed if operation.lower() == "delete"])(attributes, caller)
        adding([(id_, "") for id_, operation in listed if operation.lower() != "delete"])(attributes, caller)

    return body if name is None else {**body, "displayName": name}, [refusing_if_strict("invalidSyntax", edit)]


@st.composite
def operations(draw: st.DrawFn, ids: Sequence[str]) -> list[Operation]:
    """Draw the operations of one PATCH, which are about a few members, so that they meet.

    What type a member is that comes in the same request, the RFC leaves open; so a selection by it comes first.
    """
    few = draw(st.lists(st.sampled_from(ids), min_size=1, max_size=3))
    changes = st.one_of(additions(few), additions(few), removals(few), removals(few), names(), selections(few))
    first = draw(st.one_of(changes, changes, changes, CLEARINGS, ODD, BY_TYPE))
    return [first, *draw(st.lists(changes | CLEARINGS, max_size=2))]
