"""People and PATCH operations for property tests: few names and values, so that they meet one another often."""

from hypothesis import settings
from hypothesis import strategies as st

from musterbook.scim.dialects import Tolerance
from musterbook.scim.parse import parse_resource
from musterbook.scim.resource import Json, Resource
from musterbook.scim.schema import user_type
from tests.scim.patching import ENTERPRISE, USER

UNHURRIED = settings(deadline=None)
"""A busy machine is not a failing property."""

TEXT = st.sampled_from(["ada", "Ada", "bea", "x y", "é"])
TYPES = st.sampled_from(["work", "home", "other"])
ADDRESSES = st.sampled_from(["a@x.example", "A@x.example", "b@x.example", "c@x.example"])


def _objects(**members: st.SearchStrategy[Json]) -> st.SearchStrategy[dict[str, Json]]:
    return st.fixed_dictionaries({}, optional=members).filter(bool)


NAMES = _objects(givenName=TEXT, familyName=TEXT, middleName=TEXT)
EMAIL = st.fixed_dictionaries({"value": ADDRESSES}, optional={"type": TYPES, "display": TEXT})
PRIMARY_EMAIL = st.builds(lambda email, primary: {**email, "primary": primary}, EMAIL, st.booleans())
POSTAL_ADDRESS = _objects(locality=TEXT, country=st.sampled_from(["GB", "FR"]), type=TYPES, primary=st.booleans())
MANAGER = st.fixed_dictionaries({"value": st.sampled_from(["1", "2"])}, optional={"$ref": st.just("../Users/1")})
ENTERPRISE_USER = _objects(department=TEXT, costCenter=st.sampled_from(["1", "2"]), manager=MANAGER)


def _one_primary(elements: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """Return the elements with ``primary`` on the first that has it alone."""
    first = next((item for item in elements if item.get("primary") is True), None)
    return [item if item is first else {k: v for k, v in item.items() if k != "primary"} for item in elements]


EMAILS = st.lists(EMAIL | PRIMARY_EMAIL, max_size=4).map(_one_primary)
POSTAL_ADDRESSES = st.lists(POSTAL_ADDRESS, max_size=3).map(_one_primary)

DOCUMENTS = st.fixed_dictionaries(
    {"schemas": st.just([USER, ENTERPRISE]), "userName": TEXT},
    optional={
        "name": NAMES,
        "title": TEXT,
        "active": st.booleans(),
        "externalId": TEXT,
        "emails": EMAILS,
        "addresses": POSTAL_ADDRESSES,
        ENTERPRISE: ENTERPRISE_USER,
    },
)


def user_of(document: dict[str, Json]) -> Resource:
    """Return the resource that a POST of ``document`` makes."""
    parsed = parse_resource(document, user_type(), Tolerance())
    return Resource(parsed.resource_type, parsed.attributes, "2819c223")


BY_ATTRIBUTE: dict[str, st.SearchStrategy[Json]] = {
    "title": TEXT,
    "nickName": TEXT,
    "userName": TEXT,
    "externalId": TEXT,
    "active": st.booleans(),
    "name": NAMES,
    "name.givenName": TEXT,
    "emails": EMAILS,
    "addresses": POSTAL_ADDRESSES,
    f"{ENTERPRISE}:department": TEXT,
    f"{ENTERPRISE}:manager": MANAGER,
    f"{ENTERPRISE}:manager.value": st.sampled_from(["1", "2"]),
    ENTERPRISE: ENTERPRISE_USER,
}
"""Values for every path without a filter."""

FILTERS = st.sampled_from(
    [
        'type eq "work"',
        'type eq "HOME"',
        "primary eq true",
        'value eq "a@x.example"',
        'value ew "example" and type eq "work"',
        'type eq "other" or display pr',
        'not (type eq "work")',
    ]
)
BY_SUB_ATTRIBUTE: dict[str, st.SearchStrategy[Json]] = {
    "value": ADDRESSES,
    "type": TYPES,
    "display": TEXT,
    "primary": st.booleans(),
}


@st.composite
def operations_on_attributes(
    draw: st.DrawFn, *, ops: tuple[str, ...] = ("add", "replace", "remove")
) -> dict[str, Json]:
    """Draw an operation whose path has no filter."""
    path = draw(st.sampled_from(sorted(BY_ATTRIBUTE)))
    op = draw(st.sampled_from(ops))
    return {"op": op, "path": path, **({} if op == "remove" else {"value": draw(BY_ATTRIBUTE[path])})}


@st.composite
def operations_on_elements(draw: st.DrawFn) -> dict[str, Json]:
    """Draw an operation on the e-mail addresses that a filter selects, or on all of them."""
    op = draw(st.sampled_from(["add", "replace", "remove"]))
    sub = draw(st.sampled_from([None, *BY_SUB_ATTRIBUTE]))
    filtered = f"emails[{draw(FILTERS)}]"
    if sub is None:
        return {"op": op, "path": filtered, **({} if op == "remove" else {"value": draw(EMAIL | PRIMARY_EMAIL)})}
    path = f"{draw(st.sampled_from([filtered, 'emails']))}.{sub}"
    return {"op": op, "path": path, **({} if op == "remove" else {"value": draw(BY_SUB_ATTRIBUTE[sub])})}


@st.composite
def operations_without_path(draw: st.DrawFn) -> dict[str, Json]:
    """Draw an operation on the resource itself."""
    names = draw(st.lists(st.sampled_from(sorted(BY_ATTRIBUTE)), min_size=1, max_size=4, unique=True))
    return {
        "op": draw(st.sampled_from(["add", "replace"])),
        "value": {name: draw(BY_ATTRIBUTE[name]) for name in names},
    }


ODD_OPERATIONS: st.SearchStrategy[dict[str, Json]] = st.sampled_from(
    [
        {"op": "replace", "path": "id", "value": "x"},
        {"op": "replace", "value": {"id": "x", "meta": {}, "shoeSize": 7}},
        {"op": "remove", "path": "emails", "value": [{"value": "a@x.example"}]},
        {"op": "remove", "path": "userName"},
        {"op": "remove", "path": "active"},
        {"op": "replace", "path": "emails", "value": None},
        {"op": "replace", "path": "name", "value": {"givenName": None}},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": ""},
        {"op": "replace", "path": f"{ENTERPRISE}:manager", "value": {"value": ""}},
        {"op": "replace", "value": {'emails[type eq "work"].display': "x"}},
        {"op": "add", "path": "emails", "value": [{"value": "1", "primary": True}, {"value": "2", "primary": True}]},
        {"op": "replace", "path": "title", "value": 7},
        {"op": "replace", "path": "emails[type eq", "value": "x"},
    ]
)
OPERATIONS = st.one_of(operations_on_attributes(), operations_on_elements(), operations_without_path(), ODD_OPERATIONS)
