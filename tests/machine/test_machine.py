"""Any sequence of requests to two tenants leaves the server where the model is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from musterbook.scim import Profile
from tests.journeys.serving import run_command
from tests.machine.changes import PATCHES, Operation, bodies
from tests.machine.model import ENTERPRISE, USER, Attributes, Json, Kept, RefusedError, Tenant
from tests.machine.queries import QUERIES, Query
from tests.machine.server import SCIM_URL, Answer, MachineServer

LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
SEARCH_REQUEST = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
NOBODY = "01938000-0000-7000-8000-000000000000"

TENANTS = st.integers(0, 1)
WHOM = st.integers(0, 9)
"""Somebody of the tenant, by place, counted around; beyond those who are there, somebody who is not."""


class DirectoryMachine(RuleBasedStateMachine):
    """Two tenants, whose clients are held to different profiles, and the model of each."""

    def __init__(self, server: MachineServer) -> None:
        super().__init__()
        self.server = server
        self.clients = [server.new_client(profile) for profile in (Profile.LENIENT, Profile.RFC)]
        self.models = [Tenant(), Tenant()]
        self.gone = [NOBODY]
        self.steps = 0

    # Writing

    @rule(tenant=TENANTS, body=bodies())
    def create(self, tenant: int, body: Attributes) -> None:
        """POST a person; in a millisecond of its own, so that ids come in one order however often this is played."""
        self.server.advance(milliseconds=1)
        answer = self.clients[tenant].send("POST", "/Users", {"schemas": [USER], **body})
        try:
            expected = self.models[tenant].created(body)
        except RefusedError as error:
            check_refusal(answer, error)
            return
        assert answer.status == 201, answer.document
        id_ = answer.document["id"]
        self.models[tenant].keep(id_, expected)
        check_person(answer, id_, self.models[tenant].people[id_])

    @rule(tenant=TENANTS, whom=WHOM, body=bodies())
    def replace(self, tenant: int, whom: int, body: Attributes) -> None:
        """PUT a person."""
        id_ = self.somebody(tenant, whom)
        answer = self.clients[tenant].send("PUT", f"/Users/{id_}", {"schemas": [USER], **body})
        try:
            expected = self.models[tenant].replaced(id_, body)
        except RefusedError as error:
            check_refusal(answer, error)
            return
        self.models[tenant].keep(id_, expected)
        check_person(answer, id_, self.models[tenant].people[id_])

    @rule(tenant=TENANTS, whom=WHOM, patch=PATCHES)
    def patch(self, tenant: int, whom: int, patch: list[Operation]) -> None:
        """PATCH a person."""
        id_, client, model = self.somebody(tenant, whom), self.clients[tenant], self.models[tenant]
        message = {"schemas": [PATCH_OP], "Operations": [operation.sent for operation in patch]}
        answer = client.send("PATCH", f"/Users/{id_}", message)
        edits = [lambda a, edit=operation.edit: edit(a, client.profile) for operation in patch]
        try:
            expected = model.patched(id_, edits)
        except RefusedError as error:
            # A message that is wrong is wrong also for somebody who is not there; of several wrong operations, either
            # may be named.
            is_wrong_too = error.status == 404 and answer.status == 400
            check_refusal(
                answer, RefusedError(400) if is_wrong_too else error, exactly=not is_wrong_too and len(patch) == 1
            )
            return
        model.keep(id_, expected)
        check_person(answer, id_, model.people[id_])

    @rule(tenant=TENANTS, whom=WHOM)
    def delete(self, tenant: int, whom: int) -> None:
        """DELETE a person."""
        id_ = self.somebody(tenant, whom)
        answer = self.clients[tenant].send("DELETE", f"/Users/{id_}")
        try:
            self.models[tenant].remove(id_)
        except RefusedError as error:
            check_refusal(answer, error)
            return
        assert (answer.status, answer.document) == (204, None)
        self.gone.append(id_)

    @rule(tenant=TENANTS, whom=WHOM, version=st.integers(0, 3))
    def change_by_version(self, tenant: int, whom: int, version: int) -> None:
        """DELETE or PATCH a person who must be at a version: 412 where they are not, and nothing changes."""
        id_, model = self.somebody(tenant, whom), self.models[tenant]
        kept = model.people.get(id_)
        headers = {"If-Match": f'W/"{version}"'}
        message = {"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "title", "value": str(version)}]}
        answer = self.clients[tenant].send("PATCH", f"/Users/{id_}", message, headers=headers)
        if kept is None or kept.version != version:
            check_refusal(answer, RefusedError(404 if kept is None else 412))
            return
        model.keep(id_, {**kept.attributes, "title": str(version)})
        check_person(answer, id_, model.people[id_])

    @rule()
    def wait(self) -> None:
        """Let some time go by."""
        self.server.advance(seconds=1)

    # Reading

    @rule(tenant=TENANTS, whom=WHOM)
    def read(self, tenant: int, whom: int) -> None:
        """GET a person, by the own client and by the other tenant's."""
        id_ = self.somebody(tenant, whom)
        kept = self.models[tenant].people.get(id_)
        answer = self.clients[tenant].send("GET", f"/Users/{id_}")
        if kept is None:
            check_refusal(answer, RefusedError(404))
        else:
            check_person(answer, id_, kept)
        check_refusal(self.clients[1 - tenant].send("GET", f"/Users/{id_}"), RefusedError(404))

    @rule(tenant=TENANTS, query=QUERIES, method=st.sampled_from(["GET", "POST"]))
    def search(self, tenant: int, query: Query, method: str) -> None:
        """GET or POST a query; it finds the same people in the same order as the model."""
        client, people = self.clients[tenant], self.models[tenant].people
        if method == "POST":
            answer = client.send("POST", "/Users/.search", {"schemas": [SEARCH_REQUEST], **query.parameters})
        else:
            answer = client.send("GET", "/Users", params=query.parameters)
        assert answer.status == 200, answer.document
        ids = query.ids({id_: kept.attributes for id_, kept in people.items()})
        page = ids[max(query.start, 1) - 1 :][: query.count]
        found = answer.document.get("Resources", [])
        assert [person["id"] for person in found] == page
        assert [attributes_of(person) for person in found] == [people[id_].attributes for id_ in page]
        assert answer.document.items() >= {
            "schemas": [LIST_RESPONSE], "totalResults": len(ids), "itemsPerPage": len(page),
            "startIndex": max(query.start, 1),
        }.items()  # fmt: skip

    @invariant()
    def nobody_is_missing(self) -> None:
        """Each tenant has as many people as its model, after each step."""
        self.steps += 1
        for client, model in zip(self.clients, self.models, strict=True):
            assert client.send("GET", "/Users?count=0").document["totalResults"] == len(model.people)

    def somebody(self, tenant: int, whom: int) -> str:
        """Return the id of somebody of the tenant, now and then of somebody who is not there."""
        known = [*self.models[tenant].people, self.gone[whom % len(self.gone)]]
        return known[whom % len(known)]


