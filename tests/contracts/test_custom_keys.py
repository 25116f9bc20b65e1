"""Keys of resource types that an operator has defined, on each engine."""

import pytest

from musterbook.directory import operator_actor
from musterbook.directory.changes import Occasion, create_change
from musterbook.directory.history import Action
from musterbook.directory.rules import State
from musterbook.directory.store import Change
from musterbook.scim import Json, Resource, ResourceType, make_resource_type, make_schema
from musterbook.scim.match import COMPARISON_KEY_VERSION
from musterbook.scim.schema import Attribute, AttributeType
from musterbook.storage import Database, KeyCollisionError, SchemaTooOldError, check_schema, migrate_database
from musterbook.storage.migrations import SchemaVersion
from tests.contracts.engines import Engine
from tests.contracts.sample import ACME, at, created, id_of, person

OLD_KEYS = "UPDATE metadata SET value = 'old' WHERE name = 'comparison_key_version'"
SPOILT_KEYS = "UPDATE resources SET unique_key = 'x' || unique_key WHERE unique_key IS NOT NULL"
KEYS = "SELECT unique_key FROM resources WHERE resource_type = 'Badge' ORDER BY id"
CUSTOM_KEYS = "SELECT value FROM metadata WHERE name = 'custom_type_keys'"


def badge_type(unique: str | None) -> ResourceType:
    """Return a type of which one attribute is kept unique, or none."""
    attributes = [Attribute(name, AttributeType.STRING) for name in ("number", "colour")]
    schema = make_schema("urn:example:schemas:Badge", "Badge", "", attributes)
    return make_resource_type("Badge", "/Badges", schema, unique_attribute=unique)


BY_NUMBER, BY_COLOUR, BY_NOTHING = badge_type("number"), badge_type("colour"), badge_type(None)


def issued(number: int, type_: ResourceType = BY_NUMBER, **attributes: Json) -> Change:
    """Return the change that adds a badge."""
    resource = Resource(type_, {"number": f"A-{number}", **attributes}, id_of(number))
    occasion = Occasion(operator_actor(ACME, "request"), Action.CREATED, at(number), f"event-{number}")
    return create_change(State(resource, None), occasion)[1]


class TestCustomKeys:
    """What ``migrate`` does with resource types that are not built in."""

    async def test_a_new_comparison_key_is_theirs_too(
        self, database: Database, engine: Engine, database_url: str
    ) -> None:
        """Keys of a type that is defined are made anew with those of people."""
        await migrate_database(database_url, custom_types=(BY_NUMBER,))
        for number in (1, 2):
            await database.resources.commit(issued(number))
        await engine.execute(SPOILT_KEYS)
        await engine.execute(OLD_KEYS)
        assert await migrate_database(database_url, custom_types=(BY_NUMBER,)) == []
        assert await engine.execute(KEYS) == [("a-1",), ("a-2",)]
        assert await engine.execute(CUSTOM_KEYS) == [('{"Badge":"number"}',)]

    async def test_what_nobody_defines_stays_as_it_is(
        self, database: Database, engine: Engine, database_url: str
    ) -> None:
        """A type that is gone does not stop new keys, and gets its own once it is defined again."""
        await migrate_database(database_url, custom_types=(BY_NUMBER,))
        await database.resources.commit(issued(1))
        await database.resources.commit(created(person(3, "ada")))
        rows = "SELECT * FROM resources WHERE resource_type = 'Badge'"
        await engine.execute(SPOILT_KEYS)
        await engine.execute(OLD_KEYS)
        before = await engine.execute(rows)
        assert await migrate_database(database_url) == []
        assert await engine.execute(rows) == before
        assert await engine.execute("SELECT unique_key FROM resources WHERE resource_type = 'User'") == [("ada",)]
        assert await engine.execute(CUSTOM_KEYS) == [("{}",)]
        assert await migrate_database(database_url, custom_types=(BY_NUMBER,)) == []
        assert await engine.execute(KEYS) == [("a-1",)]

    async def test_a_definition_that_comes_back_finds_its_keys(
        self, database: Database, engine: Engine, database_url: str
    ) -> None:
        """A start without a definition forgets nothing, while the comparison key is the same."""
        await migrate_database(database_url, custom_types=(BY_NUMBER,))
        await migrate_database(database_url)
        assert await engine.execute(CUSTOM_KEYS) == [('{"Badge":"number"}',)]

    @pytest.mark.parametrize("before, after", [(BY_NUMBER, BY_COLOUR), (BY_NOTHING, BY_COLOUR)])
    async def test_another_attribute_becomes_unique(
        self, database: Database, engine: Engine, database_url: str, before: ResourceType, after: ResourceType
    ) -> None:
        """The keys are made of the attribute that the definition names now; those of others stay."""
        await migrate_database(database_url, custom_types=(before,))
        await database.resources.commit(issued(1, before, colour="Red"))
        await database.resources.commit(issued(2, before))
        await engine.execute("UPDATE resources SET unique_key = 'kept' WHERE resource_type = 'BreakGlassAccount'")
        assert await migrate_database(database_url, custom_types=(after,)) == []
        assert await engine.execute(KEYS) == [("red",), (None,)]
        kept = "SELECT DISTINCT unique_key FROM resources WHERE resource_type = 'BreakGlassAccount'"
        assert await engine.execute(kept) == [("kept",)]

    async def test_resources_that_share_a_value_are_named_and_nothing_changes(
        self, database: Database, engine: Engine, database_url: str
    ) -> None:
        """An attribute that two resources share does not become unique."""
        await migrate_database(database_url, custom_types=(BY_NUMBER,))
        for number, colour in ((1, "red"), (2, "RED")):
            await database.resources.commit(issued(number, colour=colour))
        with pytest.raises(KeyCollisionError) as caught:
            await migrate_database(database_url, custom_types=(BY_COLOUR,))
        assert caught.value.collisions == ((ACME, "Badge", (id_of(1), id_of(2))),)
        assert await engine.execute(KEYS) == [("a-1",), ("a-2",)]
        assert await engine.execute(CUSTOM_KEYS) == [('{"Badge":"number"}',)]

    async def test_resources_are_counted_by_type(self, database: Database) -> None:
        """The count is of all tenants, whatever is defined."""
        await database.resources.commit(issued(1))
        assert await database.tenants.count_by_type() == {"Badge": 1, "BreakGlassAccount": 2}


@pytest.mark.parametrize("custom_keys", [{}, {"Badge": "colour"}, {"Badge": None}])
def test_a_database_without_the_keys_of_a_definition_is_too_old(custom_keys: dict[str, str | None]) -> None:
    """What would be found by no key, or by another one, is not served."""
    version = SchemaVersion((), (), COMPARISON_KEY_VERSION, custom_keys, (BY_NUMBER,))
    with pytest.raises(SchemaTooOldError, match="The definition of Badge is new to the database"):
        check_schema(version)
    check_schema(SchemaVersion((), (), COMPARISON_KEY_VERSION, {"Badge": "number", "Ship": None}, (BY_NUMBER,)))
