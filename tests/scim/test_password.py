"""Passwords: where one goes that a client sends (RFC 7643 §4.1.1, §9.2)."""

import json

import pytest

from musterbook.scim import Json, Resource, Tolerance, discovery, index_entries, render_document, user_type
from musterbook.scim.dialects import Profile
from musterbook.scim.errors import InvalidFilterError, InvalidValueError
from musterbook.scim.operation import CreateResource, PatchResource, ReplaceResource
from musterbook.scim.password import PasswordEdit
from musterbook.scim.protocol import ScimRequest, parse_request
from musterbook.scim.schema import ResourceType, group_type
from musterbook.scim.service import describe_service
from tests.scim.patching import message, operation

OPEN, SHUT = user_type(accepts_passwords=True), user_type()
SECRET = " t1meMa$heen "
ADA = Resource(OPEN, {"userName": "ada"})


def ask(
    method: str, body: Json, user: ResourceType = OPEN, profile: Profile = Profile.LENIENT
) -> CreateResource | ReplaceResource | PatchResource:
    """Return what a request asks where people are of the type ``user``."""
    service = describe_service("https://example.com/scim/v2", [user, group_type()])
    path = "/Users" if method == "POST" else "/Users/1"
    request = ScimRequest(method, path, "", None, json.dumps(body).encode())
    asked = parse_request(request, service, Tolerance(profile)).operation
    assert isinstance(asked, CreateResource | ReplaceResource | PatchResource)
    return asked


def with_password(password: Json) -> Json:
    """Return a body with a password."""
    return {"schemas": [OPEN.schema.id], "userName": "ada", "PassWord": password}


@pytest.mark.parametrize("profile", Profile)
def test_a_password_parts_from_the_resource(profile: Profile) -> None:
    """67, 68: it goes beside the resource, exactly as it was sent, so that nothing else ever sees it."""
    created = ask("POST", with_password(SECRET), profile=profile)
    replaced = ask("PUT", with_password(SECRET), profile=profile)
    assert created == CreateResource(ADA, password=PasswordEdit(SECRET))
    assert replaced == ReplaceResource("1", ADA, password=PasswordEdit(SECRET))


@pytest.mark.parametrize("password", [None, "", " "])
def test_a_put_without_a_password_keeps_it(password: Json) -> None:
    """130: absent, null and empty say nothing of the password."""
    assert ask("PUT", with_password(password)) == ReplaceResource("1", ADA)
    assert ask("PUT", {"userName": "ada"}) == ReplaceResource("1", ADA)


def test_an_empty_password_is_none_by_the_rfc_too() -> None:
    """Nobody signs in with an empty password, whatever the profile."""
    assert ask("PUT", with_password(""), profile=Profile.RFC) == ReplaceResource("1", ADA)


@pytest.mark.parametrize(
    "operations, edit",
    [
        ([operation("replace", "password", value=SECRET)], PasswordEdit(SECRET)),
        ([operation("replace", value={"password": SECRET})], PasswordEdit(SECRET)),
        ([operation("add", f"{OPEN.schema.id}:password", value=SECRET)], PasswordEdit(SECRET)),
        ([operation("replace", "password", value="x"), operation("add", "password", value="y")], PasswordEdit("y")),
        ([operation("remove", "password")], PasswordEdit(None)),
        ([operation("replace", "password", value=None)], PasswordEdit(None)),
        ([operation("replace", "title", value="x")], None),
    ],
)
def test_a_password_is_patched(operations: list[Json], edit: PasswordEdit | None) -> None:
    """Of several operations the last one counts; it is none of the changes that are made to the resource."""
    asked = ask("PATCH", message(*operations))
    assert isinstance(asked, PatchResource)
    assert asked.patch.password == edit
    assert [change.attribute.name for change in asked.patch.changes] == (["title"] if edit is None else [])


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_password_has_a_greatest_length(method: str) -> None:
    """To hash a megabyte would cost a megabyte's time; the refusal does not repeat what was sent."""
    with pytest.raises(InvalidValueError) as caught:
        ask(method, with_password("x" * 257))
    assert caught.value.detail == "password has 257 characters; at most 256 are allowed."


def test_where_passwords_are_not_taken_none_arrives() -> None:
    """Off, which is the default, a password is left out in silence."""
    assert ask("POST", with_password(SECRET), SHUT) == CreateResource(Resource(SHUT, {"userName": "ada"}))
    patched = ask("PATCH", message(operation("replace", "password", value=SECRET)), SHUT)
    assert isinstance(patched, PatchResource)
    assert (patched.patch.changes, patched.patch.password) == ((), None)


def test_a_password_is_in_no_text() -> None:
    """67: neither the stored text, nor an index, nor what a program prints of a request holds it."""
    held = Resource(OPEN, {"userName": "ada", "password": SECRET}, "1")
    assert SECRET not in render_document(held)
    assert SECRET not in repr(index_entries(held))
    texts = [repr(ask(method, with_password(SECRET))) for method in ("POST", "PUT")]
    texts.append(repr(ask("PATCH", message(operation("replace", "password", value=SECRET)))))
    assert [text for text in texts if SECRET in text or SECRET.strip() in text] == []


@pytest.mark.parametrize("user", [OPEN, SHUT])
def test_a_password_is_not_filtered_by(user: ResourceType) -> None:
    """118: enough answers of yes and no would spell it out."""
    service = describe_service("https://example.com/scim/v2", [user])
    request = ScimRequest("GET", "/Users", "filter=password+sw+%22t%22", None, b"")
    with pytest.raises(InvalidFilterError):
        parse_request(request, service, Tolerance())


@pytest.mark.parametrize("user, is_taken", [(OPEN, True), (SHUT, False)])
def test_discovery_says_whether_passwords_are_taken(user: ResourceType, *, is_taken: bool) -> None:
    """20: the schema has the attribute, and the configuration says so, where a password does something."""
    service = describe_service("https://example.com/scim/v2", [user, group_type()])
    assert discovery.service_provider_config(service)["changePassword"] == {"supported": is_taken}
    attributes = {item["name"]: item for item in discovery.schemas(service)[0]["attributes"]}
    assert ("password" in attributes) is is_taken
    if is_taken:
        shown = attributes["password"]
        assert (shown["mutability"], shown["returned"], shown["required"]) == ("writeOnly", "never", False)


def test_passwords_cost_no_answer_anything() -> None:
    """What is never in the stored text need not be taken out of it."""
    assert OPEN.visibility.is_plain
    assert OPEN.visibility.never == ()
