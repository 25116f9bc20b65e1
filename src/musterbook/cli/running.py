"""*How a command runs.* The options that every command takes, and the way from a command to the rooms and back.

Knows wiring and settings; knows no single command. A command is an ``async`` function that gets a :class:`Desk`.
"""

import asyncio
import os
import sys
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import Parameter

from musterbook.cli.exit_codes import EXPECTED_FAILURES, ExitCode, exit_code_of, message_of
from musterbook.cli.output import Output, open_output
from musterbook.directory import Actor, Tenant, operator_actor
from musterbook.settings import SETTINGS_FILE, Settings, SettingValue, load_settings
from musterbook.wiring import Services, open_services

Flag: TypeAlias = Annotated[bool, Parameter(negative="", show_default=False)]
"""An option without a value."""


@Parameter(name="*", group="Options of every command")
@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """Options that every command takes."""

    database: Annotated[str | None, Parameter(metavar="URL")] = None
    """The database: sqlite:///relative.db, sqlite:////absolute.db or postgresql://user:password@host/name
    (MUSTERBOOK_DATABASE_URL). Without it, musterbook.db in this folder."""
    base_url: Annotated[str | None, Parameter(metavar="URL")] = None
    """The address at which clients reach the server, such as https://directory.example.com (MUSTERBOOK_BASE_URL)."""
    json: Flag = False
    """Print JSON, for scripts."""

    def flags(self, **others: SettingValue) -> dict[str, SettingValue]:
        """Return the flags by the names of the settings."""
        return {"database_url": self.database, "base_url": self.base_url, **others}

    def settings(self, **others: SettingValue) -> Settings:
        """Return the settings of this command.

        Raises:
            SettingsError: a value cannot be used.
        """
        return load_settings(self.flags(**others), os.environ, Path(SETTINGS_FILE))


DEFAULTS = Common()


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command works with."""

    output: Output
    services: Services
    request_id: str

    async def tenant(self, slug: str) -> Tenant:
        """Return the tenant with this slug.

        Raises:
            NoSuchTenantError: there is none.
        """
        return await self.services.tenants.get(slug)

    async def actor(self, slug: str) -> Actor:
        """Return the operator, acting in the tenant with this slug.

        Raises:
            NoSuchTenantError: there is none.
        """
        return operator_actor((await self.tenant(slug)).id, self.request_id)


def run(common: Common, work: Callable[[Desk], Awaitable[None]], *, with_secret: bool = False) -> ExitCode:
    """Open the rooms, do ``work``, close them, and return how it ended; with the server's secret where it is needed."""

    async def open_and_work() -> None:
        async with open_services(common.settings(), with_secret=with_secret) as services:
            await work(Desk(output, services, str(uuid.uuid4())))

    output = open_output(as_json=common.json)
    return guard(output, lambda: asyncio.run(open_and_work()))


def guard(output: Output, work: Callable[[], ExitCode | None]) -> ExitCode:
    """Do ``work``; turn an expected failure into a sentence and an exit code."""
    try:
        return work() or ExitCode.DONE
    except EXPECTED_FAILURES as error:
        output.fail(message_of(error))
        return exit_code_of(error)
    except BrokenPipeError:
        # Whoever read, such as head, has enough. Python would write what is left when it ends, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
