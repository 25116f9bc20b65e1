"""A SCIM server in memory, on a real socket, that behaves well until a test bends one of its answers.

It knows only what OneLogin asks for: users with a unique ``userName``, and a list of groups.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "mbk_a-token-of-the-tests"
LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

Document = dict[str, object]
Server = TypeVar("Server", bound="ScriptedServer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as its bytes came in."""

    line: str
    """The request line, without its line end."""
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def method(self) -> str:
        """The method of the request line."""
        return self.line.split(" ")[0]

    @property
    def target(self) -> str:
        """The target of the request line."""
        return self.line.split(" ")[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer before it becomes bytes. Without a body there is no Content-Type."""

    status: int
    document: object = None
    raw: bytes | None = None
    """The body where it is not to be ``document`` as JSON."""
    content_type: str | None = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    hang_up: bool = False
    """Close the connection instead of answering."""

    @property
    def body(self) -> bytes:
        """The body's bytes."""
        if self.raw is not None:
            return self.raw
        return b"" if self.document is None else json.dumps(self.document).encode()


def error(status: int, detail: str = "no") -> Answer:
    """Return an error as RFC 7644 §3.12 shapes it."""
    document = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status), "detail": detail}
    return Answer(status=status, document=document)


def listed(resources: list[Document]) -> Answer:
    """Return a list answer of RFC 7644 §3.4.2."""
    document = {"schemas": [LIST_RESPONSE], "totalResults": len(resources), "Resources": resources}
    return Answer(status=200, document=document)


@dataclass(slots=True)
class ScriptedServer:
    """The server's memory, and the one way in which it misbehaves."""

    base: str = ""
    """The path before ``/Users``."""
    url: str = ""
    users: dict[str, Document] = field(default_factory=dict)
    groups: list[Document] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    changes: int = 0
    """How often a request really changed a user."""
    bend: Callable[[Request, Answer], Answer] = lambda _request, answer: answer
    """Changes the answer to a request that was carried out."""
    refuse: dict[str, Answer] = field(default_factory=dict)
    """Answers instead of carrying out a request, by method."""
    issued: int = 0

    def lines(self) -> list[str]:
        """Return the request lines and forget the requests."""
        lines = [request.line for request in self.requests]
        self.requests.clear()
        return lines

    def answer(self, request: Request) -> Answer:
        """Return the answer, bent as the test wants it."""
        self.requests.append(request)
        return self.refuse.get(request.method) or self.bend(request, self._behave(request))

    def _behave(self, request: Request) -> Answer:
        if dict(request.headers).get("Authorization") != f"Bearer {TOKEN}":
            return error(401, "The token is unknown.")
        parts = urlsplit(request.target)
        if not parts.path.startswith(self.base + "/"):
            return error(404, "No such endpoint.")
        endpoint, _, scim_id = parts.path.removeprefix(self.base + "/").partition("/")
        match request.method, endpoint, unquote(scim_id):
            case "GET", "Users", "":
                return self._find(parse_qs(parts.query).get("filter", [""])[0])
            case "GET", "Groups", "":
                return listed(self.groups)
            case "POST", "Users", "":
                return self._write(None, json.loads(request.body))
            case _, "Users", known if known in self.users:
                return self._act(request, known)
        return error(404, "No such user.")

    def _act(self, request: Request, scim_id: str) -> Answer:
        user = self.users[scim_id]
        match request.method:
            case "GET":
                return Answer(status=200, document=user)
            case "DELETE":
                del self.users[scim_id]
                self.changes += 1
                return Answer(status=204)
            case "PATCH":
                active = json.loads(request.body)["Operations"][0]["value"]
                self.changes += user["active"] != active
                user["active"] = active
                return Answer(status=200, document=user)
            case _:
                return self._write(scim_id, json.loads(request.body))

    def _find(self, condition: str) -> Answer:
        if not condition:
            return listed(list(self.users.values()))
        name = json.loads(condition.removeprefix("userName eq "))
        return listed([user for user in self.users.values() if _key(user["userName"]) == _key(name)])

    def _write(self, scim_id: str | None, sent: Document) -> Answer:
        owners = [user["id"] for user in self.users.values() if _key(user["userName"]) == _key(sent["userName"])]
        if owners not in ([], [scim_id]):
            return error(409, "The userName is taken.")
        if scim_id is None:
            self.issued += 1
            scim_id = f"id-{self.issued}"
            before: Document = {"active": True}
            status = 201
        else:
            before, status = self.users[scim_id], 200
        name = sent.get("name", {})
        assert isinstance(name, dict), "a template of the tests gives the name as an object, or none"
        after = {attribute: value for attribute, value in sent.items() if attribute not in ("schemas", "id", "meta")}
        after["active"] = sent.get("active", before["active"])
        after["name"] = {part: value.strip() for part, value in name.items()}
        after["id"] = scim_id
        after["meta"] = {"resourceType": "User", "location": f"{self.url}/Users/{scim_id}"}
        self.changes += after != before
        self.users[scim_id] = after
        return Answer(status=status, document=after)


def _key(user_name: object) -> str:
    return str(user_name).casefold()


class _Server(ThreadingHTTPServer):
    def __init__(self, state: ScriptedServer) -> None:
        self.state = state
        self.faults: list[BaseException] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, _request: object, _client_address: object) -> None:
        """Keep a fault of this server for the end of the test; a client that went away is none."""
        fault = sys.exception()
        if fault is not None and not isinstance(fault, ConnectionError):
            self.faults.append(fault)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one segment per answer: headers and body apart would wait for each other's acknowledgement

    def setup(self) -> None:
        super().setup()
        self.server.state.connections += 1

    def handle_method(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        request = Request(line=self.requestline, headers=tuple(self.headers.items()), body=self.rfile.read(length))
        answer = self.server.state.answer(request)
        if answer.hang_up:
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.body and answer.content_type is not None:
            self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = handle_method  # noqa: N815 http.server finds the methods by these names
    do_POST = handle_method  # noqa: N815 as above, by this name
    do_PUT = handle_method  # noqa: N815 as above, by this name
    do_PATCH = handle_method  # noqa: N815 as above, by this name
    do_DELETE = handle_method  # noqa: N815 as above, by this name

    def log_message(self, *_: object) -> None:
        """Write nothing to the terminal."""


@contextmanager
def serving(base: str = "/scim/v2") -> Iterator[ScriptedServer]:
    """Run OneLogin's server on a free port of 127.0.0.1 and stop it afterwards."""
    with running(ScriptedServer(base=base)) as state:
        yield state


@contextmanager
def running(state: Server) -> Iterator[Server]:
    """Run a server on a free port of 127.0.0.1 and stop it afterwards."""
    with _Server(state) as server:
        state.url = f"http://127.0.0.1:{server.server_address[1]}{state.base}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
    assert server.faults == []


def without(document: object, *path: str) -> Document:
    """Return a copy of a document without one member, which may lie in a member."""
    assert isinstance(document, dict)
    first, *rest = path
    if not rest:
        return {name: value for name, value in document.items() if name != first}
    return document | {first: without(document[first], *rest)}


def changed(answer: Answer, **members: object) -> Answer:
    """Return the answer with members of its document replaced."""
    assert isinstance(answer.document, dict)
    return replace(answer, document=answer.document | members)
