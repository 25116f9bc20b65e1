"""*A bulk request.* Takes its operations to the directory one after the other and gathers what came of them.

Knows the rooms; holds no rule: what is done when, and what it means that something failed, is decided in ``scim.bulk``
(RFC 7644 §3.7). Each operation is authorized, stored and kept in the history as if it had come alone.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from structlog.typing import FilteringBoundLogger

from musterbook.directory import Actor
from musterbook.directory.operation import CreateTogether
from musterbook.scim import Tolerance
from musterbook.scim.bulk import BulkItem, BulkJob, parse_bulk
from musterbook.scim.operation import CreateResource, Outcome
from musterbook.scim.protocol import Exchange
from musterbook.web.errors import attempt
from musterbook.web.record import RequestRecord
from musterbook.web.services import Services


async def perform_bulk(
    services: Services, actor: Actor, exchange: Exchange, record: RequestRecord, log: FilteringBoundLogger
) -> Exchange:
    """Return ``exchange`` with the BulkResponse message for its BulkRequest message.

    Raises:
        ScimError: the message is none, or too large; nothing was done.
    """
    job = parse_bulk(exchange.bulk or {}, services.directory.new_id)
    performer = _Performer(services, actor, exchange.tolerance, record)
    for unit in job.units():
        # A bug in one operation must not hide from the client what came of the others.
        result = await attempt(performer.perform(job, unit), record.request_id, log)
        job.settle(unit, result, services.service)
        # Where nothing had to be waited for, as with what changes nothing on SQLite, others come in between.
        await asyncio.sleep(0)
    record.bulk_operations, record.bulk_errors = len(job.items), job.error_count
    return replace(exchange, document=job.response())


class _Performer:
    """Performs the units of one bulk request."""

    def __init__(self, services: Services, actor: Actor, tolerance: Tolerance, record: RequestRecord) -> None:
        self._services = services
        self._record = record
        self._actor = actor
        self._tolerance = tolerance

    async def perform(self, job: BulkJob, unit: Sequence[BulkItem]) -> Sequence[Outcome]:
        """Return the outcome of each operation of the unit; where one fails, none of them was performed.

        Raises:
            ScimError: what the failure was.
        """
        operations = [job.operation(item, self._services.service, self._tolerance) for item in unit]
        directory = self._services.directory
        if job.is_circle(unit):
            creates = [operation for operation in operations if isinstance(operation, CreateResource)]
            return (await directory.perform(self._actor, CreateTogether(creates))).created
        outcomes = [await directory.perform(self._actor, operation) for operation in operations]
        for outcome in outcomes:
            self._record.note(outcome)
        return outcomes
