"""*musterbook demo*"""

import json
import signal
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from rich.cells import cell_len

from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.stage import View, check
from musterbook.directory import Person, ResourceId, Role, Status
from musterbook.directory.account import Source
from musterbook.scim import user_type
from musterbook.simulator import ExpectedPerson, Step, people
from tests.cli.shell import Shell
from tests.journeys.serving import COMMAND, environment

PATIENCE_SECONDS = 60
STEPS = 24


def test_once_tells_the_story_and_checks_every_step(shell: Shell) -> None:
    """--once plays all steps, each told with what was sent, what the history and the directory say, and ends with 0."""
    told = shell.done("demo", "--once").out
    assert [line[:4].strip() for line in told.splitlines() if line[:2].strip().isdigit()] == [
        str(number) for number in range(1, STEPS + 1)
    ]
    assert told.count(" ✓  ") == STEPS + 1
    assert told.split("\n\n")[9] == (
        " 9  Leaving\n"
        "    Three people lose access, one of them suspended; the drop-down says Delete.\n"
        "    OneLogin   sent 3x GET 200, 3x DELETE 204\n"
        "    History    Scim System User deprovisioned zoe.oshaughnessy@example.com\n"
        "               Scim System User deprovisioned asa.garcia-niguez@example.com\n"
        "               Scim System User deprovisioned huseyin.nahum@example.com\n"
        "    Directory  21 active\n"
        " ✓  They are gone, and their user names are free."
    )
    assert told.split("\n\n")[STEPS - 2] == (
        "22  Suspended while signed in\n"
        '    They are suspended: OneLogin puts "active": false. They click once more.\n'
        "    OneLogin   sent 1x GET 200, 1x PUT 200\n"
        "    Browser    sent 1x GET 303, 1x GET 200\n"
        "    History    Scim System User suspended ada.merriweather@example.com\n"
        "    Directory  22 active, 1 suspended\n"
        " ✓  The click lands on the sign-in page: their session has ended."
    )
    assert told.endswith(
        "\n\n ✓  All 24 steps ended as they must. The directory holds 23 people, the history 47 lines.\n"
    )
    assert max(cell_len(line) for line in told.splitlines()) <= 100
    assert [line for line in told.splitlines() if line != line.rstrip()] == []


def test_once_in_json(shell: Shell) -> None:
    """With --json each step is a line, and the last line is the sum."""
    lines = [json.loads(line) for line in shell.done("demo", "--once", "--people", "13", "--json").out.splitlines()]
    assert len(lines) == STEPS + 1
    assert lines[2] == {
        "step": 3,
        "title": "Everybody joins",
        "requests": {"GET 200": 12, "POST 201": 12},
        "history": 12,
        "people": {"active": 12},
        "checked": True,
    }
    assert lines[21] == {
        "step": 22,
        "title": "Suspended while signed in",
        "requests": {"GET 200": 1, "PUT 200": 1},
        "browser": {"GET 303": 1, "GET 200": 1},
        "history": 1,
        "people": {"active": 10, "suspended": 1},
        "checked": True,
    }
    assert lines[-1] == {"steps": 24, "people": 11, "active": 11, "history": 35, "checked": True}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_it_keeps_serving_until_it_is_ended(shell: Shell, how: signal.Signals) -> None:
    """After the story the addresses are printed and answer, a command works on the demo's database; a signal ends it
    with 0 and removes everything.
    """
    temporary = shell.folder / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        [*COMMAND, "demo", "--people", "13", "--json"],
        cwd=shell.folder,
        env={**environment(), "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = [json.loads(process.stdout.readline()) for _ in range(STEPS + 2)]
    addresses = lines[-1]
    assert list(addresses) == [
        "scim_base_url", "sign_in_url", "onelogin_portal", "setup_url", "health", "metrics", "log", "database",
    ]  # fmt: skip
    assert "Continue with single sign-on" in httpx.get(addresses["sign_in_url"]).text
    assert "Sign in to OneLogin" in httpx.get(addresses["onelogin_portal"], follow_redirects=True).text
    assert httpx.get(addresses["health"]).json() == {"status": "ready", "durability": "synchronous=FULL"}
    assert httpx.get(addresses["setup_url"]).status_code == 200
    assert httpx.get(addresses["scim_base_url"] + "/ServiceProviderConfig").status_code == 200
    assert "musterbook_requests_total" in httpx.get(addresses["metrics"]).text
    assert Path(addresses["log"]).stat().st_size > 0
    assert len(shell.rows("user", "list", "acme", "--database", addresses["database"])) == 11
    process.send_signal(how)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out, err) == (0, "", "")
    assert list(temporary.iterdir()) == []


