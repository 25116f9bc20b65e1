"""The body that each template gives."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterbook.simulator import (
    V1_CORE,
    V1_ENTERPRISE,
    V2_CORE,
    V2_ENTERPRISE,
    OneLoginUser,
    ScimUsername,
    Template,
)
from musterbook.simulator.errors import TemplateError
from musterbook.simulator.onelogin.template import render
from musterbook.simulator.onelogin.user import UserStatus

USER = OneLoginUser(
    id=17,
    firstname="AAA Test",
    lastname=" User 01",
    email="test01@example.com",
    username="onelogin-test-user01",
    title="Director of Singing",
    department="Music",
    manager_firstname="Ada",
    manager_lastname="Merriweather",
    external_manager_id="m-1",
    phone="+1 555 0100",
)
NAME = {"givenName": "AAA Test", "familyName": " User 01", "formatted": "AAA Test  User 01"}


def _enterprise(version: str) -> dict[str, object]:
    return {
        "schemas": [f"urn:scim:schemas:core:{version}", f"urn:scim:schemas:extension:enterprise:{version}"],
        "userName": "onelogin-test-user01",
        "name": NAME,
        "emails": {"value": "test01@example.com", "type": "work", "primary": True},
        "title": "Director of Singing",
        f"urn:scim:schemas:extension:enterprise:{version}": {
            "department": "Music",
            "manager": {"managerId": "m-1", "displayName": "Ada Merriweather"},
        },
    }


def _core(version: str) -> dict[str, object]:
    return {"schemas": [f"urn:scim:schemas:core:{version}"], "userName": "onelogin-test-user01", "name": NAME}


@pytest.mark.parametrize(
    "template, document",
    [
        (V1_CORE, _core("1.0")),
        (V1_ENTERPRISE, _enterprise("1.0")),
        (V2_CORE, _core("2.0")),
        (V2_ENTERPRISE, _enterprise("2.0")),
    ],
    ids=lambda value: value.name if isinstance(value, Template) else "",
)
def test_document_of_each_template(template: Template, document: dict[str, object]) -> None:
    """Each of OneLogin's templates gives its documented document; the v1.1 Enterprise ``emails`` is one object."""
    assert json.loads(render(template, USER, ScimUsername.USERNAME)) == document


def test_body_begins_as_captured() -> None:
    """The body of the v2 Enterprise template begins, byte for byte, as the captured request of OneLogin's does."""
    captured = (
        b'{"schemas":["urn:scim:schemas:core:2.0","urn:scim:schemas:extension:enterprise:2.0"],'
        b'"userName":"onelogin-test-user01","name":{"familyName":" User 01","givenName":"AAA Test",'
    )
    assert render(V2_ENTERPRISE, USER, ScimUsername.USERNAME)[: len(captured)] == captured


def test_body_of_v1_core() -> None:
    """The body is compact JSON in UTF-8, its members in the order of the template."""
    user = replace(USER, firstname="Zoë", lastname="佐藤")
    assert render(V1_CORE, user, ScimUsername.USERNAME).decode() == (
        '{"schemas":["urn:scim:schemas:core:1.0"],"userName":"onelogin-test-user01",'
        '"name":{"givenName":"Zoë","familyName":"佐藤","formatted":"Zoë 佐藤"}}'
    )


def test_user_name_from_email() -> None:
    """The parameter scimusername can be mapped to Email."""
    document = json.loads(render(V2_CORE, USER, ScimUsername.EMAIL))
    assert document == _core("2.0") | {"userName": "test01@example.com"}


@pytest.mark.parametrize("active", [True, False])
def test_active_is_added(active: bool) -> None:  # noqa: FBT001 pytest passes parameters by name
    """A switch of ``active`` comes at the end of a document whose template has none."""
    body = render(V2_CORE, USER, ScimUsername.USERNAME, active=active)
    assert json.loads(body) == _core("2.0") | {"active": active}
    assert body.endswith(b'"active":%s}' % (b"true" if active else b"false"))


def test_active_of_the_template_is_replaced() -> None:
    """A switch of ``active`` replaces what the template has there."""
    template = Template('{"active":"{$user.active}","userName":"{$parameters.scimusername}"}')
    plain = render(template, USER, ScimUsername.USERNAME)
    switched = render(template, USER, ScimUsername.USERNAME, active=False)
    assert (plain, switched) == (
        b'{"active":"true","userName":"onelogin-test-user01"}',
        b'{"active":false,"userName":"onelogin-test-user01"}',
    )


def test_every_macro() -> None:
    """Every documented macro stands for its field, in and out of quotation marks; other text is the administrator's."""
    template = Template(
        """{"id": null, "externalId": "{$user.id}", "number": {$user.id}, "active": {$user.active},
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "{$parameters.scimusername}",
        "a": "{$user.firstname}", "b": "{$user.lastname}", "c": "{$user.email}", "d": "{$user.display_name}",
        "e": "{$user.phone}", "f": "{$user.manager_firstname}", "g": "{$user.manager_lastname}",
        "h": "{$parameters.title}", "i": "{$parameters.department}", "j": "{$parameters.external_manager_id}"}""",
    )
    user = replace(USER, status=UserStatus.SUSPENDED)
    assert json.loads(render(template, user, ScimUsername.USERNAME)) == {
        "id": None,
        "externalId": "17",
        "number": 17,
        "active": False,
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "onelogin-test-user01",
        "a": "AAA Test",
        "b": " User 01",
        "c": "test01@example.com",
        "d": "AAA Test  User 01",
        "e": "+1 555 0100",
        "f": "Ada",
        "g": "Merriweather",
        "h": "Director of Singing",
        "i": "Music",
        "j": "m-1",
    }


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_a_value_cannot_change_the_document(firstname: str, lastname: str) -> None:
    """Whatever a name holds, quotation marks, line ends and macros included, it arrives as that name and no more."""
    user = replace(USER, firstname=firstname, lastname=lastname)
    name = {"givenName": firstname, "familyName": lastname, "formatted": f"{firstname} {lastname}"}
    assert json.loads(render(V2_CORE, user, ScimUsername.USERNAME)) == _core("2.0") | {"name": name}


def test_unknown_macro() -> None:
    """A macro that OneLogin does not know is refused with its name when the template is made."""
    with pytest.raises(TemplateError) as refused:
        Template('{"userName": "{$user.shoe_size}"}')
    assert str(refused.value) == "Template 'custom' has a macro that OneLogin does not know: {$user.shoe_size}."


@pytest.mark.parametrize(
    "text, message",
    [
        ('{"userName": {$user.firstname}}', "Template 'custom' gives no JSON for user 17: Expecting value"),
        ('["{$user.firstname}"]', "Template 'custom' gives no JSON object for user 17."),
    ],
)
def test_template_that_gives_no_object(text: str, message: str) -> None:
    """A template must give a JSON object."""
    with pytest.raises(TemplateError) as refused:
        render(Template(text), USER, ScimUsername.USERNAME)
    assert str(refused.value).startswith(message)
