"""*Settings.* Decides what can be configured, with type, default and meaning.

Values come from flags, then ``MUSTERBOOK_*`` variables, then ``musterbook.toml``, and are read once. Few settings, one
correct path: security is not among them.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

SettingValue: TypeAlias = str | int | tuple[str, ...] | None

SETTINGS_FILE = "musterbook.toml"
_VARIABLE_PREFIX = "MUSTERBOOK_"
_SQLITE = "sqlite:///"
_BASE_URL = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?:/[A-Za-z0-9._~\-]+)*\Z")
"""What is spliced into every answer: a scheme, a host and a plain path, nothing that would need escaping."""
_MAX_PORT = 65535
_MAX_WORKERS = 64
_MAX_REQUESTS_PER_SECOND = 100_000
"""More than a process can answer."""
_WELL_KNOWN = "/.well-known/openid-configuration"
MIN_SECRET_CHARACTERS = 32
"""What ``openssl rand -base64 32`` gives is longer; a word that somebody thought of is shorter."""


class SettingsError(Exception):
    """A setting has a value that cannot be used; the message names the setting and says what it takes."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be configured."""

    database_url: str = "sqlite:///musterbook.db"
    """``sqlite:///relative.db``, ``sqlite:////absolute.db`` or ``postgresql://…``."""
    base_url: str = "http://127.0.0.1:8000"
    """The address at which clients reach the server, with the prefix it is mounted under; no trailing slash."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = 8000
    """The port to listen on; 0 takes any free one."""
    workers: int = 1
    """How many processes serve. More than one needs PostgreSQL."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks (CIDR) whose ``X-Forwarded-*`` headers are believed."""
    requests_per_second: int | None = None
    """How many requests each key may send in a second, as each process counts them; none: any number."""
    metrics_token: str | None = None
    """Who presents it as a bearer token may read ``/metrics``; without it only loopback may."""
    secret_keys: tuple[str, ...] = field(default=(), repr=False)
    """Newest first: the first signs, all verify. Needed with PostgreSQL; beside SQLite, a file holds one."""
    definitions: tuple[str, ...] = ()
    """JSON files that define schemas and resource types; relative paths begin at the working folder."""
    outbound_networks: tuple[str, ...] = ()
    """Networks (CIDR) besides the public one that may be asked for what an administrator gives the address of."""
    google_client_id: str | None = None
    """This server as it is registered in Google's console, for signing in with Google; without it there is none."""
    google_client_secret: str | None = field(default=None, repr=False)
    """The secret that belongs to ``google_client_id``."""
    google_discovery_url: str = "https://accounts.google.com/.well-known/openid-configuration"
    """Where Google says how it is asked. Another one is for tests and demonstrations."""
    smtp_url: str | None = field(default=None, repr=False)
    """The mail server: ``smtp://user:password@host:587`` (STARTTLS) or ``smtps://…:465``; none: no letter is sent."""
    mail_from: str | None = None
    """The address that letters come from."""

    def __post_init__(self) -> None:
        """Check every value, also of a product that writes its settings in code.

        Raises:
            SettingsError: a value cannot be used.
        """
        _check_database_url(self.database_url)
        object.__setattr__(self, "base_url", _base_url(self.base_url))
        _check_host(self.host)
        _integer("port", self.port, 0, _MAX_PORT)
        _integer("workers", self.workers, 1, _MAX_WORKERS)
        _check_networks("trusted_proxies", self.trusted_proxies)
        _check_networks("outbound_networks", self.outbound_networks)
        if self.requests_per_second is not None:
            _integer("requests_per_second", self.requests_per_second, 1, _MAX_REQUESTS_PER_SECOND)
        _check_secrets(self.secret_keys)
        _check_google(self.google_client_id, self.google_client_secret, self.google_discovery_url)
        _check_mail(self.smtp_url, self.mail_from)


