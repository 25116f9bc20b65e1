"""What the pages have a reader type prints what the pages say."""

from pathlib import Path
from urllib.parse import urlsplit

from tests.documentation.session import DOCS, Typed, play, read_commands
from tests.journeys.serving import Client, Server, run_command, serving

DATABASE = "sqlite:///musterbook.db"


def check_page(name: str, folder: Path, address: str) -> None:
    """Play a page; compare what it prints with what it says, command by command."""
    typed = [item for item in read_commands(DOCS / name) if item.command != "musterbook serve"]
    assert len(typed) > 0
    printed = play([item.command for item in typed], folder, address)
    assert [Typed(item.command, text) for item, text in zip(typed, printed, strict=True)] == typed


def test_the_tutorial(tmp_path: Path) -> None:
    """A reader of the tutorial sees what it shows, from the first command to the last."""
    first = next(read_commands(DOCS / "tutorial" / "first-tenant.md"))
    scim_base_url = "http://127.0.0.1:8000/scim/v2"
    says = f"Musterbook listens on http://127.0.0.1:8000. SCIM base URL: {scim_base_url}"
    assert first == Typed("musterbook serve", says)
    with serving(DATABASE, tmp_path) as server:
        check_page("tutorial/first-tenant.md", tmp_path, urlsplit(server.address).netloc)


def make_tenant(folder: Path) -> str:
    """Make the tenant that the how-to pages speak of, with a key; return the key."""
    run_command("tenant", "create", "acme", "--name", "Acme", "--admin-email", "ada@acme.example", folder=folder)
    return run_command("key", "create", "acme", "--idp", "onelogin", "--label", "OneLogin", folder=folder).strip()


def test_back_up_and_restore(tmp_path: Path) -> None:
    """A copy is made and put in the place of the database, and holds what was there."""
    make_tenant(tmp_path)
    check_page("how-to/back-up-and-restore.md", tmp_path, "127.0.0.1:8000")


def test_rotate_a_key(tmp_path: Path) -> None:
    """The next key is made and used before the former one is revoked, which then opens nothing."""
    create, list_, revoke = read_commands(DOCS / "how-to" / "rotate-a-key.md")
    with serving(DATABASE, tmp_path) as server:
        former = make_tenant(tmp_path)
        assert play([create.command], tmp_path) == [create.prints]
        latter = (tmp_path / "key.txt").read_text().strip()
        assert [_status(server, key) for key in (former, latter)] == [200, 200]
        assert play([list_.command], tmp_path) == [list_.prints]
        former_id = run_command("key", "list", "acme", folder=tmp_path).splitlines()[1].split()[0]
        documented_id = revoke.command.split()[-1]
        assert play([revoke.command.replace(documented_id, former_id)], tmp_path) == [revoke.prints]
        assert [_status(server, key) for key in (former, latter)] == [401, 200]


def _status(server: Server, key: str) -> int:
    with Client(server.address, key) as client:
        return client.request("GET", "/Users")[0]
