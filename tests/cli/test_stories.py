"""*musterbook simulate okta*, *entra* and *jumpcloud*"""

from collections.abc import Iterator

import pytest

from musterbook.cli.exit_codes import ExitCode
from tests.cli.shell import Shell
from tests.simulator.directory_server import DirectoryServer
from tests.simulator.scripted_server import TOKEN, error, running

STORIES = [("okta", "--app", "oin"), ("okta", "--app", "aiw"), ("entra",), ("entra", "--compliant"), ("jumpcloud",)]
SIZE = ("--users", "8", "--groups", "2", "--seed", "3")


@pytest.fixture
def directory() -> Iterator[DirectoryServer]:
    """A SCIM server with users and groups on a real socket."""
    with running(DirectoryServer(base="/scim/v2")) as state:
        yield state


@pytest.mark.parametrize("story", STORIES, ids=" ".join)
def test_a_story_is_told(shell: Shell, directory: DirectoryServer, story: tuple[str, ...]) -> None:
    """Each story is told task by task and scene by scene, and ends with six checks that hold."""
    told = shell.done("simulate", *story, "--base-url", directory.url, "--key", TOKEN, *SIZE).out.splitlines()
    assert told[0].startswith("Done   test ")
    assert [line[:3] for line in told if line[:2].strip().isdecimal()][:2] == [" 1 ", " 2 "]
    assert [line.split()[0] for line in told if line.split()[:1] in (["Holds"], ["Broken"])] == ["Holds"] * 6
    assert "checks    6" in told
    assert sum(line.startswith("Failed ") for line in told) == 1


def test_the_flag_changes_the_requests(shell: Shell, directory: DirectoryServer) -> None:
    """--compliant is the flag in Entra ID's Tenant URL; without it, the requests are the others."""
    for option, has_flag in (("--compliant", True), ("--no-compliant", False)):
        directory.requests.clear()
        shell("simulate", "entra", option, "--base-url", directory.url, "--key", TOKEN, *SIZE)
        assert all(("aadOptscim062020" in request.line) is has_flag for request in directory.requests)


def test_json(shell: Shell, directory: DirectoryServer) -> None:
    """JSON is the figures of the story and what went wrong first."""
    arguments = ("simulate", "okta", "--base-url", directory.url, "--key", TOKEN, *SIZE, "--json")
    assert shell.done(*arguments).json == {
        "users": 8, "groups": 2, "scenes": 14, "tasks": 35, "requests": 74, "checks": 6, "problem": None,
    }  # fmt: skip


def test_a_scene_that_fails(shell: Shell, directory: DirectoryServer) -> None:
    """A scene that fails ends the story with 1 and with what the administrator reads; the key is not shown."""
    directory.refuse = {"POST": error(500, f"{TOKEN} again")}
    result = shell("simulate", "jumpcloud", "--base-url", directory.url, "--key", TOKEN)
    assert result.code is ExitCode.FAILED
    problem = "Failed to test connection: The application failed (HTTP 500): [token] again"
    assert result.err == f"Error: Scene 1 (Test Connection): {problem}.\n"
    assert result.out.splitlines()[1] == f"       {problem}"
    assert "checks    0" in result.out


def test_a_check_that_is_broken(shell: Shell, directory: DirectoryServer) -> None:
    """A directory that is not as the provider has sent it ends with 1 and with the first broken check."""
    directory.keeps_active = True
    result = shell("simulate", "jumpcloud", "--base-url", directory.url, "--key", TOKEN, *SIZE)
    assert result.code is ExitCode.FAILED
    title = "Exactly those who lost access are suspended"
    assert f"Broken {title}: " in result.out
    assert result.err.startswith(f"Error: {title}: ")


@pytest.mark.parametrize(
    "options, message",
    [
        (("--users", "7"), 'Invalid value "7" for --users. Must be >= 8.'),
        (("--groups", "0"), 'Invalid value "0" for --groups. Must be >= 1.'),
        (("--app", "saml"), 'Invalid value "saml" for --app. Choose from: "oin", "aiw".'),
        (("--base-url", "https://example.com/my_prefix"), "Okta takes no base URL with an underscore in it."),
        (("--key", "two words"), "The SCIM Bearer Token must be the token alone"),
    ],
)
def test_what_cannot_be_told(shell: Shell, options: tuple[str, ...], message: str) -> None:
    """An option that cannot be used ends with 2."""
    result = shell("simulate", "okta", *(() if "--key" in options else ("--key", "k")), *options)
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert result.err.startswith(f"Error: {message}")
