"""Each tolerated deviation: what it lets in, what happens without it, and that it is written down."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from musterbook.scim import dialects, filter_dialects, patch_dialects, render_dialects
from musterbook.scim.dialect_registry import DIALECTS
from musterbook.scim.dialects import MAX_IGNORED_PATH_LENGTH, MAX_IGNORED_PATHS, Dialect, Profile, Tolerance
from musterbook.scim.errors import InvalidSyntaxError, InvalidValueError, ScimError
from musterbook.scim.parse import parse_resource
from musterbook.scim.resource import Json
from musterbook.scim.schema import group_type, user_type

ROOT = Path(__file__).parents[2]
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ADA = {"userName": "ada"}
CREW = {"displayName": "Crew"}


@dataclass(frozen=True)
class Scenario:
    """A body that needs one dialect."""

    dialect: Dialect
    sent: dict[str, Json]
    """Beside ``schemas``, which name both schemas, and ``userName``."""
    tolerated: dict[str, Json]
    """What is stored, beside ``userName``, where the dialect is tolerated."""
    otherwise: type[ScimError] | dict[str, Json]
    """The refusal where it is not; or what is stored of it under the profile ``rfc``."""
    is_group: bool = False
    """Whether the body is that of a group, with ``displayName`` in place of ``userName``."""

    def __str__(self) -> str:
        return self.dialect.name


SCENARIOS = [
    Scenario(dialects.STRING_BOOLEANS, {"active": "False"}, {"active": False}, InvalidValueError),
    Scenario(dialects.STRING_BOOLEANS, {"active": " tRUE"}, {"active": True}, InvalidValueError),
    Scenario(
        dialects.STRING_BOOLEANS,
        {"roles": [{"value": "x", "primary": "True"}]},
        {"roles": [{"value": "x", "primary": True}]},
        InvalidValueError,
    ),
    Scenario(
        dialects.SURROUNDING_SPACES,
        {"name": {"familyName": " User 01", "givenName": "AAA Test\u00a0"}, "displayName": "Ada ", "title": " x "},
        {"name": {"familyName": "User 01", "givenName": "AAA Test"}, "displayName": "Ada", "title": " x "},
        {"name": {"familyName": " User 01", "givenName": "AAA Test\u00a0"}, "displayName": "Ada ", "title": " x "},
    ),
    Scenario(
        dialects.EMPTY_STRINGS,
        {"title": "", "active": "", "profileUrl": "", "name": {"givenName": ""}, "nickName": "x"},
        {"nickName": "x"},
        InvalidValueError,
    ),
    Scenario(dialects.EMPTY_STRINGS, {"title": ""}, {}, {"title": ""}),
    Scenario(dialects.EMPTY_STRINGS, {"emails": ""}, {}, InvalidValueError),
    Scenario(dialects.EMPTY_STRINGS, {"emails": [""]}, {}, InvalidValueError),
    Scenario(dialects.EMPTY_STRINGS, {ENTERPRISE: {"manager": ""}}, {}, InvalidValueError),
    Scenario(dialects.EMPTY_STRINGS, {ENTERPRISE: ""}, {}, InvalidValueError),
    Scenario(
        dialects.EMPTY_ELEMENTS,
        {"emails": [{"value": None, "type": "work", "primary": True}]},
        {},
        {"emails": [{"type": "work", "primary": True}]},
    ),
    Scenario(
        dialects.SINGLE_ELEMENT,
        {"emails": {"value": "ada@example.com", "type": "work", "primary": True}},
        {"emails": [{"value": "ada@example.com", "type": "work", "primary": True}]},
        InvalidValueError,
    ),
    Scenario(
        dialects.BARE_ELEMENTS,
        {"roles": ["admin", {"value": "editor"}]},
        {"roles": [{"value": "admin"}, {"value": "editor"}]},
        InvalidValueError,
    ),
    Scenario(
        dialects.MANAGER_AS_STRING,
        {ENTERPRISE: {"manager": "7"}},
        {ENTERPRISE: {"manager": {"value": "7"}}},
        InvalidValueError,
    ),
    Scenario(
        dialects.MANAGER_IN_ARRAY,
        {ENTERPRISE: {"manager": [{"$ref": "../Users/7", "value": "7"}]}},
        {ENTERPRISE: {"manager": {"value": "7", "$ref": "../Users/7"}}},
        InvalidValueError,
    ),
    Scenario(
        dialects.MANAGER_ID,
        {ENTERPRISE: {"manager": {"managerId": "7", "displayName": "Bob Byron"}}},
        {ENTERPRISE: {"manager": {"value": "7"}}},
        {},
    ),
    Scenario(
        dialects.MANAGER_ID,
        {ENTERPRISE: {"manager": {"ManagerID": "7", "value": "8"}}},
        {ENTERPRISE: {"manager": {"value": "8"}}},
        {ENTERPRISE: {"manager": {"value": "8"}}},
    ),
    Scenario(dialects.UNKNOWN_ATTRIBUTES, {"user_email": "x", "title": "x"}, {"title": "x"}, InvalidSyntaxError),
    Scenario(
        dialects.UNLISTED_CANONICAL_VALUES,
        {"emails": [{"value": "ada@example.com", "type": "office"}]},
        {"emails": [{"value": "ada@example.com", "type": "office"}]},
        InvalidValueError,
    ),
    Scenario(dialects.MISSING_SCHEMAS, {"schemas": None}, {}, InvalidSyntaxError),
    Scenario(dialects.MISSING_SCHEMAS, {"schemas": CORE}, {}, InvalidSyntaxError),
    Scenario(dialects.UNREGISTERED_SCHEMAS, {"schemas": ["urn:scim:schemas:core:1.0"]}, {}, InvalidSyntaxError),
    Scenario(
        dialects.UNREGISTERED_SCHEMAS,
        {
            "schemas": ["urn:scim:schemas:core:2.0", "urn:scim:schemas:extension:enterprise:2.0"],
            ENTERPRISE: {"department": "Engines"},
        },
        {ENTERPRISE: {"department": "Engines"}},
        InvalidSyntaxError,
    ),
    Scenario(
        dialects.UNKNOWN_SCHEMAS,
        {"schemas": [CORE, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"]},
        {},
        InvalidSyntaxError,
    ),
    Scenario(
        dialects.UNDECLARED_EXTENSION,
        {"schemas": [CORE], ENTERPRISE: {"department": "Engines"}},
        {ENTERPRISE: {"department": "Engines"}},
        InvalidSyntaxError,
    ),
    Scenario(
        dialects.ENTERPRISE_ALIASES,
        {"urn:scim:schemas:extension:enterprise:1.0": {"department": "Engines"}},
        {ENTERPRISE: {"department": "Engines"}},
        {},
    ),
    Scenario(
        dialects.ENTERPRISE_ALIASES,
        {"URN:SCIM:schemas:extension:enterprise:2.0": {"department": "Engines"}},
        {ENTERPRISE: {"department": "Engines"}},
        {},
    ),
    Scenario(dialects.CORE_URN_OBJECT, {CORE: {"displayName": "Ada"}}, {"displayName": "Ada"}, {}),
    Scenario(dialects.PATHS_AS_NAMES, {"name.givenName": "Ada"}, {"name": {"givenName": "Ada"}}, {}),
    Scenario(
        dialects.PATHS_AS_NAMES,
        {f"{ENTERPRISE}:department": "Engines"},
        {ENTERPRISE: {"department": "Engines"}},
        {},
    ),
    Scenario(dialects.PASSWORD, {"password": "t1meMa$heen"}, {}, {}),
    Scenario(dialects.NULL_MEMBERS, {"members": None}, {}, {"members": []}, is_group=True),
    Scenario(dialects.BARE_ELEMENTS, {"members": ["7"]}, {"members": [{"value": "7"}]}, InvalidValueError, True),
]


def read(scenario: Scenario, profile: Profile) -> tuple[dict[str, Json], Tolerance]:
    """Return what is stored of a scenario's body, and what was tolerated."""
    tolerance = Tolerance(profile)
    if scenario.is_group:
        group = parse_resource({"schemas": [GROUP], **CREW, **scenario.sent}, group_type(), tolerance)
        return dict(group.attributes), tolerance
    resource = parse_resource({"schemas": [CORE, ENTERPRISE], **ADA, **scenario.sent}, user_type(), tolerance)
    return dict(resource.attributes), tolerance