def check_refusal(answer: Answer, error: RefusedError, *, exactly: bool = True) -> None:
    """Check that an answer refuses a request as the model does."""
    assert answer.status == error.status, answer.document
    assert (answer.document["schemas"], answer.document["status"]) == ([ERROR], str(error.status))
    assert not exactly or answer.document.get("scimType") == error.scim_type, answer.document


def check_person(answer: Answer, id_: str, kept: Kept) -> None:
    """Check that an answer shows a person as the model has them."""
    assert answer.status in {200, 201}, answer.document
    person, location = answer.document, f"{SCIM_URL}/Users/{id_}"
    assert attributes_of(person) == kept.attributes
    assert person["id"] == id_
    assert person["schemas"] == [USER, *([ENTERPRISE] if ENTERPRISE in kept.attributes else [])]
    version = f'W/"{kept.version}"'
    assert (person["meta"]["version"], answer.headers["ETag"]) == (version, version)
    assert (person["meta"]["location"], answer.headers["Location"]) == (location, location)
    assert person["meta"]["resourceType"] == "User"
    assert person["meta"]["created"] <= person["meta"]["lastModified"]


def attributes_of(person: Json) -> Attributes:
    """Return what the model keeps of a person."""
    return {name: value for name, value in person.items() if name not in {"schemas", "id", "meta"}}


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
    assert check_sequences(server, sequences=120, length=120) >= 10_000


@pytest.mark.nightly
def test_ten_thousand_steps_on_postgres(postgres_server: MachineServer) -> None:
    """The same, for 10 000 steps on PostgreSQL."""
    assert check_sequences(postgres_server, sequences=120, length=120) >= 10_000
