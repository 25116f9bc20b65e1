"""Our filters against those of scim2-models, another implementation of RFC 7644 §3.4.2.2.

Where the RFC decides, both give the same answer about any resource. Where they differ, the difference stands here with
both answers, and in ``docs/conformance/differences-from-scim2-models.md`` under the same heading with its reason.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scim2_models import EnterpriseUser, InvalidFilterException, ScimFilter, User

from musterbook.scim.dialects import Profile, Tolerance
from musterbook.scim.errors import InvalidFilterError
from musterbook.scim.filter import (
    CompareOp,
    Comparison,
    Conjunction,
    Disjunction,
    Filter,
    Negation,
    Presence,
    ValuePath,
    render_filter,
)
from musterbook.scim.filter_parser import parse_filter
from musterbook.scim.match import matches
from musterbook.scim.path import BoundPath, parse_attr_path, resolve
from musterbook.scim.resource import Json, Meta, Resource
from musterbook.scim.schema import AttributeType, user_type
from tests.properties.filters import STORED_TIMES, ops

USER = user_type()
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
DIFFERENCES_PAGE = Path(__file__).parents[2] / "docs" / "conformance" / "differences-from-scim2-models.md"

WORDS = st.sampled_from(("ada", "ADA", "Ada Lovelace", "lovelace", "é", "É", "e\u0301", "bob", "a", "lace"))
ADDRESSES = st.sampled_from(("ada@example.com", "ADA@example.com", "bob@example.org"))
KINDS = st.sampled_from(("work", "home", "WORK"))
TEXT_PATHS = (
    *("userName", "displayName", "title", "userType", "name.familyName", "name.givenName", "externalId"),
    *("phoneNumbers.value", "phoneNumbers.type", "emails.type", f"{ENTERPRISE}:department"),
    f"{ENTERPRISE}:manager.displayName",
)
OTHER_PATHS = ("active", "emails.primary", "emails.value", "meta.created", "meta.lastModified", "schemas")
WHOLE_PATHS = ("name", "emails", "phoneNumbers", "addresses", f"{ENTERPRISE}:manager")
TIMES = st.sampled_from(
    ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000Z", "2024-01-01T02:00:00+02:00", "2024-03-01T00:00:00.25-05:00")
)


def bound(text: str) -> BoundPath:
    """Return what a path of User means."""
    path = parse_attr_path(text, USER)
    assert path is not None
    found = resolve(path, USER)
    assert found is not None
    return found


def _elements(values: st.SearchStrategy[str]) -> st.SearchStrategy[list[Json]]:
    # What an element is that does not say whether it is primary is a difference.
    element = st.fixed_dictionaries({"value": values, "primary": st.booleans()}, optional={"type": KINDS})
    return st.lists(element, min_size=1, max_size=3)


PEOPLE: st.SearchStrategy[Resource] = st.builds(
    Resource,
    st.just(USER),
    st.fixed_dictionaries(
        {"userName": WORDS},
        optional={
            "externalId": st.sampled_from(("ada", "ADA", "bob")),
            "displayName": WORDS,
            "title": WORDS,
            "userType": WORDS,
            "active": st.booleans(),
            "name": st.fixed_dictionaries({"familyName": WORDS}, optional={"givenName": WORDS}),
            "emails": _elements(ADDRESSES),
            "phoneNumbers": _elements(WORDS),
            ENTERPRISE: st.fixed_dictionaries(
                {"department": WORDS},
                optional={"manager": st.fixed_dictionaries({"value": WORDS}, optional={"displayName": WORDS})},
            ),
        },
    ),
    st.just("019a0000-0000-7000-8000-000000000001"),
    st.builds(Meta, STORED_TIMES, STORED_TIMES, st.just(1)),
)


def _literals(path: BoundPath) -> st.SearchStrategy[Json]:
    match str(path):
        case "active" | "emails.primary":
            return st.booleans()
        case "emails.value":
            return ADDRESSES
        case "meta.created" | "meta.lastModified":
            return TIMES
        case "schemas":
            return st.sampled_from((CORE, ENTERPRISE))
        case "externalId":
            return st.sampled_from(("ada", "ADA", "bob", "a"))
        case _:
            return WORDS | KINDS


def _comparisons(text: str) -> st.SearchStrategy[Filter]:
    path = bound(text)
    assert path.attribute is not None
    assert path.leaf is not None
    # What ``ne`` means of many values is a difference; see "ne on several values".
    allowed = [op for op in ops(path.leaf) if op is not CompareOp.NE or not path.attribute.multi_valued]
    if path.leaf.type is AttributeType.REFERENCE:
        allowed = [CompareOp.EQ]
    return st.builds(Comparison, st.just(path), st.sampled_from(allowed), _literals(path))


def _value_filters(text: str) -> st.SearchStrategy[Filter]:
    kind, primary = (bound(f"{text}.{name}").sub_attribute for name in ("type", "primary"))
    inside = st.one_of(
        st.builds(Comparison, st.just(BoundPath(None, kind)), st.sampled_from(CompareOp), KINDS),
        st.builds(Comparison, st.just(BoundPath(None, primary)), st.just(CompareOp.EQ), st.booleans()),
        st.builds(Presence, st.just(BoundPath(None, kind))),
    )
    return st.builds(ValuePath, st.just(bound(text)), _combined(inside))


def _combined(leaves: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    def combine(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(st.builds(Negation, inner), st.builds(Conjunction, several), st.builds(Disjunction, several))

    return st.recursive(leaves, combine, max_leaves=4)


FILTERS = _combined(
    st.one_of(
        st.sampled_from([_comparisons(text) for text in (*TEXT_PATHS, *OTHER_PATHS)]).flatmap(
            lambda strategy: strategy
        ),
        st.sampled_from([bound(text) for text in (*TEXT_PATHS, *OTHER_PATHS, *WHOLE_PATHS)]).map(Presence),
        st.sampled_from([_value_filters(text) for text in ("emails", "phoneNumbers")]).flatmap(lambda item: item),
    )
)


def as_theirs(resource: Resource) -> "User[EnterpriseUser]":
    """Return the resource as scim2-models holds it."""
    assert resource.meta is not None
    meta = {"resourceType": "User", "created": resource.meta.created, "lastModified": resource.meta.last_modified}
    document = {"schemas": list(resource.schemas), "id": resource.id, **resource.attributes, "meta": meta}
    return User[EnterpriseUser].model_validate(document)


@given(FILTERS, PEOPLE)
def test_both_give_the_same_answer_where_the_rfc_decides(built: Filter, person: Resource) -> None:
    """The text of any filter means the same to both, of any person."""
    text = render_filter(built)
    ours = matches(parse_filter(text, USER, Tolerance(Profile.RFC)), person)
    assert ours == ScimFilter[User[EnterpriseUser]](text).match(as_theirs(person), strict=True)


ADA = Resource(
    USER,
    {
        "userName": "Ada",
        "externalId": "É",
        "active": True,
        "name": {"familyName": "Lovelace"},
        "emails": [{"value": "ada@example.com", "type": "work"}, {"value": "ada@example.org", "type": "home"}],
        ENTERPRISE: {"department": "Engines", "manager": {"value": "M1"}},
    },
    "019a0000-0000-7000-8000-000000000001",
    Meta("2024-01-01T00:00:00.000Z", "2024-06-01T12:00:00.500Z", 1),
)


@dataclass(frozen=True)
class Difference:
    """A filter about which the two differ, asked of one person; ``None`` is a refusal."""

    heading: str
    filter: str
    ours: bool | None
    theirs: bool | None


DIFFERENCES = (
    Difference("`ne` on several values", 'emails.type ne "work"', True, False),
    Difference("Elements that do not say whether they are primary", "emails[primary eq false]", True, False),
    Difference("Elements that do not say whether they are primary", "emails.primary ne false", False, True),
    Difference("Full-width and half-width characters", 'userName eq "\uff21da"', True, False),
    Difference("Case-exact strings", 'externalId eq "E\u0301"', False, True),
    Difference("The case of a manager's id", f'{ENTERPRISE}:manager.value eq "m1"', True, False),
    Difference("The case of schemas", f'schemas eq "{ENTERPRISE.upper()}"', False, True),
    Difference("Brackets after a single value", 'name[familyName eq "lovelace"]', True, None),
    Difference("Brackets after simple values", f'schemas[value eq "{ENTERPRISE}"]', None, True),
    Difference("Values that no resource could hold", 'emails eq "nonsense"', False, None),
    Difference("Times", "meta.created gt 5", None, True),
    Difference("Times", 'meta.created gt "2023-12-31T24:00:00Z"', False, None),
    Difference("Times", 'meta.lastModified eq "2024-06-01T12:00:00.5000001Z"', False, True),
    Difference("Times", 'meta.created sw "2024"', None, False),
    Difference("Booleans", "active eq 1", None, True),
    Difference("Booleans", "active eq TRUE", None, True),
    Difference("Complex attributes as wholes", 'name eq "x"', None, False),
    Difference("Complex attributes as wholes", 'addresses eq "x"', None, False),
    Difference("What belongs to the response", "meta.version pr", None, False),
    Difference("Passwords", 'password eq "x"', None, False),
    Difference("Comparing with null", "title gt null", None, False),
    Difference("Characters that are none", r'userName eq "\u0000"', None, False),
    Difference("Characters that are none", r'userName eq "\ud800"', None, False),
    Difference("Spaces around connectives", "active pr and(userName pr)", None, True),
)


def _ours(text: str, profile: Profile) -> bool | None:
    try:
        return matches(parse_filter(text, USER, Tolerance(profile)), ADA)
    except InvalidFilterError:
        return None


def _theirs(text: str) -> bool | None:
    try:
        return ScimFilter[User[EnterpriseUser]](text).match(as_theirs(ADA), strict=True)
    except InvalidFilterException:
        return None


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.filter)
def test_every_difference_is_as_recorded(difference: Difference) -> None:
    """Both still answer as the page says; one that goes away is struck off the page."""
    answers = (_ours(difference.filter, Profile.INTEROP_STRICT), _theirs(difference.filter))
    assert answers == (difference.ours, difference.theirs)


def test_the_page_has_every_difference_and_no_other() -> None:
    """Each heading of the page's part about filters is a difference that is tested here."""
    part = DIFFERENCES_PAGE.read_text().split("\n## Filters\n")[1].split("\n## ")[0]
    headings = [line.removeprefix("### ") for line in part.splitlines() if line.startswith("### ")]
    assert headings == list(dict.fromkeys(difference.heading for difference in DIFFERENCES))