def whole(scenario: Scenario, stored: dict[str, Json]) -> dict[str, Json]:
    """Return ``stored`` with what every body of these scenarios holds."""
    return {**(CREW if scenario.is_group else ADA), **stored}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_a_dialect_is_tolerated_where_it_is_listed_and_the_log_can_tell(scenario: Scenario) -> None:
    """In each profile of its entry the deviation is taken, and recorded by its name alone."""
    for profile in scenario.dialect.profiles:
        stored, tolerance = read(scenario, profile)
        assert stored == whole(scenario, scenario.tolerated)
        assert tolerance.applied == [scenario.dialect.name]


@pytest.mark.parametrize("scenario", [item for item in SCENARIOS if len(item.dialect.profiles) < len(Profile)], ids=str)
def test_a_dialect_is_not_tolerated_elsewhere(scenario: Scenario) -> None:
    """In any other profile the same body is refused, or read by the letter of the RFC; nothing is recorded."""
    for profile in set(Profile) - scenario.dialect.profiles:
        if not isinstance(scenario.otherwise, dict):
            with pytest.raises(scenario.otherwise):
                read(scenario, profile)
        elif profile is Profile.RFC:
            stored, tolerance = read(scenario, profile)
            assert stored == whole(scenario, scenario.otherwise)
            assert scenario.dialect.name not in tolerance.applied


