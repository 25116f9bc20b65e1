"""Okta's requests, byte for byte as its reference has them, and the answers with which it fails."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from musterbook.simulator import FailureReason
from musterbook.simulator.connector import TaskState
from musterbook.simulator.errors import ProviderFailureError, SettingError
from musterbook.simulator.okta import Application, OktaApp, okta_story
from musterbook.simulator.population import Group, invent_people
from musterbook.simulator.pytest_plugin import OktaFactory
from musterbook.simulator.scenes import conclude, invent_cast, play
from tests.simulator.bends import on, setting
from tests.simulator.directory_server import DirectoryServer
from tests.simulator.scripted_server import TOKEN, Answer, Request, changed, error

ADA, GRACE, THIRD = invent_people(3)
CREW = Group(number=0, name="Night Watch", members=frozenset({0, 1}))
APPLICATIONS = pytest.mark.parametrize("application", Application)
PATCH_OP = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
NEW_ADA = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "ada.merriweather@example.com",
    "name": {"givenName": "Ada", "familyName": "Merriweather"},
    "emails": [{"primary": True, "value": "ada.merriweather@example.com", "type": "work"}],
    "displayName": "Ada Merriweather",
    "locale": "en-US",
    "externalId": "00u38Dypk9NHgAvwCpOW",
    "groups": [],
    "password": "2d02addb",
    "active": True,
}


@APPLICATIONS
@pytest.mark.parametrize("seed", [0, 3])
def test_the_story_ends_well(
    directory: DirectoryServer, okta: OktaFactory, application: Application, seed: int
) -> None:
    """Against a server that behaves well every scene ends as it must, what changes nothing changes nothing, and all
    checks hold.
    """
    app = okta(directory.url, TOKEN, application=application)
    before = 0
    for scene in play(app, okta_story(app, invent_cast(9, 3, seed))):
        assert not scene.scene.changes_nothing or directory.changes == before, scene.scene.title
        before = directory.changes
    assert [check.problem for check in conclude(app)] == [None] * 6


def test_a_user_is_created_byte_for_byte(directory: DirectoryServer, okta: OktaFactory) -> None:
    """A person who is not found is created, with the query, the headers and the body of Okta's reference."""
    okta(directory.url, TOKEN).assign(ADA)
    look_up, create = directory.requests
    name = "userName%20eq%20%22ada.merriweather%40example.com%22"
    assert look_up.line == f"GET /scim/v2/Users?filter={name}&startIndex=1&count=100 HTTP/1.1"
    assert create.line == "POST /scim/v2/Users HTTP/1.1"
    length = {"Content-Length": str(len(create.body))}
    host = {"Host": directory.url.removeprefix("http://").removesuffix("/scim/v2")}
    assert dict(create.headers) == host | length | {
        "Accept": "application/scim+json",
        "Accept-Charset": "utf-8",
        "Content-Type": "application/scim+json; charset=utf-8",
        "User-Agent": "Okta SCIM Client 1.0.0",
        "Accept-Encoding": "gzip,deflate",
        "Connection": "Keep-Alive",
        "Authorization": f"Bearer {TOKEN}",
    }
    assert json.loads(create.body) == NEW_ADA
    assert list(json.loads(create.body)) == list(NEW_ADA)


def test_a_profile_is_read_and_put_back(directory: DirectoryServer, okta: OktaFactory) -> None:
    """An update reads the user and puts the same body with the changes: id, meta and what is the server's stay."""
    app = okta(directory.url, TOKEN)
    app.assign(ADA)
    stored = directory.stored["Users"]["id-1"]
    stored["emails"][0]["display"] = "ada"
    stored["nickName"] = "Addy"
    expected = json.loads(json.dumps(stored))
    directory.requests.clear()
    app.update(replace(ADA, family_name="Stone", email="stone@example.com"))
    assert [request.line.split(" ")[:2] for request in directory.requests] == [
        ["GET", "/scim/v2/Users/id-1"],
        ["PUT", "/scim/v2/Users/id-1"],
    ]
    expected["name"]["familyName"] = "Stone"
    expected["emails"][0]["value"] = "stone@example.com"
    expected["displayName"] = "Ada Stone"
    assert directory.documents() == [expected]


def test_the_catalogue_patches_active_and_passwords(directory: DirectoryServer, okta: OktaFactory) -> None:
    """An app of the catalogue deactivates, reactivates and sets passwords by PATCH, without a path."""
    app = okta(directory.url, TOKEN)
    app.assign(ADA)
    directory.requests.clear()
    app.unassign(ADA)
    assert directory.documents() == [PATCH_OP | {"Operations": [{"op": "replace", "value": {"active": False}}]}]
    app.assign(ADA)
    operations = [document.get("Operations") for document in directory.documents()]
    assert operations == [[{"op": "replace", "value": {"active": True}}], None]
    app.sync_password(ADA)
    password = {"op": "replace", "value": {"password": "2d02addb"}}
    assert directory.documents() == [PATCH_OP | {"Operations": [password]}]


