"""What holds for every body, whatever it says (RFC 7643 §2, §3)."""

import random
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from musterbook.scim.dialects import Profile, Tolerance
from musterbook.scim.errors import ScimError
from musterbook.scim.parse import check_resource, parse_resource
from musterbook.scim.payload import decode_json_object
from musterbook.scim.replace import replace_resource
from musterbook.scim.resource import Json, Resource, render_document
from musterbook.scim.schema import COMMON_ATTRIBUTES, Attribute, AttributeType, user_type

USER = user_type()
EXTENSION = USER.extensions[0].schema
PROFILES = st.sampled_from(list(Profile))

# ---------------------------------------------------------------------------------------------------------------------
# What may be sent

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))

ALL_ATTRIBUTES = (*COMMON_ATTRIBUTES.values(), *USER.schema.attributes, *EXTENSION.attributes)
NAMES = sorted(
    {
        "managerId",
        "password",
        "name.givenName",
        USER.schema.id,
        EXTENSION.id,
        f"{USER.schema.id}:title",
        f"{EXTENSION.id}:manager.value",
        "urn:scim:schemas:extension:enterprise:1.0",
        *(item.name for item in ALL_ATTRIBUTES),
        *(sub.name for item in ALL_ATTRIBUTES for sub in item.sub_attributes),
    }
)


def _objects(values: st.SearchStrategy[Json]) -> st.SearchStrategy[dict[str, Json]]:
    """Return objects that name the schema's attributes, in any case, among others, each once."""
    names = st.sampled_from(NAMES).flatmap(lambda name: st.sampled_from([name, name.upper(), name.lower()])) | TEXT
    return st.lists(st.tuples(names, values), max_size=6, unique_by=lambda item: item[0].lower()).map(dict)


WILD = _objects(st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | _objects(inner), max_leaves=8))
"""Objects that look like users now and then."""


def _values(attribute: Attribute) -> st.SearchStrategy[Json]:
    """Return values that ``attribute`` may be sent, unassigned among them."""
    one: st.SearchStrategy[Json]
    match attribute.type:
        case AttributeType.COMPLEX:
            subs = {sub.name: _values(sub) for sub in attribute.sub_attributes if sub.name != "primary"}
            one = st.fixed_dictionaries({}, optional=subs)
        case AttributeType.BOOLEAN:
            one = st.booleans()
        case AttributeType.BINARY:
            one = st.sampled_from(["AQID", "AQ==", "AQ"])
        case _ if attribute.canonical_values:
            one = st.sampled_from(attribute.canonical_values)
        case _:
            one = st.text("aB é", min_size=1, max_size=4)
    return st.none() | (st.lists(one, max_size=3) if attribute.multi_valued else one)


def _attributes(definitions: Iterable[Attribute]) -> st.SearchStrategy[dict[str, Json]]:
    return st.fixed_dictionaries({}, optional={item.name: _values(item) for item in definitions})


@st.composite
def users(draw: st.DrawFn) -> dict[str, Json]:
    """Draw a body that the RFCs allow."""
    written = [item for item in (*USER.schema.attributes, COMMON_ATTRIBUTES["externalid"]) if item.name != "userName"]
    document = draw(_attributes(written))
    document["userName"] = draw(st.text("aB9é", min_size=1, max_size=8))
    document["schemas"] = [USER.schema.id, EXTENSION.id]
    document[EXTENSION.id] = draw(st.none() | _attributes(EXTENSION.attributes))
    return document


def _respell(value: Json, chance: random.Random) -> Json:
    """Return ``value`` with the names of its objects in another case and another order."""
    if isinstance(value, dict):
        items = [(name.swapcase() if chance.random() < 0.5 else name, _respell(v, chance)) for name, v in value.items()]
        chance.shuffle(items)
        return dict(items)
    return [_respell(item, chance) for item in value] if isinstance(value, list) else value


def _parts(value: Json) -> Iterable[Json]:
    """Yield ``value`` and everything inside it."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from _parts(item)


def _parse(document: Json, profile: Profile = Profile.LENIENT) -> Resource:
    return parse_resource(document, USER, Tolerance(profile))


T = TypeVar("T")


def _outcome(act: Callable[[], T]) -> T | ScimError:
    try:
        return act()
    except ScimError as error:
        return error


# ---------------------------------------------------------------------------------------------------------------------
# What holds


class TestEveryBody:
    """Nothing that a client sends does anything but make a resource or a SCIM error."""

    @given(body=st.binary(max_size=60) | JSON.map(msgspec.json.encode))
    def test_bytes_are_an_object_or_a_scim_error(self, body: bytes) -> None:
        """Reading bytes yields what the standard decoder yields, or raises a ScimError and nothing else."""
        document = _outcome(lambda: decode_json_object(body))
        if isinstance(document, ScimError):
            assert document.status == 400
        else:
            assert document == msgspec.json.decode(body)

    @given(document=WILD, profile=PROFILES)
    def test_any_object_is_a_resource_or_a_scim_error(self, document: dict[str, Json], profile: Profile) -> None:
        """Parsing raises nothing but ScimError; what passes is whole, holds nothing empty and parses to itself."""
        schemas = {"schemas": [USER.schema.id, EXTENSION.id], "userName": "ada"}
        lowered = {name.lower() for name in document}
        document |= {name: value for name, value in schemas.items() if name.lower() not in lowered}
        resource = _outcome(lambda: _parse(document, profile))
        if isinstance(resource, ScimError):
            assert (resource.status, len(resource.detail) < 1_000) == (400, True)
            return
        assert check_resource(resource) is resource
        assert all(part is not None and part not in ([], {}) for part in _parts(dict(resource.attributes)))
        assert _parse(msgspec.json.decode(render_document(resource)), profile) == resource


class TestEveryUser:
    """What the RFCs allow is taken, and means the same however it is written."""

    @given(document=users(), profile=PROFILES)
    def test_what_is_stored_parses_to_itself(self, document: dict[str, Json], profile: Profile) -> None:
        """The stored text of a user, sent back, is the same user."""
        resource = _parse(document, profile)
        text = render_document(resource)
        assert render_document(_parse(msgspec.json.decode(text), profile)) == text

    @given(document=users(), chance=st.randoms(use_true_random=False), profile=PROFILES)
    def test_case_and_order_of_names_mean_nothing(
        self, document: dict[str, Json], chance: random.Random, profile: Profile
    ) -> None:
        """RFC 7643 §2.1, §2.3.8, §3: other case and order of names, and other order of schemas, give the same text."""
        respelled = _respell(document, chance)
        schemas = next(value for name, value in respelled.items() if name.lower() == "schemas")
        chance.shuffle(schemas)
        assert render_document(_parse(respelled, profile)) == render_document(_parse(document, profile))

    @given(document=users(), other=users())
    def test_put_is_idempotent(self, document: dict[str, Json], other: dict[str, Json]) -> None:
        """RFC 7644 §3.5.1: the same PUT twice is the PUT once, and a PUT of what is there changes nothing."""
        current, sent = _parse(document), _parse(other)
        once = replace_resource(current, sent)
        assert replace_resource(once, sent) == once
        assert replace_resource(current, current) == current
        assert check_resource(once) is once
