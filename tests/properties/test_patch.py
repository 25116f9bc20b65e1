"""What holds for every PATCH (RFC 7644 §3.5.2)."""

from contextlib import suppress
from copy import deepcopy

import msgspec
from hypothesis import assume, example, given
from hypothesis import strategies as st

from musterbook.scim.dialects import Profile, Tolerance
from musterbook.scim.errors import BadRequestError, ScimError
from musterbook.scim.parse import check_resource, parse_resource
from musterbook.scim.patch import apply_patch, parse_patch
from musterbook.scim.resource import Json, Resource, render_document
from musterbook.scim.schema import user_type
from tests.properties.patches import (
    BY_SUB_ATTRIBUTE,
    DOCUMENTS,
    OPERATIONS,
    UNHURRIED,
    operations_on_attributes,
    operations_without_path,
    user_of,
)
from tests.scim.patching import PATCH_OP, message, patch

PROFILES = st.sampled_from(list(Profile))


def outcome(resource: Resource, operations: list[Json], profile: Profile) -> Resource | tuple[type, str]:
    """Return the patched resource, or the error."""
    try:
        return patch(resource, *operations, profile=profile)
    except ScimError as error:
        return type(error), error.detail


class TestAtomicity:
    """133: if one operation fails, the original resource is restored."""

    @UNHURRIED
    @given(DOCUMENTS, st.lists(OPERATIONS, min_size=1, max_size=5), PROFILES)
    def test_the_argument_stays_as_it_was(
        self, document: dict[str, Json], operations: list[Json], profile: Profile
    ) -> None:
        """Neither a failing nor a succeeding patch changes the resource or the message that it was given."""
        user = user_of(document)
        before, sent = deepcopy(dict(user.attributes)), deepcopy(operations)
        outcome(user, operations, profile)
        assert user.attributes == before
        assert operations == sent

    @UNHURRIED
    @given(DOCUMENTS, st.lists(OPERATIONS, min_size=1, max_size=5), PROFILES)
    def test_the_same_patch_has_the_same_outcome(
        self, document: dict[str, Json], operations: list[Json], profile: Profile
    ) -> None:
        """An outcome follows from resource and message alone, so a patch may be applied again after a conflict."""
        user = user_of(document)
        tolerance = Tolerance(profile)
        first = outcome(user, operations, profile)
        assert outcome(Resource(user.resource_type, deepcopy(user.attributes), user.id), operations, profile) == first
        if isinstance(first, Resource):
            parsed = parse_patch(message(*operations), user_type(), tolerance)
            assert [apply_patch(user, parsed), apply_patch(user, parsed)] == [first, first]


class TestOrder:
    """132: each operation is applied to the result of the one before it."""

    @UNHURRIED
    @given(DOCUMENTS, st.lists(OPERATIONS, min_size=2, max_size=4), PROFILES)
    def test_one_message_is_as_good_as_several(
        self, document: dict[str, Json], operations: list[Json], profile: Profile
    ) -> None:
        """Operations sent one by one lead to the same resource."""
        user = user_of(document)
        stepwise: Resource | tuple[type, str] = user
        for item in operations:
            assume(isinstance(stepwise, Resource))
            assert isinstance(stepwise, Resource)
            stepwise = outcome(stepwise, [item], profile)
        if isinstance(stepwise, Resource):
            assert outcome(user, operations, profile) == stepwise

    @UNHURRIED
    @given(DOCUMENTS, operations_without_path())
    def test_an_operation_without_a_path_is_one_for_each_attribute(
        self, document: dict[str, Json], sent: dict[str, Json]
    ) -> None:
        """139, 146: the members of the value are paths, in the order in which they stand."""
        user = user_of(document)
        each = [{"op": sent["op"], "path": path, "value": value} for path, value in sent["value"].items()]
        assert outcome(user, [sent], Profile.LENIENT) == outcome(user, each, Profile.LENIENT)