def gather_values(
    flags: Mapping[str, SettingValue], environment: Mapping[str, str], file: Path
) -> dict[str, SettingValue]:
    """Return the values that were given for settings by name: flags first, then variables, then the file.

    A variable ``MUSTERBOOK_X_FILE`` names a file that holds the value of ``x``, for secrets.

    Raises:
        SettingsError: a file cannot be read or is not TOML, or a variable and its ``_FILE`` are both given.
    """
    values = _read_file(file)
    for name in (item.name for item in fields(Settings)):
        variable = variable_name(name)
        in_file = f"{variable}_FILE"
        if variable in environment and in_file in environment:
            # Which of the two somebody meant cannot be known, and for a secret it matters.
            raise SettingsError(f"{variable} and {in_file} are both given. Give one of them.")
        if variable in environment:
            values[name] = environment[variable]
        elif in_file in environment:
            values[name] = _read_value(Path(environment[in_file]), in_file)
    values.update({name: value for name, value in flags.items() if value is not None})
    return values


def make_settings(values: Mapping[str, SettingValue]) -> Settings:
    """Return settings from values by name; text is read as the setting's type.

    Raises:
        SettingsError: a value cannot be used.
    """
    known = {item.name for item in fields(Settings)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise SettingsError(f"There is no setting {unknown[0]!r}. Settings are: {', '.join(sorted(known))}.")
    default = Settings()
    return Settings(
        database_url=str(values.get("database_url", default.database_url)),
        base_url=str(values.get("base_url", default.base_url)),
        host=str(values.get("host", default.host)),
        port=_integer("port", values.get("port", default.port), 0, _MAX_PORT),
        workers=_integer("workers", values.get("workers", default.workers), 1, _MAX_WORKERS),
        trusted_proxies=_texts(values.get("trusted_proxies")),
        requests_per_second=_optional_integer("requests_per_second", values, 1, _MAX_REQUESTS_PER_SECOND),
        metrics_token=_optional_text("metrics_token", values),
        secret_keys=_texts(values.get("secret_keys")),
        definitions=_paths(values.get("definitions")),
        outbound_networks=_texts(values.get("outbound_networks")),
        google_client_id=_optional_text("google_client_id", values),
        google_client_secret=_optional_text("google_client_secret", values),
        google_discovery_url=str(values.get("google_discovery_url", default.google_discovery_url)),
        smtp_url=_optional_text("smtp_url", values),
        mail_from=_optional_text("mail_from", values),
    )


def load_settings(
    flags: Mapping[str, SettingValue], environment: Mapping[str, str], file: Path = Path(SETTINGS_FILE)
) -> Settings:
    """Return the settings from all three places.

    Raises:
        SettingsError: a value cannot be used.
    """
    return make_settings(gather_values(flags, environment, file))


def check_secret_is_given(settings: Settings) -> None:
    """Check that a server with these settings has a secret, or can make one beside its database.

    Raises:
        SettingsError: PostgreSQL, where every process and machine must have the same one, and none is given.
    """
    if not settings.secret_keys and not settings.database_url.startswith(_SQLITE):
        raise SettingsError(
            "With PostgreSQL a secret key is needed, the same for every process: set MUSTERBOOK_SECRET_KEY (or the "
            "setting secret_keys) to what `openssl rand -base64 32` prints, and keep it."
        )


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Return the ``MUSTERBOOK_`` variables that nothing reads: misspelt, most likely."""
    known = {variable_name(item.name) for item in fields(Settings)}
    known |= {f"{name}_FILE" for name in known}
    return sorted(name for name in environment if name.startswith(_VARIABLE_PREFIX) and name not in known)


def variable_name(name: str) -> str:
    """Return the variable that holds the setting ``name``."""
    # One variable holds one secret, or several for rotation, newest first.
    return _VARIABLE_PREFIX + ("SECRET_KEY" if name == "secret_keys" else name.upper())


def _read_file(file: Path) -> dict[str, SettingValue]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not TOML: {error}.") from error
    values: dict[str, SettingValue] = {}
    for name, value in document.items():
        if isinstance(value, list):
            values[name] = tuple(str(item) for item in value)
        elif isinstance(value, str | int):
            values[name] = value
        else:
            raise SettingsError(f"The setting {name!r} in {file} is text, a number or a list of texts.")
    return values


def _read_value(file: Path, variable: str) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"The file that {variable} names cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"The file that {variable} names is not text in UTF-8.") from error


def _check_database_url(url: str) -> None:
    if not url.startswith((_SQLITE, "postgresql://", "postgres://")):
        raise SettingsError(
            "The setting database_url begins with sqlite:/// (and a fourth slash before an absolute path) or with "
            "postgresql://."
        )


def _base_url(url: str) -> str:
    stripped = url.rstrip("/")
    if not _BASE_URL.match(stripped):
        raise SettingsError(
            "The setting base_url looks like https://directory.example.com or https://example.com/prefix, "
            "without a query."
        )
    return stripped


def _check_host(host: str) -> None:
    # The system takes an empty host for every address of the machine, which nobody means who leaves it empty.
    if not host.strip():
        raise SettingsError("The setting host is an address or a name to listen on, such as 127.0.0.1.")


def _integer(name: str, value: SettingValue, low: int, high: int) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise SettingsError(f"The setting {name} is a number from {low} to {high}.")
    return number


def _optional_integer(name: str, values: Mapping[str, SettingValue], low: int, high: int) -> int | None:
    value = values.get(name)
    # An empty variable is how a container platform leaves a setting out.
    return None if value is None or value == "" else _integer(name, value, low, high)


def _optional_text(name: str, values: Mapping[str, SettingValue]) -> str | None:
    return str(values[name]) if values.get(name) else None


def _texts(value: SettingValue) -> tuple[str, ...]:
    parts = value if isinstance(value, tuple) else () if value is None else (str(value),)
    return tuple(text for part in parts for text in part.replace(",", " ").split())


def _paths(value: SettingValue) -> tuple[str, ...]:
    # In a list each text is a path, which may hold spaces; one text holds several, as for other settings.
    return value if isinstance(value, tuple) else _texts(value)


def _check_secrets(texts: tuple[str, ...]) -> None:
    if any(len(text) < MIN_SECRET_CHARACTERS or not text.isascii() for text in texts):
        raise SettingsError(
            f"The setting secret_keys holds secrets of at least {MIN_SECRET_CHARACTERS} ASCII characters, such as "
            "`openssl rand -base64 32` prints."
        )


def _check_google(client_id: str | None, client_secret: str | None, discovery_url: str) -> None:
    if (client_id is None) != (client_secret is None):
        raise SettingsError("The settings google_client_id and google_client_secret are given together, or neither is.")
    if not discovery_url.startswith(("https://", "http://")) or not discovery_url.endswith(_WELL_KNOWN):
        raise SettingsError(f"The setting google_discovery_url is a web address that ends in {_WELL_KNOWN}.")


def _check_mail(url: str | None, sender: str | None) -> None:
    if (url is None) != (sender is None):
        raise SettingsError("The settings smtp_url and mail_from are given together, or neither is.")
    if sender is not None and not _is_mail_address(sender):
        raise SettingsError("The setting mail_from is an address such as directory@example.com.")
    if url is not None and not _is_mail_server(url):
        # Not the value: it may hold a password.
        raise SettingsError("The setting smtp_url looks like smtp://user:password@mail.example.com:587, or smtps://….")


def _is_mail_address(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    is_plain = text.isascii() and text.isprintable() and not set(text) & set(' ,;<>"')
    return bool(local and domain) and is_plain


def _is_mail_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_address = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    beyond = parts.path.strip("/") or parts.query or parts.fragment
    return parts.scheme in {"smtp", "smtps"} and has_address and not beyond and url.isprintable()


def _check_networks(name: str, texts: tuple[str, ...]) -> None:
    for text in texts:
        try:
            ip_network(text)
        except ValueError as error:
            raise SettingsError(f"The setting {name} holds networks such as 10.0.0.0/8: {error}.") from error
