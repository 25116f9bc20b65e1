"""The reference pages have what the code has, and nothing else."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import get_args

import httpx
import pytest

from musterbook.cli.exit_codes import ExitCode
from musterbook.cli.keys import Idp
from musterbook.cli.simulation import TEMPLATES
from musterbook.directory import Action, Status
from musterbook.directory.account import Source
from musterbook.identity import KeyRefusal
from musterbook.scim import Profile
from musterbook.scim.filter_parser import MAX_FILTER_BYTES, MAX_FILTER_DEPTH, MAX_FILTER_TERMS
from musterbook.scim.patch_edit import MAX_COMPARISONS
from musterbook.scim.patch_message import MAX_CHANGES
from musterbook.scim.payload import MAX_DEPTH
from musterbook.scim.query import MAX_PAGE_SIZE, MAX_PARAMETERS, MAX_PROJECTED_ATTRIBUTES
from musterbook.scim.service import MAX_GROUP_BYTES, MAX_RESOURCE_BYTES
from musterbook.settings import Settings, variable_name
from musterbook.storage import BUSY_SECONDS, SEARCH_SECONDS
from musterbook.web.admission import STANDARD_BOUNDS
from musterbook.web.body import GRACE_SECONDS, MAX_SECONDS, MIN_BYTES_PER_SECOND
from musterbook.web.connection import HEAD_SECONDS, MAX_HEAD_BYTES, MAX_HEADER_FIELDS
from musterbook.web.head import MAX_REQUEST_LINE_BYTES
from musterbook.web.limits import Limit
from tests.cli.commands import COMMANDS, FOR_EVERY_COMMAND, arguments_of, options_of
from tests.cli.shell import ADA, Shell
from tests.documentation.session import DOCS
from tests.journeys.serving import Server, run_command, serving


def read(page: str) -> str:
    """Return the text of a reference page."""
    return (DOCS / "reference" / f"{page}.md").read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    """Return the cells of all tables of a text, without headings."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    rules = [place for place, row in enumerate(cells) if set("".join(row)) <= {"-"}]
    return [row for place, row in enumerate(cells) if place not in rules and place + 1 not in rules]


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, down to the next."""
    return re.split(r"^#+ ", text.split(f"{heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def names(text: str) -> list[str]:
    """Return what stands in code, word by word."""
    return re.findall(r"`([^`]+)`", text)


CLI = read("cli")


# Commands


def test_every_command_has_its_section() -> None:
    """The page has each command, and no other."""
    assert sorted(re.findall(r"^### musterbook (.+)$", CLI, flags=re.MULTILINE)) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_listed(command: str) -> None:
    """The section of a command has each of its options and arguments, and no other."""
    text = section(CLI, f"### musterbook {command}")
    usage = re.findall(rf"^    musterbook {command}(.*)$", text, flags=re.MULTILINE)[0]
    assert re.sub(r"--[a-z-]+ [A-Z]+|--yes", "", usage).split() == arguments_of(command)
    assert {name for row in rows(text) for name in names(row[0])} == options_of(command)
    assert set(re.findall(r"--[a-z][a-z-]*", usage)) <= options_of(command) | FOR_EVERY_COMMAND


def test_the_options_of_every_command() -> None:
    """The options that every command takes stand at the top."""
    listed = {names(row[0])[0].split()[0] for row in rows(section(CLI, "## Options of every command"))}
    assert listed == FOR_EVERY_COMMAND


def test_every_exit_code() -> None:
    """The page has each exit code, and no other."""
    assert [int(row[0]) for row in rows(section(CLI, "## Exit codes"))] == [code.value for code in ExitCode]


def test_every_choice() -> None:
    """What an option or a field can be is listed whole: providers, profiles, templates, actions, states, sources."""
    create, demo = section(CLI, "### musterbook key create"), section(CLI, "### musterbook demo")
    cells = {names(row[0])[0]: row[-1] for row in rows(create) + rows(demo)}
    assert names(cells["--idp"]) == list(get_args(Idp))
    assert names(cells["--profile"]) == [profile.value for profile in Profile]
    assert names(cells["--template"]) == list(TEMPLATES)
    lines = {line.split()[0]: line for line in CLI.splitlines() if re.match(r"`(action|status|source)` is", line)}
    assert names(lines["`action`"])[1:] == [action.value for action in Action]
    assert names(lines["`status`"])[1:] == [status.value for status in Status]
    assert names(lines["`source`"])[1:] == [source.value for source in Source]


def test_every_field_of_json(shell: Shell) -> None:
    """The JSON of each command has the fields that the page lists, in its order."""

    def documented(command: str) -> list[str]:
        found = re.search(r"^JSON: `\[?\{(.*?)\}", section(CLI, f"### musterbook {command}"), flags=re.MULTILINE)
        assert found is not None, command
        return re.findall(r'"(\w+)"', found[1])

    create = ("--name", "Acme", "--admin-email", "admin@acme.example", "--json")
    made = shell.done("tenant", "create", "acme", *create).json
    key = shell.done("key", "create", "acme", "--json").json
    shell.scim(key["key"], "POST", "/Users", ADA)
    printed = {
        "tenant create": made,
        "tenant list": shell.done("tenant", "list", "--json").json[0],
        "tenant set": shell.done("tenant", "set", "acme", "--json").json,
        "tenant suspend": shell.done("tenant", "suspend", "acme", "--json").json,
        "tenant resume": shell.done("tenant", "resume", "acme", "--json").json,
        "key create": key,
        "key list": shell.done("key", "list", "acme", "--json").json[0],
        "user list": shell.done("user", "list", "acme", "--json").json[0],
        "role set": shell.done("role", "set", "acme", "--json").json,
        "sign-in set": shell.done("sign-in", "set", "acme", "--json").json,
        "sign-in domain add": shell.done("sign-in", "domain", "add", "acme", "acme.example", "--json").json,
        "sign-in domain remove": shell.done("sign-in", "domain", "remove", "acme", "acme.example", "--json").json,
        "saml show": shell.done("saml", "show", "acme", "--json").json,
        "saml rotate": shell.done("saml", "rotate", "acme", "--json").json,
        "explain": shell.done("explain", "acme", "ada@acme.example", "users.read", "--json").json,
        "history list": shell.done("history", "list", "acme", "--json").json[0],
        "migrate": shell.done("migrate", "--json").json,
        "backup": shell.done("backup", "copy.db", "--json").json,
        "doctor": shell.done("doctor", "--json").json[0],
        "key revoke": shell.done("key", "revoke", "acme", key["id"], "--json").json,
        "tenant delete": shell.done("tenant", "delete", "acme", "--yes", "--json").json,
        "simulate onelogin": shell(
            "simulate", "onelogin", "--key", "k", "--base-url", "http://127.0.0.1:1", "--json"
        ).json,
    }
    assert {command: list(row) for command, row in printed.items()} == {
        command: documented(command) for command in printed
    }


# Settings


def test_every_setting() -> None:
    """The page has each setting with its variable, its option and its default, in the order of the code."""
    flags = {"database_url": "--database"}
    of_serve = options_of("serve") | FOR_EVERY_COMMAND
    expected = []
    for field in fields(Settings):
        flag = flags.get(field.name, f"--{field.name.replace('_', '-')}")
        default = getattr(Settings(), field.name)
        shown = "none" if default in {None, ()} else f"`{default}`"
        option = f"`{flag}`" if flag in of_serve else "none"
        expected.append([f"`{field.name}`", f"`{variable_name(field.name)}`", option, shown])
    assert [row[:4] for row in rows(read("settings"))] == expected


# HTTP

HTTP = read("http-api")
PATCH = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{"op": "replace", "path": "title", "value": "Countess"}],
}
ROUTES = [(row[0], names(row[1])[0], int(row[2])) for row in rows(section(HTTP, "## Routes"))]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with the tenant acme."""
    folder = tmp_path_factory.mktemp("server")
    with serving("sqlite:///musterbook.db", folder) as running:
        run_command("tenant", "create", "acme", "--name", "A", "--admin-email", "a@acme.example", folder=folder)
        yield running


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    """Make a key of the tenant."""
    return run_command("key", "create", "acme", folder=server.folder).strip()


