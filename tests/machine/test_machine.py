"""Any sequence of requests to two tenants leaves the server where the model is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from musterbook.scim import Profile
from tests.journeys.serving import run_command
from tests.machine.answers import check_bulk, check_refusal, check_resource, without_times
from tests.machine.bulk import Performance, bulks
from tests.machine.model import GROUPS, USERS, Caller, Json, RefusedError, Tenant
from tests.machine.queries import KINDS, ROOT, Query, queries
from tests.machine.server import MachineServer
from tests.machine.writes import METHODS, Whom, writes

LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
SEARCH_REQUEST = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
NOBODY = "01938000-0000-7000-8000-000000000000"

CLIENTS = st.integers(0, 2)
"""Those of the first tenant, of whom the second has a key of Entra's, and that of the other tenant."""
TENANT_OF = (0, 0, 1)
WHAT = st.sampled_from(
    ["change_person"] * 3 + ["change_group"] * 6 + ["change_in_bulk"] * 3 + ["read", "search", "search", "walk", "wait"]
)
"""What clients do: one rule decides, for hypothesis would leave whole rules out of most sequences."""
VIEWS = st.sampled_from(["", "", "", "excludedAttributes=members", "attributes=members"])
POSTS = st.booleans()


class DirectoryMachine(RuleBasedStateMachine):
    """Two tenants, whose clients are held to different profiles, and the model of each."""

    def __init__(self, server: MachineServer) -> None:
        super().__init__()
        self.server = server
        self.clients = [*server.new_tenant(Profile.LENIENT, None, "entra"), *server.new_tenant(Profile.RFC, None)]
        self.models = [Tenant(), Tenant()]
        self.gone = [[NOBODY], [NOBODY]]
        self.asked = 0
        """The tenant that the last step was about."""
        self.steps = 0

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Let there be somebody from the beginning."""
        for number in (0, 2):
            for kind in (USERS, USERS, USERS, GROUPS, GROUPS):
                self.change(number, kind, data, st.just("POST"))

    @rule(what=WHAT, number=CLIENTS, data=st.data())
    def go_on(self, what: str, number: int, data: st.DataObject) -> None:
        """Do the next step."""
        self.asked = TENANT_OF[number]
        match what:
            case "change_person":
                self.change(number, USERS, data, METHODS)
            case "change_group":
                self.change(number, GROUPS, data, METHODS)
            case "change_in_bulk":
                self.change_in_bulk(number, data)
            case "read":
                self.read(number, data)
            case "search":
                self.search(number, data)
            case "walk":
                self.walk(number, data)
            case _:
                self.server.advance(seconds=1)

    # Writing

    def change(self, number: int, kind: str, data: st.DataObject, methods: st.SearchStrategy[str]) -> None:
        """Make one change; in a millisecond of its own, so that ids come in the order of creation."""
        self.server.advance(milliseconds=1)
        client, model = self.clients[number], self.models[TENANT_OF[number]]
        write = data.draw(writes(self.whom(number), kind, methods))
        query = data.draw(VIEWS) if kind == GROUPS else ""
        headers = {} if write.version is None else {"If-Match": f'W/"{write.version}"'}
        answer = client.send(write.method, f"{write.path}?{query}", write.body, headers=headers)
        is_created = write.method == "POST" and answer.status == 201
        id_ = answer.headers["Location"].rpartition("/")[2] if is_created else write.id
        try:
            write.perform(Caller(model, client.profile), id_)
        except RefusedError as error:
            check_refusal(answer, error)
            return
        is_empty = write.method == "PATCH" and kind == GROUPS and client.idp == "entra" and "attributes=" not in query
        if write.method == "DELETE" or is_empty:
            assert (answer.status, answer.document) == (204, None)
        else:
            check_resource(answer, 201 if write.method == "POST" else 200, model.document(kind, id_), query)
        if write.method == "DELETE":
            self.gone[TENANT_OF[number]].append(id_)

    def change_in_bulk(self, number: int, data: st.DataObject) -> None:
        """POST a bulk request."""
        self.server.advance(milliseconds=1)
        client, model = self.clients[number], self.models[TENANT_OF[number]]
        whom = self.whom(number)
        bulk = data.draw(bulks(whom.ids, whom.others))
        answer = client.send("POST", "/Bulk", bulk.body)
        made = {
            result["bulkId"]: result["location"].rpartition("/")[2]
            for result in (answer.document or {}).get("Operations", [])
            if result["method"] == "POST" and "location" in result
        }
        performance = Performance(Caller(model, client.profile), bulk, made)
        performance.run()
        check_bulk(answer, performance)

    # Reading

    def read(self, number: int, data: st.DataObject) -> None:
        """GET a person or a group, by the own client and by the other tenant's."""
        client, model, whom = self.clients[number], self.models[TENANT_OF[number]], self.whom(number)
        kind = data.draw(st.sampled_from([USERS, GROUPS]))
        query = data.draw(VIEWS) if kind == GROUPS else ""
        id_ = data.draw(st.sampled_from(whom.of(kind)))
        answer = client.send("GET", f"/{kind}/{id_}?{query}")
        if id_ in model.kept[kind]:
            check_resource(answer, 200, model.document(kind, id_), query)
        else:
            check_refusal(answer, RefusedError((404, None)))
        check_refusal(self.clients[0 if number == 2 else 2].send("GET", f"/{kind}/{id_}"), RefusedError((404, None)))

    def search(self, number: int, data: st.DataObject) -> None:
        """GET or POST a query of one kind or of the root; it finds what the model finds, in the same order."""
        query = data.draw(queries(self.whom(number).members))
        found = query.find(self.models[TENANT_OF[number]].documents(*KINDS[query.kind]))
        start, count = data.draw(st.integers(-1, 5)), data.draw(st.integers(0, 6))
        page = found[max(start, 1) - 1 :][:count]
        document = self.list(number, query, posts=data.draw(POSTS), startIndex=start, count=count)
        assert [without_times(each) for each in document.pop("Resources", [])] == page
        assert document == {
            "schemas": [LIST_RESPONSE], "totalResults": len(found), "itemsPerPage": len(page),
            "startIndex": max(start, 1),
        }  # fmt: skip

    def walk(self, number: int, data: st.DataObject) -> None:
        """Read a list by cursors (RFC 9865), to the end and back: it is the one that the model finds."""
        query = data.draw(queries(self.whom(number).members))
        found = query.find(self.models[TENANT_OF[number]].documents(*KINDS[query.kind]))
        count, posts = data.draw(st.integers(1, 5)), data.draw(POSTS)
        pages = [found[start : start + count] for start in range(0, len(found), count)] or [[]]
        document = self.list(number, query, posts=posts, cursor="", count=count)
        check_page(document, pages, 0, len(found))
        for place, way in [*((place, "nextCursor") for place in range(1, len(pages))),
                           *((place, "previousCursor") for place in range(len(pages) - 2, -1, -1))]:  # fmt: skip
            document = self.list(number, query, posts=posts, cursor=document[way], count=count)
            check_page(document, pages, place, len(found))

    def list(self, number: int, query: Query, *, posts: bool, **page: Json) -> Json:
        """Return the answer to a query."""
        client, path = self.clients[number], f"/{query.kind}" if query.kind else ""
        asked = query.parameters | page
        if posts:
            answer = client.send("POST", f"{path}/.search", {"schemas": [SEARCH_REQUEST], **asked})
        else:
            answer = client.send("GET", path or "/", params=asked)
        assert answer.status == 200, answer.document
        return answer.document

    @invariant()
    def everybody_is_as_in_the_model(self) -> None:
        """The tenant that somebody asked for has the people and groups of its model, after each step."""
        self.steps += 1
        self.check(self.asked)

    def teardown(self) -> None:
        """In the end, it is so of both."""
        self.check(0)
        self.check(1)

    def check(self, tenant: int) -> None:
        """Check that a tenant has the people and groups of its model, and no others."""
        document = self.clients[TENANT_OF.index(tenant)].send("GET", "/").document
        expected = self.models[tenant].documents(*KINDS[ROOT])
        assert {each["id"]: without_times(each) for each in document["Resources"]} == expected

    def whom(self, number: int) -> Whom:
        """Return whom a client can ask for, some of whom are not there."""
        tenant = TENANT_OF[number]
        strangers = [*self.models[1 - tenant].kept[USERS], NOBODY]
        ids = {kind: list(kept) for kind, kept in self.models[tenant].kept.items()}
        return Whom(ids, [self.gone[tenant][-1], strangers[0]])