class TestIdempotence:
    """134, 144: what is so already is no change."""

    @UNHURRIED
    @given(DOCUMENTS, operations_on_attributes() | operations_without_path(), PROFILES)
    def test_the_same_operation_again_changes_nothing(
        self, document: dict[str, Json], sent: dict[str, Json], profile: Profile
    ) -> None:
        """add, replace and remove without a filter give the very resource back the second time."""
        user = user_of(document)
        once = outcome(user, [sent], profile)
        assume(isinstance(once, Resource))
        assert isinstance(once, Resource)
        assert patch(once, sent, profile=profile) is once

    @UNHURRIED
    @given(
        DOCUMENTS,
        st.sampled_from(["work", "home", "other"]),
        st.sampled_from(["value", "display", "primary"]),
        st.data(),
    )
    def test_the_same_element_is_written_again(
        self, document: dict[str, Json], kind: str, sub: str, data: st.DataObject
    ) -> None:
        """141: an element that an operation made is the one that the next finds, so it is made once."""
        user = user_of(document)
        sent = {"op": "replace", "path": f'emails[type eq "{kind}"].{sub}', "value": data.draw(BY_SUB_ATTRIBUTE[sub])}
        once = outcome(user, [sent], Profile.LENIENT)
        assume(isinstance(once, Resource))
        assert isinstance(once, Resource)
        assert patch(once, sent) is once

    @UNHURRIED
    @given(DOCUMENTS)
    def test_what_a_person_has_is_no_change(self, document: dict[str, Json]) -> None:
        """To add or replace everything that a resource holds gives the very resource back."""
        user = user_of(document)
        for op in ("add", "replace"):
            assert patch(user, {"op": op, "value": dict(user.attributes)}) is user


class TestResult:
    """Whoever holds a ``Resource`` holds checked values."""

    @UNHURRIED
    @given(DOCUMENTS, st.lists(OPERATIONS, min_size=1, max_size=5), st.sampled_from([Profile.LENIENT, Profile.RFC]))
    def test_the_result_is_a_resource(
        self, document: dict[str, Json], operations: list[Json], profile: Profile
    ) -> None:
        """A patched resource passes the checks of POST, and its own text parses to itself."""
        user = user_of(document)
        result = outcome(user, operations, profile)
        assume(isinstance(result, Resource))
        assert isinstance(result, Resource)
        assert check_resource(result) is result
        document = msgspec.json.decode(render_document(result))
        assert parse_resource(document, user_type(), Tolerance(profile)).attributes == result.attributes

    @UNHURRIED
    @given(DOCUMENTS, st.lists(OPERATIONS, min_size=1, max_size=5), PROFILES)
    def test_nothing_empty_and_at_most_one_primary_is_kept(
        self, document: dict[str, Json], operations: list[Json], profile: Profile
    ) -> None:
        """136, 143: no null, empty list or empty object stays, and one element of an attribute is primary at most."""
        user = user_of(document)
        result = outcome(user, operations, profile)
        assume(isinstance(result, Resource))
        assert isinstance(result, Resource)
        assert not _empty_parts(dict(result.attributes))
        for name in ("emails", "addresses"):
            assert sum(item.get("primary") is True for item in result.attributes.get(name, ())) <= 1


def _empty_parts(value: Json) -> list[Json]:
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return [item for item in parts if item is None or item in ([], {})] + [
            x for item in parts for x in _empty_parts(item)
        ]
    return []


WORDS = st.sampled_from(
    ["op", "path", "value", "Operations", "schemas", "add", "remove", "replace", "emails", PATCH_OP]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS
ANY_JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=4)
)
PATH_PARTS = [
    "emails",
    "name",
    "[",
    "]",
    ".",
    ":",
    '"',
    "\\",
    " ",
    "type eq",
    '"work"',
    "value",
    "urn:",
    "(",
    "not",
    "é",
]
PATHS = st.lists(st.sampled_from(PATH_PARTS) | st.text(max_size=2), max_size=8).map("".join)


class TestAnything:
    """A client can be refused, and cannot break anything."""

    @UNHURRIED
    @given(st.dictionaries(WORDS | st.text(max_size=4), ANY_JSON, max_size=4), PROFILES)
    @example({"schemas": [PATCH_OP], "Operations": [{"op": "add", "value": {"": {}}}]}, Profile.RFC)
    def test_any_document_is_a_patch_or_refused(self, document: dict[str, Json], profile: Profile) -> None:
        """Whatever JSON arrives, parsing raises nothing but what a client is told."""
        with suppress(ScimError):
            assert isinstance(parse_patch(document, user_type(), Tolerance(profile)).changes, tuple)

    @UNHURRIED
    @given(DOCUMENTS, st.sampled_from(["add", "remove", "replace"]), PATHS | st.none(), ANY_JSON, PROFILES)
    def test_any_path_and_value_are_applied_or_refused(
        self, document: dict[str, Json], op: str, path: str | None, value: Json, profile: Profile
    ) -> None:
        """Whatever an operation says, the outcome is a resource or an error of RFC 7644 §3.12."""
        user = user_of(document)
        key = value if isinstance(value, dict) else {path or "": value}
        for sent in ({"op": op, "path": path, "value": value}, {"op": op, "value": key}):
            result = outcome(user, [sent], profile)
            if isinstance(result, Resource):
                assert check_resource(result) is result
            else:
                error, detail = result
                assert issubclass(error, BadRequestError)
                assert len(detail) < 1000
