"""The secret: where it comes from, that it is made once, and that each purpose has keys of its own."""

import asyncio
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from secrets import token_bytes

import pytest

from musterbook.secret import Purpose, Secret, SecretError, read, read_or_make, secret_file
from musterbook.settings import Settings, SettingsError
from musterbook.web import Application
from musterbook.wiring import create_app
from tests.postgres import SECRET_KEY


def made_in(file: Path) -> Secret:
    """Return the secret, made where there is none."""
    return read_or_make(file, token_bytes)


def test_it_is_made_once(tmp_path: Path) -> None:
    """The file is made where there is none, for its owner alone, and read where there is one."""
    file = tmp_path / "musterbook.secret"
    first = made_in(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made_in(file) == first == read(file)
    assert [len(value) for value in first.values] == [43]
    assert list(tmp_path.iterdir()) == [file]


def test_of_several_one_makes_it(tmp_path: Path) -> None:
    """Those that start together end with the same secret, and leave nothing beside it."""
    file = tmp_path / "musterbook.secret"
    with ThreadPoolExecutor(8) as pool:  # They share nothing but the folder, as processes do.
        assert len({made.values for made in pool.map(made_in, [file] * 32)}) == 1
    assert list(tmp_path.iterdir()) == [file]


def test_whoever_comes_second_takes_what_is_there(tmp_path: Path) -> None:
    """A secret that appears between looking and making is the secret: it is not replaced."""
    file = tmp_path / "musterbook.secret"

    def bytes_after_another(count: int) -> bytes:
        if not file.exists():
            file.write_text(SECRET_KEY)
        return token_bytes(count)

    assert read_or_make(file, bytes_after_another) == Secret((SECRET_KEY,))
    assert list(tmp_path.iterdir()) == [file]


def test_it_stays_when_the_database_is_moved_away() -> None:
    """The file's name does not begin with the database's: who moves ``musterbook.db*`` away leaves it where it is."""
    assert secret_file(Path("data") / "musterbook.db") == Path("data") / "musterbook.secret"


def test_a_file_may_hold_several(tmp_path: Path) -> None:
    """One word is one secret, the newest first, as in the variable."""
    file = tmp_path / "musterbook.secret"
    file.write_text(f"{'n' * 32}\n{'o' * 32}\n")
    assert read(file) == Secret(("n" * 32, "o" * 32))


@pytest.mark.parametrize("content", [b"", b" \n", b"x" * 31, b"\xff" * 40, b"SQLite format 3\0" * 10])
def test_a_file_without_a_secret(tmp_path: Path, content: bytes) -> None:
    """What holds no secret is refused and never replaced: what hangs on the one that was there would be lost."""
    file = tmp_path / "musterbook.secret"
    file.write_bytes(content)
    with pytest.raises(SecretError) as caught:
        made_in(file)
    assert str(caught.value) == f"{file} holds no secret key. Put back the one from your backup."
    assert file.read_bytes() == content


def test_a_place_where_none_can_be_made(tmp_path: Path) -> None:
    """Where the file cannot be made, the error names it and says what to do."""
    file = tmp_path / "nowhere" / "musterbook.secret"
    with pytest.raises(SecretError) as caught:
        made_in(file)
    assert str(caught.value) == (
        f"The secret key {file} cannot be made: No such file or directory. Make the folder writable, or give "
        "MUSTERBOOK_SECRET_KEY."
    )


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """What stands at the file's place and cannot be read is an error, not an absent secret."""
    with pytest.raises(SecretError) as caught:
        read_or_make(tmp_path, token_bytes)
    assert str(caught.value) == f"The secret key {tmp_path} cannot be read: Is a directory."


def test_every_purpose_has_a_key_of_its_own() -> None:
    """Keys are HKDF-SHA256 of the secret for the purpose; several secrets give several keys in their order."""
    # From OpenSSL: openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt key:nnn… -kdfopt info:"musterbook cursor" HKDF
    newer = bytes.fromhex("600a84bd77cf0249e1b52e6a104514ecbec2dc7151546bc03285541c122eb39e")
    (first, second) = Secret(("n" * 32, "o" * 32)).keys(Purpose.CURSOR)
    assert first == newer
    assert Secret(("o" * 32,)).keys(Purpose.CURSOR) == (second,)
    assert first != second


def test_it_is_never_shown() -> None:
    """What prints a secret or the settings does not print the secret."""
    assert "n" * 32 not in repr(Secret(("n" * 32,))) + repr(Settings(secret_keys=("n" * 32,)))


def test_a_product_over_postgresql_needs_one_too() -> None:
    """``create_app`` refuses PostgreSQL without a secret at once; ``serve`` does so by the same words."""
    with pytest.raises(SettingsError, match="With PostgreSQL a secret key is needed"):
        create_app(Settings(database_url="postgresql://127.0.0.1:1/x"))


async def open_and_close(application: Application) -> None:
    """Do what a host does when it starts and ends."""
    async with application.lifespan():
        pass


def test_a_product_over_sqlite_gets_one(tmp_path: Path) -> None:
    """A mounted application makes the file when it opens the database, and none where the secret is given."""
    given, made = (f"sqlite:///{tmp_path / name}.db" for name in ("given", "made"))
    for settings in (Settings(database_url=given, secret_keys=(SECRET_KEY,)), Settings(database_url=made)):
        asyncio.run(open_and_close(create_app(settings)))
    assert [file.name for file in tmp_path.glob("*.secret")] == ["made.secret"]