def test_ctrl_c_in_the_middle_of_the_story(tmp_path: Path) -> None:
    """Ctrl-C during the story ends it with 130, without a traceback, and removes everything."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        [*COMMAND, "demo", "--once", "--people", "200", "--json"],
        cwd=tmp_path,
        env={**environment(), "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, err) == (130, "")
    assert list(temporary.iterdir()) == []


def test_the_temporary_folder_goes(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """--once leaves no file behind, neither where temporary files lie nor in the working folder."""
    temporary = shell.folder / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    shell.done("demo", "--once", "--people", "13")
    assert [path.name for path in shell.folder.rglob("*")] == ["temporary"]


@pytest.mark.parametrize(
    "options, message",
    [
        (("--people", "12"), 'Invalid value "12" for --people. Must be >= 13.'),
        (("--people", "1001"), 'Invalid value "1001" for --people. Must be <= 1000.'),
        (("--port", "65536"), 'Invalid value "65536" for --port. Must be <= 65535.'),
    ],
)
def test_what_cannot_be_played(shell: Shell, options: tuple[str, ...], message: str) -> None:
    """An option that cannot be used ends with 2."""
    result = shell("demo", "--once", *options)
    assert (result.code, result.err.splitlines()[0]) == (ExitCode.USAGE, f"Error: {message}")


# What the demo would notice

ADA = ExpectedPerson(
    user=people(1)[0],
    present=True,
    active=True,
    user_name="ada@example.com",
    given_name="Ada",
    family_name=" Roe",
    joined_as="Ada Doe",
    scim_id="1",
    former_scim_ids=(),
)
FOUND = Person(
    resource_type=user_type(),
    id=ResourceId("1"),
    user_name="ada@example.com",
    display_name="Ada Doe",
    given_name="Ada",
    family_name="Roe",
    status=Status.ACTIVE,
    source=Source.SCIM,
    roles=(Role.MEMBER,),
)


def step(person: ExpectedPerson) -> Step:
    """Return a step after which this person is expected."""
    return Step(
        number=1,
        title="Joining",
        what_onelogin_did="",
        requests=(),
        expectation="",
        changes_nothing=True,
        people=(person,),
    )


@pytest.mark.parametrize(
    "found, problem",
    [
        ([], "the directory and OneLogin differ in ada@example.com."),
        ([FOUND, replace(FOUND, user_name="eve@example.com")], "the directory and OneLogin differ in eve@example.com."),
        ([replace(FOUND, id=ResourceId("2"))], "ada@example.com has the id '2' instead of '1'."),
        ([replace(FOUND, status=Status.SUSPENDED)], "has the status <Status.SUSPENDED: "),
        ([replace(FOUND, given_name="Eve")], "ada@example.com has the given name 'Eve' instead of 'Ada'."),
        ([replace(FOUND, family_name=" Roe")], "ada@example.com has the family name ' Roe' instead of 'Roe'."),
        ([replace(FOUND, display_name="Ada Roe")], "has the display name 'Ada Roe' instead of 'Ada Doe'."),
    ],
)
def test_a_difference_ends_the_demo(found: list[Person], problem: str) -> None:
    """After each step everybody must be there, nobody else, and each as OneLogin has them."""
    check(step(ADA), View([], []), View([FOUND], []))
    with pytest.raises(CommandError, match=r"^Step 1 \(Joining\)") as caught:
        check(step(ADA), View([], []), View(found, []))
    assert problem in str(caught.value)


def test_an_absent_person_must_not_be_found() -> None:
    """Somebody who left must be gone from the directory."""
    gone = replace(ADA, present=False, active=False, scim_id=None)
    check(step(gone), View([], []), View([], []))
    with pytest.raises(CommandError, match=r"differ in ada@example\.com"):
        check(step(gone), View([], []), View([FOUND], []))
