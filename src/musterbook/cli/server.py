"""*musterbook serve, migrate, backup, doctor.* What an operator does with the server and its database."""

import asyncio
import functools
import os
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from musterbook.cli import checkup
from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.output import Column, Listing, Output, open_output
from musterbook.cli.running import DEFAULTS, Common, guard
from musterbook.settings import (
    SETTINGS_FILE,
    Settings,
    SettingValue,
    check_secret_is_given,
    gather_values,
    make_settings,
)
from musterbook.storage import backup_database, migrate_database, open_database, sqlite_path
from musterbook.web import bind, serve_with_workers, url_of
from musterbook.web import serve as serve_application
from musterbook.wiring import SCIM_PATH, create_app, definitions_of

_FINDINGS: Listing[checkup.Finding] = Listing(
    row=lambda finding: {"check": finding.check, "result": finding.verdict.value, "says": finding.says},
    columns=(
        Column("check", lambda finding: finding.check, is_whole=True),
        Column("result", lambda finding: finding.verdict.value, is_whole=True),
        Column("says", lambda finding: finding.says),
    ),
    empty="Nothing was checked.",
)


def serve(
    *,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    trusted_proxies: Annotated[
        tuple[str, ...] | None, Parameter(metavar="CIDR", negative="", consume_multiple=True)
    ] = None,
    requests_per_second: int | None = None,
    common: Common = DEFAULTS,
) -> ExitCode:
    """Serve until Ctrl-C or SIGTERM. With --json the first line of output holds the address.

    Parameters
    ----------
    host
        The address to listen on: 127.0.0.1 where nothing else is set.
    port
        The port to listen on: 8000 where nothing else is set; 0 takes any free one.
    workers
        How many processes serve. More than one needs PostgreSQL.
    trusted_proxies
        The networks, such as 10.0.0.0/8, whose X-Forwarded-For and X-Forwarded-Proto are believed.
    requests_per_second
        How many requests each key may send in a second, as each worker counts them: any number where nothing is set.
    """
    output = open_output(as_json=common.json)
    flags = common.flags(
        host=host, port=port, workers=workers, trusted_proxies=trusted_proxies, requests_per_second=requests_per_second
    )

    def work() -> None:
        values = gather_values(flags, os.environ, Path(SETTINGS_FILE))
        settings = make_settings(values)
        if settings.workers > 1 and settings.database_url.startswith("sqlite:"):
            raise CommandError(
                "SQLite is served by one process. Use PostgreSQL for more than one worker.", ExitCode.USAGE
            )
        if settings.base_url.endswith(SCIM_PATH):
            raise CommandError(f"The base URL is the server's own, without {SCIM_PATH}.", ExitCode.USAGE)
        check_secret_is_given(settings)  # Here too: a worker that found out would be started again and again.
        bound = _listen(settings)
        address = url_of(bound)
        settings = _with_address(settings, values, address)
        try:
            if settings.workers > 1:
                make = functools.partial(create_app, settings)
                serve_with_workers(make, bound, settings.workers, lambda: _say_address(output, settings, address))
            else:
                serve_application(create_app(settings), bound, lambda: _say_address(output, settings, address))
        finally:
            bound.close()

    return guard(output, work)


def _listen(settings: Settings) -> socket.socket:
    try:
        return bind(settings.host, settings.port)
    except OSError as error:
        raise CommandError(f"Cannot listen on {settings.host}, port {settings.port}: {error.strerror}.") from error


def _say_address(output: Output, settings: Settings, address: str) -> None:
    scim_base_url = settings.base_url + SCIM_PATH
    if output.as_json:
        output.json_line({"address": address, "scim_base_url": scim_base_url})
    else:
        output.say(f"Musterbook listens on {address}. SCIM base URL: {scim_base_url}")


def _with_address(settings: Settings, values: Mapping[str, SettingValue], address: str) -> Settings:
    """Return the settings with a base URL that leads here where none was given: for trying it out on one machine."""
    return settings if "base_url" in values else replace(settings, base_url=address)


def migrate(*, common: Common = DEFAULTS) -> ExitCode:
    """Bring the database's schema up to this release. SQLite does so by itself when it is opened."""
    output = open_output(as_json=common.json)

    def work() -> None:
        applied, kept = asyncio.run(_migrate(common.settings()))
        if output.as_json:
            output.json_line({"applied": applied})
            return
        lines = [f"Applied {name}." for name in applied] or ["The schema is up to date."]
        output.say("\n".join([*lines, *kept]))

    return guard(output, work)


async def _migrate(settings: Settings) -> tuple[list[str], list[str]]:
    """Return the names of the migrations applied, and what was left as it is because nothing defines it."""
    definitions = definitions_of(settings)
    applied = await migrate_database(settings.database_url, custom_types=definitions.added_types)
    database = await open_database(settings.database_url, custom_types=definitions.added_types)
    try:
        not_served = checkup.not_served(await database.tenants.count_by_type(), definitions)
    finally:
        await database.close()
    return applied, [finding.says for finding in not_served]


def backup(file: Annotated[Path, Parameter(metavar="FILE")], /, *, common: Common = DEFAULTS) -> ExitCode:
    """Copy a SQLite database while it is in use. PostgreSQL has its own tools.

    Parameters
    ----------
    file
        Where the copy goes; must not exist yet.
    """
    output = open_output(as_json=common.json)

    def work() -> None:
        url = common.settings().database_url
        source = sqlite_path(url)
        if source is None:
            raise CommandError("Back up PostgreSQL with its own tools, such as pg_dump.", ExitCode.USAGE)
        if not source.exists():
            raise CommandError(f"There is no database {source}.", ExitCode.NOT_FOUND)
        try:
            asyncio.run(backup_database(url, file))
        except FileExistsError as error:
            raise CommandError(f"{file} exists already. Name a new file.", ExitCode.CONFLICT) from error
        output.record({"file": str(file), "bytes": file.stat().st_size})

    return guard(output, work)


def doctor(*, common: Common = DEFAULTS) -> ExitCode:
    """Check settings, definitions, database, migrations, secret, certificates and clock, and say what to do."""
    output = open_output(as_json=common.json)

    def work() -> ExitCode:
        findings = asyncio.run(checkup.examine(common.settings(), os.environ))
        output.list_items(_FINDINGS, findings)
        bad = {finding.check for finding in findings if finding.verdict is checkup.Verdict.BAD}
        if checkup.MIGRATIONS in bad:
            return ExitCode.NOT_READY
        return ExitCode.FAILED if bad else ExitCode.DONE

    return guard(output, work)