def test_the_wizard_puts_active(directory: DirectoryServer, okta: OktaFactory) -> None:
    """An app of the wizard deactivates and reactivates by GET and PUT of the whole user."""
    app = okta(directory.url, TOKEN, application=Application.AIW)
    app.assign(ADA)
    for act, active in ((app.unassign, False), (app.assign, True)):
        directory.requests.clear()
        act(ADA)
        assert [request.method for request in directory.requests][-2:] == ["GET", "PUT"]
        assert [document["active"] for document in directory.documents()] == [active]


def test_the_catalogue_patches_groups(directory: DirectoryServer, okta: OktaFactory) -> None:
    """A group of a catalogue app is created empty; its members come by PATCH, removals by filter before the addition,
    and the name, with the id, before them.
    """
    app = okta(directory.url, TOKEN)
    for person in (ADA, GRACE, THIRD):
        app.assign(person)
    directory.requests.clear()
    app.push_group(CREW)
    look_up = "/Groups?filter=displayName%20eq%20%22Night%20Watch%22&startIndex=1&count=100"
    assert directory.requests[0].target == f"/scim/v2{look_up}"
    added = [{"value": "id-1", "display": ADA.user_name}, {"value": "id-2", "display": GRACE.user_name}]
    naming = {"op": "replace", "value": {"id": "id-4", "displayName": "Night Watch"}}
    assert directory.documents() == [
        {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Night Watch", "members": []},
        PATCH_OP | {"Operations": [naming]},
        PATCH_OP | {"Operations": [{"op": "add", "path": "members", "value": added}]},
    ]
    app.update_group(replace(CREW, members=frozenset({1, 2})))
    third = {"value": "id-3", "display": THIRD.user_name}
    assert directory.documents()[1:] == [
        PATCH_OP
        | {
            "Operations": [
                {"op": "remove", "path": 'members[value eq "id-1"]'},
                {"op": "add", "path": "members", "value": [third]},
            ]
        }
    ]
    app.push_now(replace(CREW, members=frozenset()))
    assert directory.documents() == [PATCH_OP | {"Operations": [{"op": "replace", "path": "members", "value": []}]}]
    assert directory.members("Night Watch") == []


def test_the_wizard_puts_groups(directory: DirectoryServer, okta: OktaFactory) -> None:
    """A group of a wizard app is put whole, with its id, whatever changed."""
    app = okta(directory.url, TOKEN, application=Application.AIW)
    app.assign(ADA)
    app.push_group(CREW)
    directory.requests.clear()
    app.update_group(replace(CREW, name="Day Watch"))
    assert [request.method for request in directory.requests] == ["PUT"]
    assert directory.documents() == [
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "id": "id-2",
            "displayName": "Day Watch",
            "members": [{"value": "id-1", "display": ADA.user_name}],
        }
    ]


def test_a_large_change_is_cut(directory: DirectoryServer, okta: OktaFactory) -> None:
    """A change of more than a hundred members comes in several requests, and arrives whole."""
    app = okta(directory.url, TOKEN)
    crowd = invent_people(130)
    for person in crowd:
        app.assign(person)
    group = Group(number=0, name="Everybody", members=frozenset(range(130)))
    directory.requests.clear()
    app.push_group(group)
    sizes = [len(document["Operations"][0]["value"]) for document in directory.documents()[2:]]
    assert sizes == [100, 30]
    assert len(directory.members("Everybody")) == 130


def test_a_group_that_is_there_is_linked(directory: DirectoryServer, okta: OktaFactory) -> None:
    """A group with the same name is taken over, and gets exactly the members that it has in Okta."""
    first, second = okta(directory.url, TOKEN), okta(directory.url, TOKEN)
    for app in (first, second):
        for person in (ADA, GRACE):
            app.assign(person)
    first.push_group(CREW)
    second.push_group(replace(CREW, members=frozenset({1})))
    assert directory.members("Night Watch") == [GRACE.user_name]
    assert len(directory.stored["Groups"]) == 1


def test_unlinking(directory: DirectoryServer, okta: OktaFactory) -> None:
    """Unlinking deletes the group in the application or leaves it; either way Okta forgets it."""
    app = okta(directory.url, TOKEN)
    for deleted, left in ((False, ["Night Watch"]), (True, [])):
        app.push_group(CREW)
        app.unlink_group(CREW, delete=deleted)
        assert [group["displayName"] for group in directory.stored["Groups"].values()] == left
        assert app.memory.groups == {}


def test_import_goes_by_pages(directory: DirectoryServer, okta: OktaFactory) -> None:
    """An import asks for pages of 100 until it has as many as totalResults says."""
    app = okta(directory.url, TOKEN)
    crowd = invent_people(101)
    for person in crowd:
        app.assign(person)
    directory.requests.clear()
    assert app.import_now() == tuple(person.user_name for person in crowd)
    assert [request.target.removeprefix("/scim/v2") for request in directory.requests] == [
        "/Users?startIndex=1&count=100",
        "/Users?startIndex=101&count=100",
        "/Groups?startIndex=1&count=100",
    ]


