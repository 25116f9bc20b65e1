"""Writers who have all seen the same version, over each engine (RFC 7644 §3.14)."""

import asyncio
import random
from collections import Counter

from musterbook.directory import Directory, KeyId, scim_actor
from musterbook.directory.history import Action
from musterbook.directory.store import HistoryQuery
from musterbook.scim import Resource, user_type
from musterbook.scim.errors import PreconditionFailedError
from musterbook.scim.operation import CreateResource, DeleteResource, Operation, ReplaceResource
from musterbook.scim.versions import parse_precondition
from musterbook.storage import Database
from tests.contracts.sample import ACME
from tests.directory.world import SetClock

USER = user_type()
WRITERS = 20
ROUNDS = 10


async def test_of_all_who_have_seen_a_version_exactly_one_changes_it(database: Database) -> None:
    """Of many concurrent PUTs with the same ``If-Match`` one is made and the others are refused; so again and again,
    and at last of as many DELETEs.
    """
    directory = Directory(database.resources, SetClock(), random.Random(1).randbytes)
    actor = scim_actor(ACME, KeyId("key-1"), "request-1")
    id_ = (await directory.perform(actor, CreateResource(Resource(USER, {"userName": "ada"})))).stored.id

    async def outcomes(operations: list[Operation]) -> Counter[str]:
        results = await asyncio.gather(
            *(directory.perform(actor, operation) for operation in operations), return_exceptions=True
        )
        return Counter(type(result).__name__ for result in results)

    for version in range(1, ROUNDS + 1):
        seen = parse_precondition(f'W/"{version}"', None)
        titles = [Resource(USER, {"userName": "ada", "title": f"{version}.{number}"}) for number in range(WRITERS)]
        found = await outcomes([ReplaceResource(id_, title, seen) for title in titles])
        assert found == {"Found": 1, PreconditionFailedError.__name__: WRITERS - 1}
    seen = parse_precondition(f'W/"{ROUNDS + 1}"', None)
    removals: list[Operation] = [DeleteResource(USER, id_, seen)] * 2
    title = Resource(USER, {"userName": "ada", "title": "last"})
    found = await outcomes([*removals, ReplaceResource(id_, title, seen), ReplaceResource(id_, title, seen)])
    assert found["Deleted"] + found["Found"] == 1
    history = await database.resources.history(ACME, HistoryQuery())
    changes = Counter(entry.revision.action for entry in history if entry.revision.resource_id == id_)
    assert changes[Action.CREATED] == 1
    assert changes.total() == ROUNDS + 2
