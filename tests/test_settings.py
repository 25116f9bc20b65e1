"""Settings: where they come from, what each takes, and how what cannot be used is refused."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterbook.settings import (
    Settings,
    SettingsError,
    SettingValue,
    load_settings,
    make_settings,
    unknown_variables,
    variable_name,
)

NOWHERE = Path("there is no such file")
NEWER, OLDER = "newer" * 8, "older" * 8

EVERY_VARIABLE = {
    "MUSTERBOOK_DATABASE_URL": "postgresql://db/musterbook",
    "MUSTERBOOK_BASE_URL": "https://directory.example.com/",
    "MUSTERBOOK_HOST": "0.0.0.0",  # noqa: S104 it is read, not listened on
    "MUSTERBOOK_PORT": "9000",
    "MUSTERBOOK_WORKERS": "4",
    "MUSTERBOOK_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1 2001:db8::/32",
    "MUSTERBOOK_REQUESTS_PER_SECOND": "50",
    "MUSTERBOOK_METRICS_TOKEN": "m",
    "MUSTERBOOK_SECRET_KEY": f"{NEWER} {OLDER}",
    "MUSTERBOOK_DEFINITIONS": "badge.json, /etc/musterbook/staff.json",
    "MUSTERBOOK_OUTBOUND_NETWORKS": "10.20.0.0/16 fd00::/8",
    "MUSTERBOOK_GOOGLE_CLIENT_ID": "1234.apps.googleusercontent.com",
    "MUSTERBOOK_GOOGLE_CLIENT_SECRET": "GOCSPX-secret",
    "MUSTERBOOK_GOOGLE_DISCOVERY_URL": "https://google.example/.well-known/openid-configuration",
    "MUSTERBOOK_SMTP_URL": "smtp://ada:secret@mail.example:587",
    "MUSTERBOOK_MAIL_FROM": "directory@example.com",
}
EVERY_SETTING = Settings(
    database_url="postgresql://db/musterbook",
    base_url="https://directory.example.com",
    host="0.0.0.0",  # noqa: S104 it is read, not listened on
    port=9000,
    workers=4,
    trusted_proxies=("10.0.0.0/8", "192.0.2.1", "2001:db8::/32"),
    requests_per_second=50,
    metrics_token="m",
    secret_keys=(NEWER, OLDER),
    definitions=("badge.json", "/etc/musterbook/staff.json"),
    outbound_networks=("10.20.0.0/16", "fd00::/8"),
    google_client_id="1234.apps.googleusercontent.com",
    google_client_secret="GOCSPX-secret",
    google_discovery_url="https://google.example/.well-known/openid-configuration",
    smtp_url="smtp://ada:secret@mail.example:587",
    mail_from="directory@example.com",
)


def test_defaults() -> None:
    """Where nothing is given, one process serves a file on this machine's loopback."""
    assert load_settings({}, {}, NOWHERE) == Settings(
        database_url="sqlite:///musterbook.db",
        base_url="http://127.0.0.1:8000",
        host="127.0.0.1",
        port=8000,
        workers=1,
        trusted_proxies=(),
        requests_per_second=None,
        metrics_token=None,
        secret_keys=(),
        definitions=(),
        outbound_networks=(),
        google_client_id=None,
        google_client_secret=None,
        google_discovery_url="https://accounts.google.com/.well-known/openid-configuration",
        smtp_url=None,
        mail_from=None,
    )


def test_every_setting_has_a_variable() -> None:
    """Each setting is read from its variable; one variable holds several secret keys."""
    assert sorted(EVERY_VARIABLE) == sorted(variable_name(field.name) for field in fields(Settings))
    assert load_settings({}, EVERY_VARIABLE, NOWHERE) == EVERY_SETTING


def test_every_setting_can_stand_in_the_file(tmp_path: Path) -> None:
    """The file has each setting by its name, numbers as numbers and lists as lists."""
    file = tmp_path / "musterbook.toml"
    file.write_text(
        'database_url = "postgresql://db/musterbook"\nbase_url = "https://directory.example.com"\nhost = "0.0.0.0"\n'
        'port = 9000\nworkers = 4\ntrusted_proxies = ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]\n'
        f'requests_per_second = 50\nmetrics_token = "m"\nsecret_keys = ["{NEWER}", "{OLDER}"]\n'
        'definitions = ["badge.json", "/etc/musterbook/staff.json"]\n'
        'outbound_networks = ["10.20.0.0/16", "fd00::/8"]\n'
        'google_client_id = "1234.apps.googleusercontent.com"\ngoogle_client_secret = "GOCSPX-secret"\n'
        'google_discovery_url = "https://google.example/.well-known/openid-configuration"\n'
        'smtp_url = "smtp://ada:secret@mail.example:587"\nmail_from = "directory@example.com"\n'
    )
    assert load_settings({}, {}, file) == EVERY_SETTING