def test_a_password_leaves_no_trace() -> None:
    """A password is neither stored nor noted as left out; that one came is all that the log says."""
    stored, tolerance = read(Scenario(dialects.PASSWORD, {"PassWord": "t1meMa$heen"}, {}, {}), Profile.LENIENT)
    assert (stored, tolerance.ignored, tolerance.applied) == (ADA, [], ["password"])


class TestTolerance:
    """What one request deviated in, for the log."""

    def test_each_dialect_is_recorded_once(self) -> None:
        """A name stands once, in the order in which the request first needed it."""
        tolerance = Tolerance()
        for entry in (dialects.MANAGER_ID, dialects.STRING_BOOLEANS, dialects.MANAGER_ID):
            assert tolerance.permits(entry)
        assert tolerance.applied == ["manager-id", "string-booleans"]

    @pytest.mark.parametrize("idp, is_permitted", [("onelogin", True), ("okta", False), (None, False)])
    def test_a_preset_adds_entries_to_a_profile(self, idp: str | None, *, is_permitted: bool) -> None:
        """An entry of a preset is tolerated for keys of its provider alone, and in its profiles alone."""
        tolerance = Tolerance(idp=idp)
        assert tolerance.would_permit(render_dialects.WHOLE_NAME) is is_permitted
        assert tolerance.applied == []
        assert tolerance.permits(render_dialects.WHOLE_NAME) is is_permitted
        assert tolerance.applied == ["whole-name"] * is_permitted
        assert not Tolerance(Profile.RFC, idp).permits(render_dialects.WHOLE_NAME)

    def test_what_is_ignored_is_bounded(self) -> None:
        """A request with a thousand unknown attributes of a thousand characters does not fill the log."""
        tolerance = Tolerance()
        for number in range(1_000):
            tolerance.ignore(f"{number:03}" + "x" * 1_000)
        assert len(tolerance.ignored) == MAX_IGNORED_PATHS
        assert {len(path) for path in tolerance.ignored} == {MAX_IGNORED_PATH_LENGTH}


class TestRegistry:
    """Every deviation is an entry with a name, a reason and a test."""

    def test_names_are_unique_and_entries_complete(self) -> None:
        """A name is used once, in kebab-case; an entry says who needs it and why, and is tolerated somewhere."""
        names = [entry.name for entry in DIALECTS]
        assert len(set(names)) == len(names)
        for entry in DIALECTS:
            assert entry.name == entry.name.lower().replace("_", "-").replace(" ", "-")
            assert entry.needed_by
            assert all(entry.needed_by)
            assert entry.reason.endswith(".")
            assert Profile.LENIENT in entry.profiles

    def test_every_entry_for_resources_has_a_scenario(self) -> None:
        """Each entry for bodies is proved above; that members are unknown shows only in the answer, and there."""
        expected = {value for value in vars(dialects).values() if isinstance(value, Dialect)}
        assert {scenario.dialect for scenario in SCENARIOS} == expected - {dialects.UNKNOWN_MEMBERS}

    @pytest.mark.parametrize(
        "module, pattern",
        [
            (filter_dialects, "test_filter*.py"),
            (patch_dialects, "test_patch*.py"),
            (render_dialects, "test_render*.py"),
        ],
    )
    def test_every_other_entry_is_named_in_a_test(self, module: object, pattern: str) -> None:
        """Each entry for filters, for PATCH and for answers is asserted by name in the tests of its part."""
        tests = "".join(path.read_text() for path in Path(__file__).parent.glob(pattern))
        constants = {name: entry for name, entry in vars(module).items() if isinstance(entry, Dialect)}
        assert constants
        assert [
            entry.name for name, entry in constants.items() if name not in tests and f'"{entry.name}"' not in tests
        ] == []

    def test_the_reference_page_lists_every_entry(self) -> None:
        """The page of the documentation holds exactly the entries that there are, as they are."""
        page = (ROOT / "docs/reference/dialects.md").read_text()
        rows = [line for line in page.splitlines() if line.startswith("| `")]
        assert rows == [reference_row(entry) for entry in DIALECTS]

    def test_the_reference_page_lists_every_preset(self) -> None:
        """The page says which entries a key has because of the provider that it was made for."""
        page = (ROOT / "docs/reference/dialects.md").read_text()
        found = dict(re.findall(r"^- `--idp ([a-z]+)` adds (.+)\.$", page, flags=re.MULTILINE))
        presets = {name for entry in DIALECTS for name in entry.presets}
        assert {name: re.findall(r"`([a-z-]+)`", text) for name, text in found.items()} == {
            name: [entry.name for entry in DIALECTS if name in entry.presets] for name in presets
        }


def reference_row(entry: Dialect) -> str:
    """Return an entry's row in the reference page."""
    profiles = ", ".join(f"`{profile.value}`" for profile in Profile if profile in entry.profiles)
    return f"| `{entry.name}` | {entry.reason} | {', '.join(entry.needed_by)} | {profiles} |"
