"""*Settings.* Decides what can be configured, with type, default and meaning.

Values come from flags, then ``MUSTERBOOK_*`` variables, then ``musterbook.toml``, and are read once. Few settings, one
correct path: security is not among them.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_network
from pathlib import Path
from typing import TypeAlias

SettingValue: TypeAlias = str | int | tuple[str, ...] | None

SETTINGS_FILE = "musterbook.toml"
_VARIABLE_PREFIX = "MUSTERBOOK_"
_BASE_URL = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?:/[A-Za-z0-9._~\-]+)*\Z")
"""What is spliced into every answer: a scheme, a host and a plain path, nothing that would need escaping."""
_MAX_PORT = 65535
_MAX_WORKERS = 64


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
    metrics_token: str | None = None
    """Who presents it as a bearer token may read ``/metrics``; without it only loopback may."""
    secret_keys: tuple[str, ...] = ()
    """Newest first; encrypts what cannot be hashed and signs links."""


def gather_values(
    flags: Mapping[str, SettingValue], environment: Mapping[str, str], file: Path
) -> dict[str, SettingValue]:
    """Return the values that were given for settings by name: flags first, then variables, then the file.

    A variable ``MUSTERBOOK_X_FILE`` names a file that holds the value of ``x``, for secrets.

    Raises:
        SettingsError: the file is not TOML, holds an unknown name, or a named file cannot be read.
    """
    values = _read_file(file)
    for field in fields(Settings):
        variable = _VARIABLE_PREFIX + _variable_name(field.name)
        if variable in environment:
            values[field.name] = environment[variable]
        elif f"{variable}_FILE" in environment:
            values[field.name] = _read_value(Path(environment[f"{variable}_FILE"]), variable)
    values.update({name: value for name, value in flags.items() if value is not None})
    return values


def make_settings(values: Mapping[str, SettingValue]) -> Settings:
    """Return settings from values by name; text is read as the setting's type.

    Raises:
        SettingsError: a value cannot be used.
    """
    known = {field.name for field in fields(Settings)}
    unknown = sorted(set(values) - known)
    if unknown:
        message = f"There is no setting '{unknown[0]}'. Settings are: {', '.join(sorted(known))}."
        raise SettingsError(message)
    default = Settings()
    return Settings(
        database_url=_database_url(str(values.get("database_url", default.database_url))),
        base_url=_base_url(str(values.get("base_url", default.base_url))),
        host=str(values.get("host", default.host)),
        port=_integer("port", values.get("port", default.port), 0, _MAX_PORT),
        workers=_integer("workers", values.get("workers", default.workers), 1, _MAX_WORKERS),
        trusted_proxies=_networks(_texts(values.get("trusted_proxies"))),
        metrics_token=None if not values.get("metrics_token") else str(values["metrics_token"]),
        secret_keys=_texts(values.get("secret_keys")),
    )


def load_settings(
    flags: Mapping[str, SettingValue], environment: Mapping[str, str], file: Path = Path(SETTINGS_FILE)
) -> Settings:
    """Return the settings from all three places.

    Raises:
        SettingsError: a value cannot be used.
    """
    return make_settings(gather_values(flags, environment, file))


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Return the ``MUSTERBOOK_`` variables that nothing reads: misspelt, most likely."""
    known = {_VARIABLE_PREFIX + _variable_name(field.name) for field in fields(Settings)}
    known |= {f"{name}_FILE" for name in known}
    return sorted(name for name in environment if name.startswith(_VARIABLE_PREFIX) and name not in known)


def _variable_name(name: str) -> str:
    # One variable holds one secret, or several for rotation, newest first.
    return "SECRET_KEY" if name == "secret_keys" else name.upper()


def _read_file(file: Path) -> dict[str, SettingValue]:
    if not file.is_file():
        return {}
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{file} is not TOML: {error}."
        raise SettingsError(message) from error
    return {name: tuple(value) if isinstance(value, list) else value for name, value in document.items()}


def _read_value(file: Path, variable: str) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        message = f"The file named by {variable}_FILE cannot be read: {error.strerror}."
        raise SettingsError(message) from error


def _database_url(url: str) -> str:
    if not url.startswith(("sqlite:///", "postgresql://", "postgres://")):
        message = "database_url starts with sqlite:/// (three slashes: relative, four: absolute) or postgresql://."
        raise SettingsError(message)
    return url


def _base_url(url: str) -> str:
    stripped = url.rstrip("/")
    if not _BASE_URL.match(stripped):
        message = "base_url looks like https://directory.example.com or https://example.com/prefix, without a query."
        raise SettingsError(message)
    return stripped


def _integer(name: str, value: SettingValue, low: int, high: int) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        message = f"{name} is a number from {low} to {high}."
        raise SettingsError(message)
    return number


def _texts(value: SettingValue) -> tuple[str, ...]:
    if value is None:
        return ()
    parts = value if isinstance(value, tuple) else str(value).replace(",", " ").split()
    return tuple(str(part) for part in parts)


def _networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        try:
            ip_network(text)
        except ValueError as error:
            message = f"trusted_proxies takes networks such as 10.0.0.0/8: {error}."
            raise SettingsError(message) from error
    return texts