def test_a_path_in_the_file_may_hold_spaces(tmp_path: Path) -> None:
    """In a list every text is one path; one text holds several, as a variable does."""
    file = tmp_path / "musterbook.toml"
    file.write_text('definitions = ["my badge, new.json", "staff.json"]\n')
    assert load_settings({}, {}, file).definitions == ("my badge, new.json", "staff.json")
    file.write_text('definitions = "badge.json staff.json"\n')
    assert load_settings({}, {}, file).definitions == ("badge.json", "staff.json")


def test_flags_come_before_variables_before_the_file(tmp_path: Path) -> None:
    """A flag wins over a variable, a variable over the file, the file over the default; an absent flag wins nothing."""
    file = tmp_path / "musterbook.toml"
    file.write_text('host = "192.0.2.3"\nport = 3\nworkers = 3\n')
    variables = {"MUSTERBOOK_PORT": "2", "MUSTERBOOK_WORKERS": "2"}
    settings = load_settings({"workers": 1, "port": None, "base_url": None}, variables, file)
    assert settings == Settings(host="192.0.2.3", port=2, workers=1)


def test_a_secret_is_read_from_a_file(tmp_path: Path) -> None:
    """MUSTERBOOK_X_FILE names a file with the value, without the line's end; it is refused beside MUSTERBOOK_X."""
    file = tmp_path / "token"
    file.write_text("m\n")
    variables = {"MUSTERBOOK_METRICS_TOKEN_FILE": str(file)}
    assert load_settings({}, variables, NOWHERE).metrics_token == "m"
    message = "MUSTERBOOK_METRICS_TOKEN and MUSTERBOOK_METRICS_TOKEN_FILE are both given. Give one of them."
    with pytest.raises(SettingsError) as caught:
        load_settings({}, {**variables, "MUSTERBOOK_METRICS_TOKEN": "n"}, NOWHERE)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "content, problem",
    [(None, "cannot be read: No such file or directory."), (b"\xff", "is not text in UTF-8.")],
)
def test_a_secret_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, problem: str) -> None:
    """A named file that is missing or no text is an error, never an absent secret."""
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load_settings({}, {"MUSTERBOOK_METRICS_TOKEN_FILE": str(file)}, NOWHERE)
    assert str(caught.value) == f"The file that MUSTERBOOK_METRICS_TOKEN_FILE names {problem}"


@pytest.mark.parametrize(
    "content, problem",
    [
        (b"port = ", " is not TOML: "),
        (b"\xff", " is not TOML: "),
        (
            b"prot = 1",
            "There is no setting 'prot'. Settings are: base_url, database_url, definitions, google_client_id, ",
        ),
        (b"[server]\nport = 1", "The setting 'server' in "),
        (b"port = 1.5", "The setting 'port' in "),
    ],
)
def test_a_file_of_settings_that_cannot_be_used(tmp_path: Path, content: bytes, problem: str) -> None:
    """A file that is no TOML, or holds what is no setting, is refused whole."""
    file = tmp_path / "musterbook.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load_settings({}, {}, file)
    assert problem in str(caught.value)


def test_a_file_of_settings_that_cannot_be_read(tmp_path: Path) -> None:
    """What stands at the file's place and cannot be read is an error, not an absent file."""
    with pytest.raises(SettingsError) as caught:
        load_settings({}, {}, tmp_path)
    assert str(caught.value) == f"{tmp_path} cannot be read: Is a directory."


