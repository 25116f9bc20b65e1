"""A SCIM directory of users and groups in memory, on a real socket, that behaves well until a test bends an answer.

It knows what the simulated providers send, in the shapes that they send; it is no model of a SCIM server.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.simulator.scripted_server import (
    LIST_RESPONSE,
    TOKEN,
    Answer,
    Request,
    ScriptedServer,
    error,
)

Document = dict[str, Any]  # Any: JSON of any shape
SCIM = "application/scim+json"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_UNIQUE = {"Users": "userName", "Groups": "displayName"}
_NOT_KEPT = {"password", "schemas"}
_CONDITION = re.compile(r'([\w:.\[\] "]+?) eq ("(?:[^"\\]|\\.)*")')
_FILTERED = re.compile(r'(\w+)\[(\w+) eq "([^"]*)"\](?:\.(\w+))?')


@dataclass(slots=True)
class DirectoryServer(ScriptedServer):
    """The directory's memory, and the one way in which it misbehaves."""

    stored: dict[str, dict[str, Document]] = field(default_factory=lambda: {"Users": {}, "Groups": {}})

    refuse_delete: dict[str, int] = field(default_factory=dict)
    """Statuses with which a deletion is refused, by endpoint."""

    keeps_active: bool = False
    """Whether it takes ``active`` and then forgets about it."""

    def members(self, name: str) -> list[str]:
        """Return the user names of a group's members, in their order."""
        group = next(group for group in self.stored["Groups"].values() if group["displayName"] == name)
        members = group["members"]
        assert isinstance(members, list)
        return sorted(str(self.stored["Users"][member["value"]]["userName"]) for member in members)

    def documents(self) -> list[Document]:
        """Return the bodies of the requests that had one, and forget the requests."""
        bodies = [json.loads(request.body) for request in self.requests if request.body]
        self.requests.clear()
        return bodies

    def _behave(self, request: Request) -> Answer:
        if dict(request.headers).get("Authorization") != f"Bearer {TOKEN}":
            return error(401, "The token is unknown.")
        parts = urlsplit(request.target)
        endpoint, _, scim_id = parts.path.removeprefix(self.base + "/").partition("/")
        stored = self.stored.get(endpoint)
        if stored is None:
            return error(404, "No such endpoint.")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        sent = json.loads(request.body) if request.body else {}
        match request.method, unquote(scim_id):
            case "GET", "":
                return self._list(list(stored.values()), query)
            case "POST", "":
                self.issued += 1
                return self._keep(endpoint, f"id-{self.issued}", sent, 201)
            case "GET", known if known in stored:
                return _found(stored[known], query)
            case "DELETE", known if known in stored and endpoint in self.refuse_delete:
                return error(self.refuse_delete[endpoint])
            case "DELETE", known if known in stored:
                del stored[known]
                self._leave(known)
                return Answer(status=204)
            case "PUT", known if known in stored:
                return self._keep(endpoint, known, sent, 200)
            case "PATCH", known if known in stored:
                patched: Document = json.loads(json.dumps(stored[known]))
                for operation in sent["Operations"]:
                    _apply(patched, operation)
                return self._keep(endpoint, known, patched, 200)
        return error(404, "No such resource.")

    def _leave(self, scim_id: str) -> None:
        for group in self.stored["Groups"].values():
            group["members"] = _without(group["members"], {scim_id})

    def _list(self, resources: list[Document], query: dict[str, str]) -> Answer:
        if "filter" in query:
            conditions = _CONDITION.findall(query["filter"].replace(" and ", "\n"))
            resources = [each for each in resources if all(_matches(each, *condition) for condition in conditions)]
        start, count = int(query.get("startIndex", "1")), int(query.get("count", "100"))
        page = resources[start - 1 : start - 1 + count]
        document = {
            "schemas": [LIST_RESPONSE],
            "totalResults": len(resources),
            "startIndex": start,
            "itemsPerPage": len(page),
            "Resources": [_projected(resource, query) for resource in page],
        }
        return Answer(status=200, document=document, content_type=SCIM)

    def _keep(self, endpoint: str, scim_id: str, sent: Document, status: int) -> Answer:
        stored, name = self.stored[endpoint], _UNIQUE[endpoint]
        if any(other["id"] != scim_id and _key(other[name]) == _key(sent[name]) for other in stored.values()):
            return error(409, f"The {name} is taken.")
        before = stored.get(scim_id)
        own = {"id": scim_id, "meta": {"resourceType": endpoint[:-1], "location": f"{self.url}/{endpoint}/{scim_id}"}}
        kept = {name: value for name, value in sent.items() if name not in _NOT_KEPT and value is not None}
        after: Document = kept | own
        if endpoint == "Users":
            after["active"] = (
                self.keeps_active or str(sent.get("active", before["active"] if before else True)).lower() == "true"
            )
            after.pop("groups", None)
        else:
            after["members"] = list({member["value"]: member for member in sent.get("members") or ()}.values())
        self.changes += after != before
        stored[scim_id] = after
        return Answer(status=status, document=after, content_type=SCIM)


