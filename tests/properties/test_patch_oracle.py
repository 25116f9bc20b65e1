"""Our PATCH beside that of scim2-models, another implementation of RFC 7644 §3.5.2.

Where the RFC decides, both must agree. Where they do not, the difference has a name here and a reason in
``docs/conformance/differences-from-scim2-models.md``, and both behaviours are pinned.
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError
from scim2_models import Context, EnterpriseUser, PatchOp, ScimPolicy, User
from scim2_models.exceptions import SCIMException

from musterbook.scim.dialects import Profile
from musterbook.scim.errors import ScimError
from musterbook.scim.resource import Json, Resource, render_document
from tests.properties.patches import (
    DOCUMENTS,
    UNHURRIED,
    operations_on_attributes,
    operations_on_elements,
    operations_without_path,
    user_of,
)
from tests.scim.patching import ENTERPRISE, message, patch

PAGE = Path(__file__).parents[2] / "docs/conformance/differences-from-scim2-models.md"
TheirUser = User[EnterpriseUser]
STRICT = ScimPolicy()
TOLERANT = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
)
"""What corresponds to our lenient profile, as far as they have it."""

Outcome = dict[str, Json] | str
"""The attributes afterwards, or the ``scimType`` of the error."""


def ours(user: Resource, operations: list[Json], profile: Profile = Profile.RFC) -> Outcome:
    """Return what our engine does."""
    try:
        return dict(patch(user, *operations, profile=profile).attributes)
    except ScimError as error:
        return error.scim_type.value if error.scim_type is not None else str(error.status)


def theirs(user: Resource, operations: list[Json], policy: ScimPolicy = STRICT) -> Outcome:
    """Return what scim2-models does."""
    with policy:
        resource = TheirUser.model_validate(msgspec.json.decode(render_document(user)))
        try:
            parsed = PatchOp[TheirUser].model_validate(message(*operations), scim_ctx=Context.RESOURCE_PATCH_REQUEST)
            parsed.patch(resource)
        except SCIMException as error:
            return str(error.scim_type)
        except ValidationError as error:
            return str(error.errors()[0]["type"]).removeprefix("scim_")
        dumped: dict[str, Json] = resource.model_dump(scim_ctx=Context.DEFAULT)
    return {name: value for name, value in dumped.items() if name not in {"schemas", "id"}}


# ---------------------------------------------------------------------------------------------------------------------
# Differences


@dataclass(frozen=True)
class Difference:
    """A message that the two engines answer differently."""

    name: str
    """As in the documentation."""
    attributes: dict[str, Json]
    operation: dict[str, Json] | list[dict[str, Json]]
    ours: Outcome
    theirs: Outcome
    profile: Profile = Profile.RFC

    def __str__(self) -> str:
        return self.name


ADA = {"userName": "ada"}
WORK = {"value": "a@x.example", "type": "work"}
OFFICE = {"locality": "London", "type": "work"}

DIFFERENCES = [
    Difference(
        "A filter without a sub-attribute replaces the whole element",
        {**ADA, "emails": [{**WORK, "display": "Ada"}]},
        {"op": "replace", "path": 'emails[type eq "work"]', "value": {"value": "b@x.example"}},
        {**ADA, "emails": [{"value": "b@x.example"}]},
        {**ADA, "emails": [{**WORK, "value": "b@x.example", "display": "Ada"}]},
    ),
    Difference(
        "A sub-attribute of no element makes an element",
        ADA,
        {"op": "replace", "path": "emails.value", "value": "a@x.example"},
        {**ADA, "emails": [{"value": "a@x.example"}]},
        ADA,
    ),
    Difference(
        "A pair of value and type is kept once",
        {**ADA, "emails": [WORK]},
        {"op": "add", "path": "emails", "value": [{**WORK, "display": "Ada"}]},
        {**ADA, "emails": [{**WORK, "display": "Ada"}]},
        {**ADA, "emails": [WORK, {**WORK, "display": "Ada"}]},
    ),
    Difference(
        "A display name that is sent again in another case is taken",
        {**ADA, "emails": [{**WORK, "display": "ada"}]},
        {"op": "add", "path": "emails", "value": [{**WORK, "display": "Ada"}]},
        {**ADA, "emails": [{**WORK, "display": "Ada"}]},
        {**ADA, "emails": [{**WORK, "display": "ada"}]},
    ),
    Difference(
        "A value without a type is there already if it is there with one",
        {**ADA, "emails": [WORK]},
        {"op": "add", "path": "emails", "value": [{"value": "a@x.example"}]},
        {**ADA, "emails": [WORK]},
        {**ADA, "emails": [WORK, {"value": "a@x.example"}]},
    ),
    Difference(
        "An equal element is added once",
        ADA,
        {"op": "add", "path": "addresses", "value": [OFFICE, OFFICE]},
        {**ADA, "addresses": [OFFICE]},
        {**ADA, "addresses": [OFFICE, OFFICE]},
    ),
    Difference(
        "Nothing is left of an element that is empty",
        {**ADA, "emails": [{"value": "b@x.example"}, WORK]},
        [
            {"op": "remove", "path": 'emails[value sw "b"].value'},
            {"op": "replace", "path": "emails.display", "value": "Ada"},
        ],
        {**ADA, "emails": [{**WORK, "display": "Ada"}]},
        {**ADA, "emails": [{"display": "Ada"}, {**WORK, "display": "Ada"}]},
    ),
    Difference(
        "active cannot be removed",
        {**ADA, "active": False},
        {"op": "remove", "path": "active"},
        "mutability",
        ADA,
    ),
    Difference(
        "manager.value can be removed alone",
        {**ADA, ENTERPRISE: {"manager": {"value": "1", "$ref": "../Users/1"}}},
        {"op": "remove", "path": f"{ENTERPRISE}:manager.value"},
        {**ADA, ENTERPRISE: {"manager": {"$ref": "../Users/1"}}},
        "mutability",
    ),
    Difference(
        "A key that is a path needs a dialect",
        ADA,
        {"op": "replace", "value": {"name.givenName": "Ada"}},
        ADA,
        {**ADA, "name": {"givenName": "Ada"}},
    ),
    Difference(
        "An unknown attribute in a value is left out",
        ADA,
        {"op": "replace", "value": {"shoeSize": 7}},
        ADA,
        "invalidValue",
    ),
    Difference(
        "The domain of an e-mail address is kept as it was sent",
        {**ADA, "emails": [WORK]},
        {"op": "replace", "path": "emails.value", "value": "a@X.example"},
        {**ADA, "emails": [{**WORK, "value": "a@X.example"}]},
        {**ADA, "emails": [WORK]},
    ),
    Difference(
        "Only one element is made the primary one",
        {**ADA, "emails": [{**WORK, "primary": True}, {"value": "b@x.example"}]},
        {"op": "replace", "path": "emails.primary", "value": True},
        "invalidValue",
        {**ADA, "emails": [{**WORK, "primary": False}, {"value": "b@x.example", "primary": True}]},
    ),
    Difference(
        "An element is not made from a filter on its value",
        ADA,
        {"op": "replace", "path": 'emails[value eq "a@x.example"].display', "value": "Ada"},
        "noTarget",
        {**ADA, "emails": [{"value": "a@x.example", "display": "Ada"}]},
        Profile.LENIENT,
    ),
    Difference(
        "A value that contradicts the filter has no target",
        ADA,
        {"op": "replace", "path": 'emails[type eq "work"].type', "value": "home"},
        "noTarget",
        "invalidValue",
        Profile.LENIENT,
    ),
    Difference(
        "A type keeps the case in which it was sent",
        ADA,
        {"op": "replace", "path": 'emails[type eq "HOME"].value', "value": "a@x.example"},
        {**ADA, "emails": [{"value": "a@x.example", "type": "HOME"}]},
        {**ADA, "emails": [{"value": "a@x.example", "type": "home"}]},
        Profile.LENIENT,
    ),
    Difference(
        "An address that is cleared leaves no type behind",
        {**ADA, "emails": [WORK]},
        {"op": "remove", "path": 'emails[type eq "work"].value'},
        ADA,
        {**ADA, "emails": [{"type": "work"}]},
        Profile.LENIENT,
    ),
]


@pytest.mark.parametrize("difference", DIFFERENCES, ids=str)
def test_the_two_engines_differ_as_recorded(difference: Difference) -> None:
    """Each recorded difference is real on both sides; one that has gone is to be struck from the page."""
    user = user_of(difference.attributes)
    operations = difference.operation if isinstance(difference.operation, list) else [difference.operation]
    policy = TOLERANT if difference.profile is Profile.LENIENT else STRICT
    assert ours(user, operations, difference.profile) == difference.ours
    assert theirs(user, operations, policy) == difference.theirs


def test_the_page_names_every_difference() -> None:
    """The documentation has a section on PATCH with one paragraph for each difference, and no other."""
    section = PAGE.read_text().split("\n## PATCH\n")[1].split("\n## ")[0]
    named = [line.removeprefix("### ") for line in section.splitlines() if line.startswith("### ")]
    assert named == [item.name for item in DIFFERENCES]


# ---------------------------------------------------------------------------------------------------------------------
# Agreement


def _differs_for_a_recorded_reason(user: Resource, operation: dict[str, Json], after: Outcome) -> bool:
    """Return whether one of the differences above may show itself."""
    path = operation.get("path", "")
    if operation["op"] == "replace" and path.endswith("]"):
        return True
    if path.startswith("emails.") and operation["op"] != "remove" and "emails" not in user.attributes:
        return True
    if path.startswith("emails") and path.endswith(".primary") and operation.get("value") is True:
        return len(user.attributes.get("emails", ())) > 1
    if operation["op"] == "remove" and path in {"active", f"{ENTERPRISE}:manager.value"}:
        return True
    if not path and any(_is_path_to_sub_attribute(key) for key in operation["value"]):
        return True
    if operation["op"] == "add" and any(_nearly_holds(user, name, _sent(operation, name)) for name in _LISTS):
        return True
    if isinstance(after, str):
        return False
    is_hollowed = operation["op"] == "remove" and "." in path.rpartition("]")[2]
    if is_hollowed and len(after.get("emails", ())) < len(user.attributes.get("emails", ())):
        return True
    return any(_has_twins(after.get(name, [])) for name in _LISTS)


_LISTS = ("emails", "addresses")


def _sent(operation: dict[str, Json], name: str) -> list[dict[str, Json]]:
    """Return the elements that an operation sends for one attribute."""
    if operation.get("path") == name:
        return list(operation["value"])
    return list(operation["value"].get(name, ())) if "path" not in operation else []


def _nearly_holds(user: Resource, name: str, sent: list[dict[str, Json]]) -> bool:
    """Return whether an element that is sent is there, and not quite as it is sent."""
    present = user.attributes.get(name, [])
    return any(_key(item) in map(_key, present) and item not in present for item in sent)


def _is_path_to_sub_attribute(key: str) -> bool:
    return key.removeprefix(ENTERPRISE).find(".") >= 0


def _has_twins(elements: list[dict[str, Json]]) -> bool:
    """Return whether two elements are the same to us: by value, or by everything but ``primary``."""
    keys = [_key(item) for item in elements]
    return len(set(keys)) < len(keys)


def _key(element: dict[str, Json]) -> str:
    if "value" in element:
        return str(element["value"]).lower()
    return repr(sorted((name, value) for name, value in element.items() if name != "primary")).lower()


OPERATIONS = operations_on_attributes() | operations_on_elements() | operations_without_path()


class TestAgreement:
    """RFC 7644 §3.5.2: the same message has the same effect with every implementation."""

    @UNHURRIED
    @given(DOCUMENTS, OPERATIONS)
    def test_where_the_rfc_decides(self, document: dict[str, Json], operation: dict[str, Json]) -> None:
        """One operation has the same result, or the same ``scimType``."""
        user = user_of(document)
        other = theirs(user, [operation])
        assume(not _differs_for_a_recorded_reason(user, operation, other))
        assert ours(user, [operation]) == other

    @UNHURRIED
    @given(DOCUMENTS, st.lists(OPERATIONS, min_size=2, max_size=3))
    def test_for_several_operations(self, document: dict[str, Json], operations: list[Json]) -> None:
        """Operations in order have the same result, and one failure fails both."""
        user = user_of(document)
        current: Outcome = dict(user.attributes)
        for operation in operations:
            assume(isinstance(current, dict))
            assert isinstance(current, dict)
            state = Resource(user.resource_type, current, user.id)
            current = theirs(state, [operation])
            assume(not _differs_for_a_recorded_reason(state, operation, current))
        assert ours(user, operations) == theirs(user, operations)

    @UNHURRIED
    @given(DOCUMENTS, operations_on_elements())
    def test_where_the_filter_makes_an_element(self, document: dict[str, Json], operation: dict[str, Json]) -> None:
        """What Entra ID expects of a filter without a match is the same for both engines."""
        user = user_of(document)
        other = theirs(user, [operation], TOLERANT)
        assume(not _differs_for_a_recorded_reason(user, operation, other))
        path = operation["path"]
        assume('value eq "' not in path and "HOME" not in path)
        assume(operation["op"] != "remove" or not path.endswith(".value"))
        assume(other != "invalidValue")
        assert ours(user, [operation], Profile.LENIENT) == other