@pytest.mark.parametrize("method, path, status", ROUTES, ids=[f"{row[0]} {row[1]}" for row in ROUTES])
def test_every_route(server: Server, key: str, method: str, path: str, status: int) -> None:
    """A documented route answers as documented without a key, and exists for whoever has one."""
    address = server.address + re.sub(r"\{.*\}", "x", path)
    assert httpx.request(method, address).status_code == status
    answer = httpx.request(method, address, headers={"Authorization": f"Bearer {key}"}, json={})
    assert answer.status_code != 405
    assert answer.status_code != 404 or "{" in path


def test_what_is_not_listed_is_refused(server: Server, key: str) -> None:
    """Each method that the table does not list for a path of users is 405, and names in Allow those that it does; HEAD
    comes with GET, as the page says.
    """
    assert "HEAD is answered like GET" in HTTP
    headers = {"Authorization": f"Bearer {key}"}
    for path in ("/scim/v2/Users", "/scim/v2/Users/{id}", "/scim/v2/ServiceProviderConfig", "/scim/v2/Schemas"):
        listed = [method for method, route, _ in ROUTES if route == path]
        listed.insert(listed.index("GET") + 1, "HEAD")
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(listed):
            answer = httpx.request(method, server.address + path, headers=headers, json={})
            assert (answer.status_code, answer.headers["Allow"].split(", ")) == (405, listed)