def _found(resource: Document, query: dict[str, str]) -> Answer:
    return Answer(status=200, document=_projected(resource, query), content_type=SCIM)


def _projected(resource: Document, query: dict[str, str]) -> Document:
    left_out = query.get("excludedAttributes", "").split(",")
    wanted = query["attributes"].split(",") if "attributes" in query else list(resource)
    return {name: value for name, value in resource.items() if name not in left_out and name in {"id", *wanted}}


def _matches(resource: Document, path: str, literal: str) -> bool:
    wanted = json.loads(literal)
    found = _value(resource, f"{ENTERPRISE}:manager" if path == "manager" else path)
    if isinstance(found, dict):
        found = found.get("value")
    return bool(found == wanted if path in {"id", "externalId"} else _key(found) == _key(wanted))


def _value(resource: Document, path: str) -> object:
    filtered = _FILTERED.fullmatch(path)
    if filtered:
        values = resource.get(filtered[1])
        element: Document = next((each for each in values or () if each.get(filtered[2]) == filtered[3]), {})
        return element.get(filtered[4])
    place, name = _place(resource, path)
    return place.get(name)


def _place(resource: Document, path: str) -> tuple[Document, str]:
    """Return the object that holds an attribute, made where it is missing, and the attribute's name in it."""
    head, name = path.rsplit(":", 1) if path.startswith("urn:") else path.split(".", 1) if "." in path else ("", path)
    if not head:
        return resource, name
    place = resource.setdefault(head, {})
    assert isinstance(place, dict)
    return place, name


def _apply(resource: Document, operation: Document) -> None:
    op, path, value = str(operation["op"]).lower(), operation.get("path"), operation.get("value")
    if path is None:
        assert isinstance(value, dict)
        for name, inner in value.items():
            place, leaf = _place(resource, name)
            place[leaf] = inner
        return
    filtered = _FILTERED.fullmatch(str(path))
    if path == "members" or (filtered and filtered[1] == "members"):
        named = {filtered[3]} if filtered else {member["value"] for member in value or ()}
        kept = [] if op == "replace" else _without(resource["members"], named)
        resource["members"] = kept if op == "remove" else [*kept, *(value or ())]
    elif filtered:
        elements = resource.setdefault(filtered[1], [])
        assert isinstance(elements, list)
        element = next((each for each in elements if each.get(filtered[2]) == filtered[3]), None)
        if element is None:
            element = {filtered[2]: filtered[3]}
            elements.append(element)
        element[filtered[4]] = value
    else:
        place, leaf = _place(resource, str(path))
        if op == "remove":
            place.pop(leaf, None)
        else:
            place[leaf] = value


def _without(members: object, named: set[str]) -> list[Document]:
    assert isinstance(members, list)
    return [member for member in members if member["value"] not in named]


def _key(value: object) -> str:
    return str(value).casefold()