def check_page(document: Json, pages: list[list[Json]], place: int, total: int) -> None:
    """Check that a list response is one page of those that are read by cursors."""
    assert [without_times(each) for each in document["Resources"]] == pages[place]
    assert (document["totalResults"], document["itemsPerPage"]) == (total, len(pages[place]))
    assert ("previousCursor" in document, "nextCursor" in document) == (place > 0, place < len(pages) - 1)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MachineServer]:
    """Run a server on SQLite for all sequences; each has tenants of its own."""
    with MachineServer(f"sqlite:///{tmp_path}/directory.db") as running:
        yield running


@pytest.fixture
def postgres_server(postgres_database: str, tmp_path: Path) -> Iterator[MachineServer]:
    """Run a server on PostgreSQL for all sequences."""
    run_command("migrate", "--database", postgres_database, folder=tmp_path)
    with MachineServer(postgres_database) as running:
        yield running


def check_sequences(server: MachineServer, *, sequences: int, length: int) -> int:
    """Play sequences of steps, and return how many steps there were in all."""
    played: list[DirectoryMachine] = []

    class PlayedMachine(DirectoryMachine):
        def __init__(self) -> None:
            super().__init__(server)
            played.append(self)

    limits = settings(
        max_examples=sequences,
        stateful_step_count=length,
        deadline=None,
        # What a sequence fails of is told whole; to look for a shorter one takes many minutes.
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(PlayedMachine, settings=limits)
    return sum(machine.steps for machine in played)


def test_the_server_is_where_the_model_is(server: MachineServer) -> None:
    """Whatever two tenants' clients send, in any order, both answer and state are those of the model."""
    assert check_sequences(server, sequences=12, length=30) >= 100


@pytest.mark.nightly
def test_ten_thousand_steps(server: MachineServer) -> None:
    """The same, for 10 000 steps."""
    assert check_sequences(server, sequences=150, length=120) >= 10_000


@pytest.mark.nightly
def test_ten_thousand_steps_on_postgres(postgres_server: MachineServer) -> None:
    """The same, for 10 000 steps on PostgreSQL."""
    assert check_sequences(postgres_server, sequences=150, length=120) >= 10_000
