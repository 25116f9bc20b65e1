"""Entra ID's requests, byte for byte as Microsoft documents them, and the answers with which it fails."""

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from musterbook.simulator import FailureReason
from musterbook.simulator.entra import Matching, Quarantine, entra_story
from musterbook.simulator.errors import ProviderFailureError
from musterbook.simulator.population import Group, invent_people
from musterbook.simulator.pytest_plugin import EntraFactory
from musterbook.simulator.scenes import conclude, invent_cast, play
from tests.simulator.bends import on, setting
from tests.simulator.directory_server import DirectoryServer, Document
from tests.simulator.scripted_server import TOKEN, Answer, changed, error

ADA, GRACE, THIRD = invent_people(3)
CREW = Group(number=0, name="Night Watch", members=frozenset({0, 1}))
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
GUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def _operations(directory: DirectoryServer) -> list[list[Document]]:
    """Return the operations of each PATCH so far, and forget the requests."""
    return [document["Operations"] for document in directory.documents() if "Operations" in document]


@pytest.mark.parametrize("compliant", [False, True])
@pytest.mark.parametrize("matching", Matching)
def test_the_story_ends_well(
    directory: DirectoryServer, entra: EntraFactory, matching: Matching, *, compliant: bool
) -> None:
    """Against a server that behaves well every scene ends as it must, what changes nothing changes nothing, and all
    checks hold.
    """
    app = entra(directory.url, TOKEN, compliant=compliant, matching=matching)
    before = 0
    for scene in play(app, entra_story(app, invent_cast(9, 3))):
        assert not scene.scene.changes_nothing or directory.changes == before, scene.scene.title
        before = directory.changes
    assert [check.problem for check in conclude(app)] == [None] * 6
    assert app.quarantine is None


def test_the_connection_is_tested_with_a_guid(directory: DirectoryServer, entra: EntraFactory) -> None:
    """Test Connection looks up a random GUID by the matching attribute; with the flag, that stands in the query."""
    for compliant, flag in ((False, ""), (True, "&aadOptscim062020")):
        directory.requests.clear()
        assert entra(directory.url, TOKEN, compliant=compliant).test_connection()
        (request,) = directory.requests
        assert re.fullmatch(rf"GET /scim/v2/Users\?filter=userName\+eq\+%22{GUID}%22{flag} HTTP/1\.1", request.line)
    entra(directory.url, TOKEN, matching=Matching.WORK_EMAIL).test_connection()
    path = "emails%5Btype\\+eq\\+%22work%22%5D.value\\+eq\\+%22"
    assert re.search(path, directory.requests[-1].target)


@pytest.mark.parametrize(
    "status, quarantine",
    [(404, Quarantine.SCIM_COMPLIANCE), (401, Quarantine.INVALID_CREDENTIALS), (500, None)],
)
def test_quarantine(
    directory: DirectoryServer, entra: EntraFactory, status: int, quarantine: Quarantine | None
) -> None:
    """404 to the test is a SCIM compliance issue and 401 means invalid credentials; a cycle that works ends both."""
    app = entra(directory.url, TOKEN, strict=False)
    directory.bend = lambda _request, _answer: error(status)
    assert not app.test_connection()
    assert app.quarantine is quarantine
    directory.bend = lambda _request, answer: answer
    assert app.run_cycle()
    assert app.quarantine is None


def test_a_test_that_finds_somebody(directory: DirectoryServer, entra: EntraFactory) -> None:
    """An application that finds somebody for a random GUID fails the test."""
    directory.bend = lambda _request, answer: changed(answer, totalResults=1, Resources=[{"id": "1"}])
    with pytest.raises(ProviderFailureError) as failed:
        entra(directory.url, TOKEN).test_connection()
    assert failed.value.reason is FailureReason.SOMEBODY_ELSE


