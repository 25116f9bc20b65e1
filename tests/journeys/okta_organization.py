"""Stands in for an Okta organization, as far as Okta's own tests of a SCIM server ask one.

An administrator's call to Okta becomes the requests that Okta documents for it: a look-up by ``userName`` before a
person is created or linked, GET and PUT for an update, and ``active`` by PATCH from an application of the catalogue
(OIN) or by PUT from one that an administrator made (AIW). Whatever the server answers otherwise than documented is an
assertion that fails here.
"""

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import httpx

from tests.journeys.runscope import Answer, Request

Json: TypeAlias = Any
"""A decoded JSON document."""

USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
HEADERS = {
    "Accept": "application/scim+json",
    "Accept-Charset": "utf-8",
    "Content-Type": "application/scim+json; charset=utf-8",
    "User-Agent": "Okta SCIM Client 1.0.0",
}


class Application(Enum):
    """The two kinds of applications, which change ``active`` in different ways."""

    CATALOGUE = "oin"
    OWN = "aiw"


@dataclass
class OktaOrganization:
    """One organization with one application, whose server is behind ``client``."""

    client: httpx.Client
    application: Application
    people: dict[str, Json] = field(default_factory=dict)
    """Okta's own profiles by Okta's ids."""
    linked: dict[str, str] = field(default_factory=dict)
    """The server's ids by Okta's."""

    def answer(self, request: Request) -> Answer:
        """Do what an administrator asks of Okta."""
        document = json.loads(request.body) if request.body else {}
        match request.method, urlsplit(request.url).path.split("/")[3:]:
            case "GET", ["apps", _]:
                return Answer(200, {})
            case "POST", ["users"]:
                okta_id = f"00u{len(self.people):017}"
                self.people[okta_id] = document["profile"]
                return Answer(200, {"id": okta_id})
            case "POST", ["apps", _, "users"]:
                self.assign(document["id"])
            case "PUT", ["users", okta_id]:
                self.people[okta_id] |= document["profile"]
                self.push(okta_id)
            case "POST", ["users", okta_id, "lifecycle", "deactivate"]:
                self.set_active(okta_id, active=False)
            case "POST", ["users", _, "lifecycle", "activate"]:
                pass  # concerns Okta alone; the server hears of it when the person is assigned again
            case "DELETE", ["apps", _, "users", okta_id]:
                self.set_active(okta_id, active=False)
                return Answer(204, None)
            case _:
                raise ValueError(f"Okta's tests do not ask {request.method} {request.url}")
        return Answer(200, {})

    def assign(self, okta_id: str) -> None:
        """Give a person the application: create, or link and bring up to date whom the server has already."""
        name = self.people[okta_id]["email"]
        found = self.send("GET", "/Users", params={"filter": f'userName eq "{name}"', "startIndex": 1, "count": 100})
        if found["totalResults"] == 0:
            self.linked[okta_id] = self.create(self.people[okta_id], okta_id)
            return
        self.linked[okta_id] = found["Resources"][0]["id"]
        if not found["Resources"][0]["active"]:
            self.set_active(okta_id, active=True)
        self.push(okta_id)

    def create(self, profile: Json, okta_id: str) -> str:
        """Create a person with Okta's documented body; return the server's id."""
        body = {**described(profile), "externalId": okta_id, "groups": [], "password": "Kv7J2LEa", "active": True}
        made: str = self.send("POST", "/Users", 201, body)["id"]
        return made

    def push(self, okta_id: str) -> None:
        """Bring a person up to date: read, change, replace."""
        path = f"/Users/{self.linked[okta_id]}"
        self.send("PUT", path, body={**self.send("GET", path), **described(self.people[okta_id])})

    def set_active(self, okta_id: str, *, active: bool) -> None:
        """Suspend or reactivate, in the way of the application."""
        path = f"/Users/{self.linked[okta_id]}"
        if self.application is Application.CATALOGUE:
            operation = {"op": "replace", "value": {"active": active}}
            self.send("PATCH", path, body={"schemas": [PATCH_URN], "Operations": [operation]})
        else:
            self.send("PUT", path, body={**self.send("GET", path), "active": active})

    def send(
        self, method: str, path: str, status: int = 200, body: Json = None, params: dict[str, str | int] | None = None
    ) -> Json:
        """Send a request as Okta's client does; return the document of the one answer that Okta takes."""
        content = None if body is None else json.dumps(body)
        answer = self.client.request(method, path, headers=HEADERS, content=content, params=params)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()


def described(profile: Json) -> Json:
    """Return the attributes that Okta sends of a person."""
    first, last, email = profile["firstName"], profile["lastName"], profile["email"]
    return {
        "schemas": [USER_URN],
        "userName": email,
        "name": {"givenName": first, "familyName": last},
        "emails": [{"primary": True, "value": email, "type": "work"}],
        "displayName": f"{first} {last}",
        "locale": "en-US",
    }
