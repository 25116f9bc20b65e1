"""Files that define schemas and resource types: how they are read, and that all that is wrong is said at once."""

import json
from pathlib import Path

import pytest

from musterbook.definition_files import MAX_FILE_BYTES, read_definitions
from musterbook.directory.own_types import OWN_TYPES
from musterbook.scim import Json
from musterbook.scim.definitions import NO_DEFINITIONS
from musterbook.settings import Settings, SettingsError
from musterbook.wiring import create_app, definitions_of

SCHEMA: Json = {"id": "urn:example:schemas:Badge", "attributes": [{"name": "number", "type": "string"}]}
TYPE: Json = {"name": "Badge", "endpoint": "/Badges", "schema": "urn:example:schemas:Badge"}


def write(folder: Path, name: str, document: Json) -> str:
    """Write a file and return its path."""
    path = folder / name
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def problems(*paths: str) -> list[str]:
    """Return what is wrong with these files."""
    with pytest.raises(SettingsError) as caught:
        read_definitions(paths)
    first, *rest = str(caught.value).splitlines()
    assert first == "The setting definitions cannot be used:"
    return rest


def test_no_files_define_nothing() -> None:
    """Without the setting, what is built in is served as it is."""
    assert read_definitions(()) == NO_DEFINITIONS


def test_files_define_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A type may stand in another file than its schema; relative paths begin at the working folder."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "my badge.json", TYPE)
    definitions = read_definitions(("my badge.json", write(tmp_path, "schema.json", SCHEMA)))
    assert [item.name for item in definitions.added_types] == ["Badge"]


def test_everything_wrong_with_all_files_is_said_at_once(tmp_path: Path) -> None:
    """Each problem names its file: one that is away, one that is none, one too large, one that defines wrongly."""
    away = str(tmp_path / "away.json")
    large = tmp_path / "large.json"
    large.write_bytes(b" " * (MAX_FILE_BYTES + 1))
    wrong = write(tmp_path, "wrong.json", {**SCHEMA, "id": 7})
    assert problems(away, str(tmp_path), "\0", str(large), wrong) == [
        f"{away} cannot be read: No such file or directory.",
        f"{tmp_path} cannot be read: Is a directory.",
        "'\\x00' is no path: embedded null byte.",
        f"{large} has more than {MAX_FILE_BYTES} bytes.",
        f'{wrong}: the "id" of a schema is a URN, such as "urn:example:schemas:Badge".',
    ]


def test_a_file_as_large_as_it_may_be_is_read(tmp_path: Path) -> None:
    """The bound is the largest size that is taken."""
    file = tmp_path / "large.json"
    file.write_bytes(json.dumps([SCHEMA, TYPE]).encode().ljust(MAX_FILE_BYTES))
    assert [item.name for item in read_definitions((str(file),)).added_types] == ["Badge"]


@pytest.mark.parametrize("name", [*sorted(OWN_TYPES), "breakglassaccount", "everyone", "Schema", "ResourceType"])
def test_a_name_that_is_kept_for_others_is_refused(tmp_path: Path, name: str) -> None:
    """Nobody defines the types of what no client may reach, nor those of discovery."""
    path = write(tmp_path, "badge.json", [{**SCHEMA}, {**TYPE, "name": name}])
    with pytest.raises(SettingsError) as caught:
        definitions_of(Settings(definitions=(path,)))
    assert f"{path}: resource type {name}: the name is taken." in str(caught.value).splitlines()


def test_a_product_is_told_when_it_mounts(tmp_path: Path) -> None:
    """``create_app`` refuses definitions that cannot be served, before anything is opened."""
    database = tmp_path / "directory.db"
    with pytest.raises(SettingsError, match=r"away\.json cannot be read"):
        create_app(Settings(database_url=f"sqlite:///{database}", definitions=("away.json",)))
    assert not database.exists()