def test_a_user_is_created(directory: DirectoryServer, entra: EntraFactory) -> None:
    """A person who is not found is created with both schemas, empty roles, meta, and null for what is empty."""
    entra(directory.url, TOKEN).provision(replace(ADA, title="", department=""))
    look_up, create = directory.requests
    assert look_up.line == "GET /scim/v2/Users?filter=userName+eq+%22ada.merriweather%40example.com%22 HTTP/1.1"
    assert dict(create.headers)["Content-Type"] == "application/scim+json"
    sent = json.loads(create.body)
    assert sent == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "externalId": sent["externalId"],
        "userName": "ada.merriweather@example.com",
        "active": True,
        "displayName": "Ada Merriweather",
        "title": None,
        "emails": [{"primary": True, "type": "work", "value": "ada.merriweather@example.com"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Ada Merriweather", "familyName": "Merriweather", "givenName": "Ada"},
        "roles": [],
        "phoneNumbers": [{"type": "work", "value": "+1 555 0100"}],
        "department": None,
    }


MARRIED = replace(ADA, family_name="Stone", email="stone@example.com", title="", department="Bridge")
RENAMED = [
    ("displayName", "Ada Stone"),
    ('emails[type eq "work"].value', "stone@example.com"),
    ("name.familyName", "Stone"),
    ("name.formatted", "Ada Stone"),
    (f"{ENTERPRISE}:department", "Bridge"),
]


def test_an_update_has_an_operation_for_each_attribute(directory: DirectoryServer, entra: EntraFactory) -> None:
    """Without the flag each attribute that differs is an operation of its own, with a capital letter."""
    app = entra(directory.url, TOKEN)
    app.provision(ADA)
    assert app.update(MARRIED)
    replaced = [{"op": "Replace", "path": path, "value": value} for path, value in RENAMED]
    assert _operations(directory) == [[*replaced, {"op": "Remove", "path": "title"}]]
    assert app.update(replace(MARRIED, title="Captain"))
    assert _operations(directory) == [[{"op": "Add", "path": "title", "value": "Captain"}]]


def test_the_flag_gathers_attributes(directory: DirectoryServer, entra: EntraFactory) -> None:
    """With the flag, single values go into one operation without a path, with dotted and colon-joined names; what has a
    filter in its path keeps an operation of its own, and so does a single attribute.
    """
    app = entra(directory.url, TOKEN, compliant=True)
    app.provision(ADA)
    app.update(MARRIED)
    gathered = {path: value for path, value in RENAMED if "[" not in path}
    assert _operations(directory) == [
        [
            {"op": "replace", "path": 'emails[type eq "work"].value', "value": "stone@example.com"},
            {"op": "replace", "value": gathered},
            {"op": "remove", "path": "title"},
        ]
    ]
    app.update(replace(MARRIED, user_name="stone@example.com"))
    assert _operations(directory) == [[{"op": "replace", "path": "userName", "value": "stone@example.com"}]]


def test_nothing_to_change_is_not_sent(directory: DirectoryServer, entra: EntraFactory) -> None:
    """Where nothing differs, the user is read and left alone."""
    app = entra(directory.url, TOKEN)
    app.provision(ADA)
    directory.requests.clear()
    app.update(ADA)
    assert [request.line for request in directory.requests] == ["GET /scim/v2/Users/id-1 HTTP/1.1"]


@pytest.mark.parametrize(
    "compliant, op, values", [(False, "Replace", ("False", "True")), (True, "replace", (False, True))]
)
def test_active(
    directory: DirectoryServer, entra: EntraFactory, op: str, values: tuple[object, object], *, compliant: bool
) -> None:
    """A user is disabled and enabled by a text without the flag, and by a boolean with it."""
    app = entra(directory.url, TOKEN, compliant=compliant)
    app.provision(ADA)
    app.disable(ADA)
    app.enable(ADA)
    assert _operations(directory) == [[{"op": op, "path": "active", "value": value}] for value in values]


def test_a_switch_that_is_not_heard(directory: DirectoryServer, entra: EntraFactory) -> None:
    """A user who is still active after 200 to the disabling is a failure: Entra ID reads the user and notices."""
    app = entra(directory.url, TOKEN)
    app.provision(ADA)
    directory.bend = on("GET", setting(active=True))
    with pytest.raises(ProviderFailureError) as failed:
        app.disable(ADA)
    assert failed.value.reason is FailureReason.CHANGE_NOT_KEPT
    assert str(failed.value) == (
        "Failed to disable user ada.merriweather@example.com: "
        "The change was answered with success, but active is not False."
    )


def test_managers(directory: DirectoryServer, entra: EntraFactory) -> None:
    """A manager is asked for by id and manager, set as a bare id where missing, and cleared by an empty text."""
    app = entra(directory.url, TOKEN)
    app.provision(ADA)
    app.provision(GRACE)
    directory.requests.clear()
    app.set_manager(GRACE, ADA)
    asked = "/Users?filter=id+eq+%22id-2%22+and+manager+eq+%22id-1%22&attributes=id"
    assert directory.requests[0].target == f"/scim/v2{asked}"
    path = f"{ENTERPRISE}:manager"
    assert _operations(directory) == [[{"op": "Add", "path": path, "value": "id-1"}]]
    app.set_manager(GRACE, ADA)
    assert len(directory.requests) == 1
    app.set_manager(GRACE, None)
    assert _operations(directory) == [[{"op": "Replace", "path": path, "value": ""}]]


def test_groups(directory: DirectoryServer, entra: EntraFactory) -> None:
    """A group is looked up and read without its members and created without any, with Microsoft's second schema."""
    app = entra(directory.url, TOKEN)
    app.provision(ADA)
    app.provision(GRACE)
    directory.requests.clear()
    app.provision_group(CREW)
    look_up = "/Groups?excludedAttributes=members&filter=displayName+eq+%22Night+Watch%22"
    assert directory.requests[0].target == f"/scim/v2{look_up}"
    created, filled = directory.documents()
    assert re.fullmatch(GUID, str(created.pop("externalId")))
    assert created == {
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:Group",
            "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
        ],
        "displayName": "Night Watch",
        "meta": {"resourceType": "Group"},
    }
    both = [{"$ref": None, "value": "id-1"}, {"$ref": None, "value": "id-2"}]
    assert filled == PATCH_OP | {"Operations": [{"op": "Add", "path": "members", "value": both}]}
    app.update_group(replace(CREW, name="Day Watch"))
    assert directory.requests[0].target == "/scim/v2/Groups/id-3?excludedAttributes=members"
    assert _operations(directory) == [[{"op": "Replace", "path": "displayName", "value": "Day Watch"}]]


