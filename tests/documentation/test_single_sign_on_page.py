"""The page for single sign-on with OneLogin has the addresses, commands and reasons that there are."""

import re

import pytest

from musterbook.cli.lockouts import LOCKOUT_WORDS
from musterbook.directory.lockout import LockoutReason
from musterbook.identity.entry import EntryRefusal
from musterbook.saml.errors import Refusal
from tests.cli.commands import COMMANDS, options_of
from tests.cli.shell import Shell
from tests.documentation.session import DOCS
from tests.documentation.test_reference import rows, section

PAGE = (DOCS / "how-to" / "single-sign-on-onelogin.md").read_text(encoding="utf-8")
CALLS = re.findall(r"musterbook ((?:saml|sign-in|admin|doctor)[^`\n]*)", PAGE)


def test_what_is_shown_is_what_is_printed(shell: Shell) -> None:
    """The example of ``saml show`` is what the command prints of our side before anything is connected."""
    shell.make_tenant()
    printed = shell.done("saml", "show", "acme", "--base-url", "https://directory.example.com").out
    (example,) = re.findall(r"^```text\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert example in printed


@pytest.mark.parametrize("call", sorted(set(CALLS)))
def test_every_command_on_the_page_exists(call: str) -> None:
    """Each command is one that there is, with options that it has."""
    (command,) = [name for name in COMMANDS if f"{call} ".startswith(f"{name} ")]
    assert set(re.findall(r"--[a-z-]+", call)) <= options_of(command)


def test_every_reason_is_one_that_is_noted() -> None:
    """The reasons of refusals are values that stand in the log, each named once."""
    listed = [
        name for row in rows(section(PAGE, "## When it does not work")) for name in re.findall("`([^`]+)`", row[0])
    ]
    known = {refusal.value for refusals in (Refusal, EntryRefusal) for refusal in refusals}
    assert [name for name in listed if name not in known] == []
    assert len(listed) == len(set(listed))


def test_why_somebody_is_locked_out_is_told_in_these_words() -> None:
    """The page quotes the preflight: of people who can sign in otherwise, there are these two reasons."""
    listed = [row[0] for row in rows(section(PAGE, "## 5. Make it the only way"))]
    assert listed == [LOCKOUT_WORDS[reason] for reason in (LockoutReason.NOT_BOUND, LockoutReason.NOT_SET_UP)]
