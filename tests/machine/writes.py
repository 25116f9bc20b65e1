"""One change that a client asks for, alone or in a bulk request, with what the model makes of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.machine import groups, people
from tests.machine.model import (
    ENTERPRISE,
    GROUPS,
    SCHEMAS,
    USERS,
    Attributes,
    Caller,
    Edit,
    Json,
)

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
METHODS = st.sampled_from(["POST"] * 4 + ["PUT"] * 3 + ["PATCH"] * 6 + ["DELETE"])
VERSIONS = st.sampled_from([None] * 9 + [1, 2, 3])


@dataclass(frozen=True)
class Whom:
    """The ids that a request can be about."""

    ids: dict[str, list[str]]
    """Those who are there, by kind."""
    others: list[str]
    """Somebody who was removed, somebody of the other tenant, and nobody."""
    references: tuple[str, ...] = ()
    """In a bulk request, what stands for those who are created in it."""

    def of(self, kind: str) -> list[str]:
        """Return whom a request of one kind can be about."""
        return [*self.ids[kind] * 3, *self.references, self.others[0]]

    @property
    def members(self) -> list[str]:
        """Whom a group can be asked to hold."""
        known = [*self.ids[USERS], *self.ids[GROUPS]]
        # In a bulk request they are rather those who come with it.
        return (
            [*known, *self.references * max(1, len(known)), *self.others]
            if self.references
            else [*known * 3, *self.others]
        )


@dataclass(frozen=True)
class Write:
    """One change."""

    method: str
    kind: str
    id: str
    """Empty for a POST."""
    version: int | None
    body: Json
    perform: Callable[[Caller, str], None] = field(repr=False)
    """Does it in the model; the text is the id."""

    @property
    def path(self) -> str:
        """Where it is sent to."""
        return f"/{self.kind}/{self.id}" if self.id else f"/{self.kind}"


@st.composite
def writes(draw: st.DrawFn, whom: Whom, kind: str, methods: st.SearchStrategy[str]) -> Write:
    """Draw a change of a person or of a group."""
    method = draw(methods)
    id_ = "" if method == "POST" else draw(st.sampled_from(whom.of(kind)))
    version = None if method == "POST" else draw(VERSIONS)
    if method == "DELETE":
        return Write(method, kind, id_, version, None, lambda caller, id_: caller.tenant.remove(kind, id_, version))
    if method == "PATCH":
        body, edits = draw(_patches(whom, kind))
        return Write(
            method, kind, id_, version, body,
            lambda caller, id_: caller.tenant.patch(kind, id_, caller, edits, version),
        )  # fmt: skip
    whole = groups.bodies(whom.members) if kind == GROUPS else _people(whom.references)
    body, sent, edits = draw(whole)

    def perform(caller: Caller, id_: str) -> None:
        attributes = caller.read(sent)
        if method == "POST":
            caller.tenant.create(kind, id_, caller, attributes, edits)
        else:
            caller.tenant.replace(kind, id_, caller, attributes, edits, version)

    return Write(method, kind, id_, version, body, perform)


@st.composite
def _people(draw: st.DrawFn, references: tuple[str, ...]) -> tuple[Json, Attributes, list[Edit]]:
    sent = draw(people.bodies())
    if draw(st.booleans()) and references:
        sent = {**sent, ENTERPRISE: {"manager": {"value": draw(st.sampled_from(references))}}}
    # Groups are read-only: what is said of them is ignored.
    extra = draw(st.sampled_from([groups.NOTHING, {"groups": []}, {"groups": [{"value": "x"}], "id": "x"}]))
    return {"schemas": [SCHEMAS[USERS]], **sent, **extra}, sent, []


@st.composite
def _patches(draw: st.DrawFn, whom: Whom, kind: str) -> tuple[Json, list[Edit]]:
    if kind == GROUPS and draw(st.integers(0, 5)) == 0:
        return draw(groups.old_messages(whom.members) | st.just(NO_OPERATIONS))
    operations = draw(groups.operations(whom.members) if kind == GROUPS else people.PATCHES)
    body = {"schemas": [PATCH_OP], "Operations": [operation.sent for operation in operations]}
    return body, [operation.edit for operation in operations]


NO_OPERATIONS: tuple[Json, list[Edit]] = (
    {"schemas": [PATCH_OP], "Operations": []},
    [groups.refusing_if_strict("invalidSyntax", groups.leaving)],
)