def test_what_is_not_offered(server: Server, key: str) -> None:
    """The part of the protocol that is listed as not offered answers 501."""
    sentence = next(line for line in HTTP.splitlines() if "is answered 501" in line)
    assert names(sentence) == ["/Me"]
    for path in names(sentence):
        answer = httpx.post(f"{server.scim_url}{path}", headers={"Authorization": f"Bearer {key}"}, json={})
        assert answer.status_code == 501, path


def test_every_limit() -> None:
    """The limits of the page are those of the code."""
    kib, mib = 1024, 1024 * 1024
    expected = {
        "Request line": f"{MAX_REQUEST_LINE_BYTES // kib} KiB",
        "Header fields": f"{MAX_HEADER_FIELDS}, and {MAX_HEAD_BYTES // kib} KiB together",
        "Time until the head of a request is whole": f"{HEAD_SECONDS:g} seconds",
        "Body": f"{MAX_RESOURCE_BYTES // mib} MiB, of a group or a bulk request {MAX_GROUP_BYTES // mib} MiB",
        "Slowness of a body": (
            f"{GRACE_SECONDS:g} seconds, or {MIN_BYTES_PER_SECOND // kib} KiB a second up to {MAX_SECONDS:g} seconds"
        ),
        "Depth of JSON": f"{MAX_DEPTH}",
        "Filter": f"{MAX_FILTER_BYTES // kib} KiB, depth {MAX_FILTER_DEPTH}, {MAX_FILTER_TERMS} comparisons",
        "Parameters of a query": f"{MAX_PARAMETERS}",
        "Attributes named in a projection": f"{MAX_PROJECTED_ATTRIBUTES}",
        "Changes in one PATCH": f"{MAX_CHANGES}",
        "Comparisons in the filters of one PATCH": f"{MAX_COMPARISONS:,}".replace(",", " "),
        "Page": f"{MAX_PAGE_SIZE} users",
        "Time of a search": f"{SEARCH_SECONDS:g} seconds",
        "Waiting for the database": f"{BUSY_SECONDS:g} seconds",
        "Requests of one organization under way": (
            f"{STANDARD_BOUNDS.alone}, or {STANDARD_BOUNDS.shared} while others are served"
        ),
        "Requests of one organization that wait": (
            f"{STANDARD_BOUNDS.waiting}, each for {STANDARD_BOUNDS.patience_seconds:g} seconds"
        ),
        "Requests of one key in a second": "none, or [as set](settings.md)",
    }
    listed = {row[0]: row[1] for row in rows(section(HTTP, "## Limits"))}
    by_schema = {"`userName`, the `displayName` of a group", "`externalId`, an e-mail address"}
    assert {name: limit for name, limit in listed.items() if name not in by_schema} == expected


