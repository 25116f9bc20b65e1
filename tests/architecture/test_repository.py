"""What the repository as a whole must not hold, and the form of its fragments and decision records."""

import re
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.architecture.tree import ROOT, name, text_files

# Spelled with a class so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.)}>:])/(?:hom[e]|roo[t]|tm[p]|wor[k])/\w")
FRAGMENT = re.compile(r"[a-z0-9-]+\.(added|changed|fixed|removed|security)\.md")
RECORD = re.compile(r"(?P<number>\d{4})-[a-z0-9-]+\.md")
RECORD_SECTIONS = ["Context", "Decision", "Consequences", "Alternatives"]

records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def test_no_file_names_a_folder_of_a_machine() -> None:
    """A path of the machine that something was written on means nothing on another."""
    found = [
        f"{name(path)}:{number}: {line.strip()}"
        for path in text_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


def test_the_lock_names_one_public_registry() -> None:
    """Everything that is installed comes from the public registry, and from the versions and hashes of the lock."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    packages = [package for package in lock["package"] if package["name"] != "musterbook"]
    sources = {package["source"].get("registry", "none") for package in packages}
    assert len(sources) == 1
    assert sources.pop().startswith("https://")
    files = [
        file for package in packages for file in [*package.get("wheels", []), *filter(None, [package.get("sdist")])]
    ]
    assert len({urlsplit(file["url"]).netloc for file in files}) == 1
    assert [file["url"] for file in files if not file["url"].startswith("https://") or "hash" not in file] == []


def test_a_change_fragment_says_its_kind() -> None:
    """A fragment is called ``<slug>.<added|changed|fixed|removed|security>.md`` and holds text."""
    fragments = [path for path in (ROOT / "changes").iterdir() if path.name != "README.md"]
    assert [path.name for path in fragments if not FRAGMENT.fullmatch(path.name) or not path.read_text().strip()] == []


def test_decision_records_are_numbered_without_a_gap() -> None:
    """A record is found by its number, and no number is used twice."""
    assert [path.name[:4] for path in records] == [f"{number:04}" for number in range(len(records))]


@pytest.mark.parametrize("path", records, ids=name)
def test_a_decision_record_has_its_sections(path: Path) -> None:
    """A record gives the context, the decision, its consequences and the alternatives, in this order."""
    headings = re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert RECORD.fullmatch(path.name)
    assert headings == RECORD_SECTIONS
