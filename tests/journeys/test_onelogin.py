"""OneLogin's whole story against a started server."""

from dataclasses import replace
from pathlib import Path

import pytest

from musterbook.simulator import (
    V1_CORE,
    V1_ENTERPRISE,
    V2_CORE,
    V2_ENTERPRISE,
    ApiStatus,
    ExpectedPerson,
    OneLoginApp,
    ProvisioningState,
    Template,
    people,
    run_story,
)
from tests.journeys.conftest import read_json
from tests.journeys.serving import Client, Server
from tests.journeys.writing import check_whole

TEMPLATES = {
    "v1-core": V1_CORE,
    "v1-enterprise": V1_ENTERPRISE,
    "v2-core": V2_CORE,
    "v2-enterprise": V2_ENTERPRISE,
    "custom": Template(
        '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"{$parameters.scimusername}",'
        '"externalId":"{$user.id}","id":null,"meta":{"resourceType":"User"},"user_email":"{$user.email}",'
        '"name":{"givenName":"{$user.firstname}","familyName":"{$user.lastname}"},'
        '"emails":[{"value":"{$user.email}","primary":true}]}'
    ),
}


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES.keys())
def test_everybody_is_as_onelogin_says_after_each_step(
    template: Template, server: Server, key: str, tmp_path: Path
) -> None:
    """After each step of the story everybody is found, named and active as OneLogin has it, and nobody else is there;
    a step that changes nothing leaves no line in the history; each line is by Scim System User.
    """

    def connect() -> OneLoginApp:
        return OneLoginApp(server.address, key, template=template)

    before = 0
    present: list[ExpectedPerson] = []
    with Client(server.address, key) as client:
        for step in run_story(connect, 25):
            status, listed = client.request("GET", "/Users")
            assert status == 200
            found = {user["userName"]: user for user in listed["Resources"]}
            present = [person for person in step.expected_people() if person.present]
            assert {person.user_name for person in present} == set(found)
            for person in present:
                user = found[person.user_name]
                assert user["active"] is person.active
                assert user["id"] == person.scim_id
                assert user["name"]["givenName"] == person.trimmed_given_name
                assert user["name"]["familyName"] == person.trimmed_family_name
            for person in step.expected_people():
                for former in person.former_scim_ids:
                    assert client.request("GET", f"/Users/{former}")[0] == 404
            revisions = check_whole(server.database)
            assert (revisions == before) if step.changes_nothing else (revisions > before), step.title
            before = revisions
    history = read_json("history", "list", "acme", "--limit", "1000", database=server.database, folder=tmp_path)
    assert len(history) == before + 1, "the line of the break-glass administrator comes on top"
    assert {line["actor"] for line in history if line["key_id"]} == {"Scim System User"}
    people = read_json("user", "list", "acme", database=server.database, folder=tmp_path)
    shown = {person["user_name"]: person["display_name"] for person in people}
    assert shown == {person.user_name: person.joined_as for person in present}


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES.keys())
def test_people_with_one_name_or_none_are_provisioned(template: Template, server: Server, key: str) -> None:
    """OneLogin finds a name in every answer, so a person without a last name, or without any, arrives and stays."""
    lone, nameless = (
        replace(person, firstname=first, lastname="") for person, first in zip(people(2), ("Sukarno", ""), strict=True)
    )
    with OneLoginApp(server.address, key, template=template, strict=True) as application:
        assert application.enable() is ApiStatus.ENABLED
        for person in (lone, nameless):
            assert application.assign(person).state is ProvisioningState.PROVISIONED
            assert application.suspend(person).state is ProvisioningState.PROVISIONED
            assert application.reactivate(person).state is ProvisioningState.PROVISIONED
            assert application.update(replace(person, lastname="Kartini")).state is ProvisioningState.PROVISIONED