def test_members_leave(directory: DirectoryServer, entra: EntraFactory) -> None:
    """Members are removed by a list of values without the flag, and each by a filter with it."""
    for compliant in (False, True):
        app = entra(directory.url, TOKEN, compliant=compliant)
        group = replace(CREW, name=f"Watch {compliant}")
        for person in (ADA, GRACE, THIRD):
            app.provision(person)
        app.provision_group(group)
        directory.requests.clear()
        app.update_group(replace(group, members=frozenset({2})))
        removed, added = _operations(directory)
        ids = ["id-1", "id-2"]
        if compliant:
            assert removed == [{"op": "remove", "path": f'members[value eq "{scim_id}"]'} for scim_id in ids]
        else:
            values = [{"$ref": None, "value": scim_id} for scim_id in ids]
            assert removed == [{"op": "Remove", "path": "members", "value": values}]
        third = [{"$ref": None, "value": "id-3"}]
        assert added == [{"op": "add" if compliant else "Add", "path": "members", "value": third}]


def test_many_members(directory: DirectoryServer, entra: EntraFactory) -> None:
    """Many members come several in an operation and several operations in a request, and arrive whole."""
    app = entra(directory.url, TOKEN)
    crowd = invent_people(130)
    for person in crowd:
        app.provision(person)
    directory.requests.clear()
    app.provision_group(Group(number=0, name="Everybody", members=frozenset(range(130))))
    assert [[len(op["value"]) for op in ops] for ops in _operations(directory)] == [[20] * 5, [20, 10]]
    assert len(directory.members("Everybody")) == 130


def test_members_that_were_left_out(directory: DirectoryServer, entra: EntraFactory) -> None:
    """Members in the answer to a request that had left them out are a failure."""
    app = entra(directory.url, TOKEN)
    app.provision(ADA)
    app.provision_group(CREW)
    directory.bend = on("GET", setting(members=[{"value": "id-1"}]))
    with pytest.raises(ProviderFailureError) as failed:
        app.update_group(CREW)
    assert failed.value.reason is FailureReason.MEMBERS_NOT_EXCLUDED


NOT_TAKEN: list[tuple[Callable[[Answer], Answer], FailureReason]] = [
    (lambda answer: replace(answer, content_type="application/json"), FailureReason.CONTENT_TYPE),
    (lambda _answer: error(404), FailureReason.NOT_FOUND),
    (lambda answer: replace(answer, document=None), FailureReason.CONTENT_TYPE),
    (
        lambda answer: changed(answer, totalResults=1, Resources=[{"id": "1", "userName": "eve"}]),
        FailureReason.SOMEBODY_ELSE,
    ),
]


@pytest.mark.parametrize("bend, reason", NOT_TAKEN)
def test_what_entra_does_not_take(
    directory: DirectoryServer, entra: EntraFactory, bend: Callable[[Answer], Answer], reason: FailureReason
) -> None:
    """A look-up must be answered 200 with a list, as application/scim+json, and with nobody else."""
    app = entra(directory.url, TOKEN)
    directory.bend = on("GET", bend)
    with pytest.raises(ProviderFailureError) as failed:
        app.provision(ADA)
    assert failed.value.reason is reason


def test_what_failed_is_tried_again(directory: DirectoryServer, entra: EntraFactory) -> None:
    """What failed is in escrow: the next cycle tries it again, and no later one does once it has worked."""
    app = entra(directory.url, TOKEN, strict=False)
    directory.refuse = {"POST": error(503)}
    assert not app.provision(ADA)
    assert not app.run_cycle()
    directory.refuse = {}
    assert app.run_cycle()
    assert [user["userName"] for user in directory.stored["Users"].values()] == [ADA.user_name]
    directory.requests.clear()
    assert app.run_cycle()
    assert len(directory.requests) == 1


def test_somebody_who_is_found_is_linked(directory: DirectoryServer, entra: EntraFactory) -> None:
    """A user who is there is taken over: what differs is patched, and an inactive one becomes active."""
    first, second = entra(directory.url, TOKEN), entra(directory.url, TOKEN)
    first.provision(ADA)
    first.disable(ADA)
    second.provision(replace(ADA, title="Admiral"))
    assert [(user["title"], user["active"]) for user in directory.stored["Users"].values()] == [("Admiral", True)]


def test_deleting(directory: DirectoryServer, entra: EntraFactory) -> None:
    """A hard deletion is DELETE; a resource that is still found afterwards breaks a check at the end."""
    app = entra(directory.url, TOKEN)
    app.provision(ADA)
    app.provision_group(CREW)
    kept = dict(directory.stored["Users"])
    app.delete(ADA)
    app.delete_group(CREW)
    assert (directory.stored, app.memory.users, app.memory.groups) == ({"Users": {}, "Groups": {}}, {}, {})
    directory.stored["Users"] |= kept
    assert [check.problem for check in app.inspect() if check.problem] == ["/Users/id-1"]