def test_every_figure(server: Server, key: str) -> None:
    """The figures that a server shows are those of the page."""
    httpx.get(f"{server.scim_url}/Users", headers={"Authorization": f"Bearer {key}"})
    shown = httpx.get(f"{server.address}/metrics").text
    found = {(name, kind) for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", shown, flags=re.MULTILINE)}
    listed = {(names(row[0])[0], row[1]) for row in rows(section(HTTP, "## Metrics"))}
    assert {pair for pair in found if not pair[0].endswith("_created")} == listed


def test_every_field_of_the_log(server: Server, key: str) -> None:
    """The lines that a server writes for good and bad requests have the fields of the page, and no other."""
    headers = {"Authorization": f"Bearer {key}"}
    user = {**ADA, "schemas": ["urn:scim:schemas:core:2.0"], "nonsense": 1}
    assert httpx.post(f"{server.scim_url}/Users", headers=headers, json=user).status_code == 201
    assert httpx.post(f"{server.scim_url}/Users", headers=headers, json=user).status_code == 409
    assert httpx.get(f"{server.scim_url}/Users").status_code == 401
    bulk = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{"method": "DELETE", "path": "/Users/nobody"}],
    }
    assert httpx.post(f"{server.scim_url}/Bulk", headers=headers, json=bulk).status_code == 200
    added = httpx.get(f"{server.scim_url}/Users?count=1", headers=headers).json()["Resources"][0]["id"]
    group = {"displayName": "Crew", "members": [{"value": added}, {"value": "nobody"}]}
    assert httpx.post(f"{server.scim_url}/Groups", headers=headers, json=group).status_code == 201
    lines = [json.loads(line) for line in _lines(server)]
    written = {field for line in lines if line.get("event") == "request" for field in line}
    of_floods = {"waited_ms", "limit"}  # which tests/web/test_limits.py make
    assert written | of_floods == {name for row in rows(section(HTTP, "## The log")) for name in names(row[0])}
    reasons = next(row[1] for row in rows(section(HTTP, "## The log")) if row[0] == "`refusal`")
    assert names(reasons) == [refusal.value for refusal in KeyRefusal]
    reached = next(row[1] for row in rows(section(HTTP, "## The log")) if row[0] == "`limit`")
    assert names(reached) == [limit.value for limit in Limit]


def _lines(server: Server) -> Sequence[str]:
    """Return the lines of the log so far: the server is asked on until a request of after them is written."""
    for _ in range(1000):
        httpx.get(f"{server.address}/healthz", headers={"X-Request-Id": "after-them"})
        if "after-them" in server.log:
            break
    return [line for line in server.log.splitlines() if line.startswith("{")]


def test_the_index_has_every_page() -> None:
    """The index of the documentation leads to every page; decisions and conformance have a list of their own."""
    lists = {"decisions": "decisions", "conformance": "conformance/README.md"}
    linked = set(re.findall(r"\]\(([^)]+)\)", (DOCS / "README.md").read_text(encoding="utf-8")))
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md") if path != DOCS / "README.md"}
    assert {page for page in pages if Path(page).parts[0] not in lists} | set(lists.values()) == linked


def test_versions(server: Server, key: str) -> None:
    """The preconditions of the page are answered as it says, and without them a change is made."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=server.scim_url, headers=headers) as client:
        user = {**ADA, "userName": "version@acme.example"}
        made = client.post("/Users", json=user)
        address, tag = made.headers["Location"], made.headers["ETag"]
        assert made.json()["meta"]["version"] == tag
        assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
        assert client.get(address, headers={"If-None-Match": tag.removeprefix("W/")}).status_code == 304
        assert client.put(address, json=user, headers={"If-Match": tag}).headers["ETag"] == tag
        changed = client.put(address, json={**user, "title": "Countess"})
        assert (changed.status_code, changed.headers["ETag"] != tag) == (200, True)
        for method in ("PUT", "PATCH", "DELETE"):
            body = user if method == "PUT" else PATCH if method == "PATCH" else None
            assert client.request(method, address, json=body, headers={"If-Match": tag}).status_code == 412
            now = {"If-None-Match": changed.headers["ETag"]}
            assert client.request(method, address, json=body, headers=now).status_code == 412
        assert client.delete(address, headers={"If-Match": "*"}).status_code == 204