def _sole(document: dict[str, object]) -> Callable[[Answer], Answer]:
    return lambda answer: changed(answer, totalResults=1, Resources=[document])


FAILURES: list[tuple[str, Callable[[Answer], Answer], FailureReason, str]] = [
    ("POST", lambda _: Answer(status=201), FailureReason.EMPTY_BODY, "Create new user returned empty user."),
    (
        "POST",
        setting(id="bulkId-1"),
        FailureReason.RESERVED_ID,
        "The id of the resource holds the reserved word bulkId.",
    ),
    ("POST", setting(id=7), FailureReason.ID_NOT_A_STRING, "The id of the resource in the answer is not a string."),
    (
        "POST",
        lambda _: error(409, "Taken."),
        FailureReason.CONFLICT,
        "The application already has this (HTTP 409): Taken.",
    ),
    ("GET", setting(totalResults="0"), FailureReason.NOT_INTEGERS, 'totalResults is "0", which is not an integer.'),
    ("GET", setting(startIndex="1"), FailureReason.NOT_INTEGERS, 'startIndex is "1", which is not an integer.'),
    ("GET", setting(Resources=None), FailureReason.NOT_A_LIST, "The answer has no array of Resources."),
    (
        "GET",
        _sole({"id": "1", "userName": "eve@example.com"}),
        FailureReason.SOMEBODY_ELSE,
        "Asked for 'ada.merriweather@example.com', the application answered 'eve@example.com'.",
    ),
    (
        "GET",
        lambda answer: changed(answer, totalResults=2, Resources=[{"id": "1"}, {"id": "2"}]),
        FailureReason.NOT_UNIQUE,
        "The look-up found 2 resources.",
    ),
]  # fmt: skip


@pytest.mark.parametrize("method, bend, reason, message", FAILURES, ids=[row[3][:40] for row in FAILURES])
def test_what_okta_does_not_take(
    directory: DirectoryServer,
    okta: OktaFactory,
    method: str,
    bend: Callable[[Answer], Answer],
    reason: FailureReason,
    message: str,
) -> None:
    """An answer that Okta cannot use is a failed task, with the words of its page Tasks, and nobody is remembered."""
    app = okta(directory.url, TOKEN)
    directory.bend = on(method, bend)
    with pytest.raises(ProviderFailureError) as failed:
        app.assign(ADA)
    assert failed.value.reason is reason
    beginning = "Automatic provisioning of user ada.merriweather@example.com to app Musterbook failed: "
    assert str(failed.value) == f"{beginning}Error while creating user Ada Merriweather: {message}"
    (task,) = app.tasks
    assert (task.state, task.message) == (TaskState.FAILED, str(failed.value))
    assert app.memory.users == {}


def test_not_found_is_an_empty_list(directory: DirectoryServer, okta: OktaFactory) -> None:
    """A look-up that is answered 404 found nobody, as Okta's reference allows; any content type will do."""
    app = okta(directory.url, TOKEN)
    directory.bend = lambda request, answer: (
        error(404) if "filter" in request.target else replace(answer, content_type="text/json;charset=UTF-8")
    )
    assert app.assign(ADA)


def test_too_many_requests(directory: DirectoryServer, okta: OktaFactory) -> None:
    """After 429 Okta comes back when Retry-After says, three times; without Retry-After the task has failed."""
    waited: list[float] = []
    app = okta(directory.url, TOKEN, pause=waited.append, strict=False)
    refusals = [error(429)] * 3

    def busy(_request: Request, answer: Answer) -> Answer:
        return replace(refusals.pop(), headers=(("Retry-After", "2"),)) if refusals else answer

    directory.bend = busy
    assert app.assign(ADA)
    assert waited == [2, 2, 2]
    directory.bend = lambda _request, _answer: error(429)
    assert not app.update(ADA)
    assert waited == [2, 2, 2]


def test_a_base_url_with_an_underscore() -> None:
    """Okta takes no base URL with an underscore."""
    with pytest.raises(SettingError, match="underscore"):
        OktaApp("https://my_host.example.com", TOKEN)


def test_what_is_no_persons_task(directory: DirectoryServer, okta: OktaFactory) -> None:
    """A group or the application as a whole has a message without a person."""
    app = okta(directory.url, TOKEN, strict=False)
    directory.bend = lambda _request, _answer: error(500)
    assert not app.push_group(CREW)
    assert not app.test_credentials()
    assert [task.message for task in app.tasks] == [
        "Failed to push group Night Watch: The application failed (HTTP 500): no",
        "Failed to test API credentials: The application failed (HTTP 500): no",
    ]