BASE_URL = (
    "The setting base_url looks like https://directory.example.com or https://example.com/prefix, without a query."
)


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("base_url", "directory.example.com", BASE_URL),
        ("base_url", "https://example.com?x=1", BASE_URL),
        ("base_url", "https://example.com/a b", BASE_URL),
        ("base_url", 'https://example.com/"', BASE_URL),
        ("base_url", "https://ada:secret@example.com", BASE_URL),
        ("base_url", "", BASE_URL),
        ("database_url", "", ("The setting database_url begins with sqlite:/// (and a fourth slash before an absolute "
         "path) or with postgresql://.")),
        ("host", " ", "The setting host is an address or a name to listen on, such as 127.0.0.1."),
        ("port", "-1", "The setting port is a number from 0 to 65535."),
        ("port", 65536, "The setting port is a number from 0 to 65535."),
        ("port", "http", "The setting port is a number from 0 to 65535."),
        ("workers", 0, "The setting workers is a number from 1 to 64."),
        ("workers", 65, "The setting workers is a number from 1 to 64."),
        ("requests_per_second", 0, "The setting requests_per_second is a number from 1 to 100000."),
        ("requests_per_second", "many", "The setting requests_per_second is a number from 1 to 100000."),
        ("requests_per_second", 100_001, "The setting requests_per_second is a number from 1 to 100000."),
        ("secret_keys", f"{NEWER} {'x' * 31}", ("The setting secret_keys holds secrets of at least 32 ASCII "
         "characters, such as `openssl rand -base64 32` prints.")),
        ("trusted_proxies", "10.0.0.1/8", ("The setting trusted_proxies holds networks such as 10.0.0.0/8: "
         "10.0.0.1/8 has host bits set.")),
        ("trusted_proxies", ("*",), ("The setting trusted_proxies holds networks such as 10.0.0.0/8: "
         "'*' does not appear to be an IPv4 or IPv6 network.")),
        ("outbound_networks", "10.0.0.0/33", ("The setting outbound_networks holds networks such as 10.0.0.0/8: "
         "'10.0.0.0/33' does not appear to be an IPv4 or IPv6 network.")),
        ("google_client_id", "1234", ("The settings google_client_id and google_client_secret are given together, or "
         "neither is.")),
        ("google_client_secret", "s", ("The settings google_client_id and google_client_secret are given together, or "
         "neither is.")),
        ("google_discovery_url", "https://accounts.google.com", ("The setting google_discovery_url is a web address "
         "that ends in /.well-known/openid-configuration.")),
        ("smtp_url", "smtp://mail.example", "The settings smtp_url and mail_from are given together, or neither is."),
        ("mail_from", "d@example.com", "The settings smtp_url and mail_from are given together, or neither is."),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used(name: str, value: SettingValue, message: str) -> None:
    """Each bad value is refused in one sentence that names the setting and says what it takes."""
    with pytest.raises(SettingsError) as caught:
        make_settings({name: value})
    assert str(caught.value) == message


@given(st.sampled_from([field.name for field in fields(Settings)]), st.text())
def test_no_text_is_worse_than_refused(name: str, value: str) -> None:
    """Any text is a value of the setting or is refused by name; nothing else is raised."""
    refused: SettingsError | None = None
    read: SettingValue = value
    try:
        read = getattr(make_settings({name: value}), name)
    except SettingsError as error:
        refused = error
    # What was read is read the same again; what was refused was refused by its name.
    assert name in str(refused) if refused else getattr(make_settings({name: read}), name) == read


def test_unknown_variables() -> None:
    """Only MUSTERBOOK_ variables that nothing reads are unknown; each setting may also come from a file."""
    known = dict.fromkeys(EVERY_VARIABLE, "") | {f"{name}_FILE": "" for name in EVERY_VARIABLE}
    assert unknown_variables({**known, "HOME": "/", "MUSTERBOOK_PROT": "1", "MUSTERBOOK_": ""}) == [
        "MUSTERBOOK_",
        "MUSTERBOOK_PROT",
    ]


def test_a_base_url_ends_without_a_slash_whoever_gives_it() -> None:
    """A product that writes ``Settings`` itself gets the same address as one that sets a variable."""
    assert Settings(base_url="https://example.com/directory/").base_url == "https://example.com/directory"


@pytest.mark.parametrize(
    "settings",
    [
        lambda: Settings(base_url='https://example.com/"'),
        lambda: Settings(database_url="mysql://db"),
        lambda: Settings(host=""),
        lambda: Settings(port=65536),
        lambda: Settings(workers=0),
        lambda: Settings(trusted_proxies=("*",)),
        lambda: Settings(requests_per_second=0),
        lambda: Settings(secret_keys=("secret",)),
        lambda: Settings(outbound_networks=("*",)),
        lambda: Settings(google_discovery_url="file:///.well-known/openid-configuration"),
        lambda: Settings(smtp_url="http://mail.example", mail_from="d@example.com"),
        lambda: Settings(smtp_url="smtp://mail.example/path", mail_from="d@example.com"),
        lambda: Settings(smtp_url="smtp://mail.example:65536", mail_from="d@example.com"),
        lambda: Settings(smtp_url="smtp://mail.example", mail_from="Directory <d@example.com>\r\nBcc: e@example.com"),
    ],
)
def test_settings_that_a_product_writes_itself_are_checked(settings: Callable[[], Settings]) -> None:
    """What is spliced into every answer and decides whom to trust is never taken unread, also in code."""
    with pytest.raises(SettingsError, match="The setting "):
        settings()
