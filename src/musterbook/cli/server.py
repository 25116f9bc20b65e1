"""*musterbook serve, migrate, backup, doctor.* What an operator does with the server and its database."""

import asyncio
import functools
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from musterbook.cli import checkup
from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.output import open_output
from musterbook.cli.running import DEFAULTS, Common, guard
from musterbook.settings import SETTINGS_FILE, Settings, SettingValue, gather_values, make_settings
from musterbook.storage import backup_database, migrate_database
from musterbook.web import NotReadyError, ServerFailedError, bind, serve_with_workers, url_of
from musterbook.web import serve as serve_application
from musterbook.wiring import create_app


def serve(
    *,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    trusted_proxies: tuple[str, ...] | None = None,
    common: Common = DEFAULTS,
) -> ExitCode:
    """Serve until SIGTERM or SIGINT. With --json the first line of output holds the address.

    Parameters
    ----------
    host
        Address to listen on.
    port
        Port to listen on; 0 takes any free one.
    workers
        How many processes serve. More than one needs PostgreSQL.
    trusted_proxies
        Networks, such as 10.0.0.0/8, whose X-Forwarded-For and -Proto are believed.
    """
    output = open_output(as_json=common.json)

    def work() -> None:
        flags = common.flags(host=host, port=port, workers=workers, trusted_proxies=trusted_proxies)
        values = gather_values(flags, os.environ, Path(SETTINGS_FILE))
        settings = make_settings(values)
        if settings.workers > 1 and settings.database_url.startswith("sqlite:"):
            message = "SQLite is served by one process. Use PostgreSQL for --workers above 1."
            raise CommandError(message, ExitCode.USAGE)
        try:
            bound = bind(settings.host, settings.port)
        except OSError as error:
            raise CommandError(f"Cannot listen on {settings.host}, port {settings.port}: {error.strerror}.") from error
        address = url_of(bound)
        settings = _with_address(settings, values, address)

        def say_address() -> None:
            if output.as_json:
                output.json_line({"address": address, "scim_base_url": f"{settings.base_url}/scim/v2"})
            else:
                output.say(f"Musterbook listens on {address}. SCIM base URL: {settings.base_url}/scim/v2")

        try:
            if settings.workers > 1:
                make = functools.partial(create_app, settings)
                serve_with_workers(make, bound, settings.workers, say_address)
            else:
                serve_application(create_app(settings), bound, say_address)
        except NotReadyError as error:
            raise CommandError(str(error), ExitCode.NOT_READY) from error
        except ServerFailedError as error:
            raise CommandError(str(error)) from error
        finally:
            bound.close()

    return guard(output, work)


def _with_address(settings: Settings, values: Mapping[str, SettingValue], address: str) -> Settings:
    """Return the settings with a base URL that leads here where none was given: for trying it out on one machine."""
    return settings if "base_url" in values else replace(settings, base_url=address)


def migrate(*, common: Common = DEFAULTS) -> ExitCode:
    """Bring the database's schema up to this release. SQLite does so by itself when it is opened."""
    output = open_output(as_json=common.json)

    def work() -> None:
        applied = asyncio.run(migrate_database(common.settings().database_url))
        if output.as_json:
            output.json_line({"applied": list(applied)})
        else:
            output.say("\n".join(f"Applied {name}." for name in applied) or "The schema is up to date.")

    return guard(output, work)


def backup(file: Path, /, *, common: Common = DEFAULTS) -> ExitCode:
    """Copy a SQLite database while it is in use. For PostgreSQL, use its own tools.

    Parameters
    ----------
    file
        Where the copy goes; must not exist.
    """
    output = open_output(as_json=common.json)

    def work() -> None:
        url = common.settings().database_url
        if not url.startswith("sqlite:"):
            message = "Back up PostgreSQL with its own tools, such as pg_dump or pg_basebackup."
            raise CommandError(message, ExitCode.USAGE)
        if file.exists():
            raise CommandError(f"{file} exists already. Name a new file.", ExitCode.CONFLICT)
        asyncio.run(backup_database(url, file))
        output.record({"file": str(file), "bytes": file.stat().st_size})

    return guard(output, work)


def doctor(*, common: Common = DEFAULTS) -> ExitCode:
    """Check settings, database, migrations, secret, certificates and clock, and say what to do."""
    output = open_output(as_json=common.json)

    def work() -> ExitCode:
        findings = asyncio.run(checkup.examine(common.settings(), os.environ))
        rows = [{"check": item.check, "result": item.verdict.value, "says": item.says} for item in findings]
        output.table(rows, ("check", "result", "says"), empty="Nothing was checked.")
        return ExitCode.FAILED if any(item.verdict is checkup.Verdict.BAD for item in findings) else ExitCode.DONE

    return guard(output, work)
