"""*The one writer.* Decides how changes that arrive together become one transaction.

Knows transactions; knows no table. SQLite lets one connection write at a time and makes each commit wait for the disk.
So one thread of the process owns the writing connection, takes whatever has queued since its last commit, and commits
it together. Four ideas:

* Each change runs in a SAVEPOINT: one that is refused is undone alone, and its neighbours never know.
* A change is answered only after ``COMMIT`` has returned. If the commit fails, every change of the batch has failed.
* ``BEGIN IMMEDIATE`` takes the writer's place at once. While another process has it, the changes wait here, each until
  its own time is over, and the event loop serves reads.
* After an error of the file or the disk, the connection is closed, and the next batch begins on another.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from musterbook.directory.store import StoreUnavailableError
from musterbook.storage.sqlite.connection import DatabaseBusyError, Identity, connect_writer, identity, store_error

T = TypeVar("T")

MAX_BATCH: Final = 200
"""How many changes one transaction holds: about 20 ms, for which other processes wait, and the first change too."""


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[sqlite3.Connection], Any]  # `Any`: the results of a batch have nothing in common
    answer: "asyncio.Future[Any]"
    give_up_at: float


@dataclass(frozen=True, slots=True)
class _Outcome:
    job: _Job
    result: Any = None  # as above
    error: BaseException | None = None


class Writer:
    """Runs changes in a thread of its own, which lives until :meth:`close`."""

    def __init__(self, path: Path, *, busy_seconds: float) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._opened: tuple[Identity, sqlite3.Connection] | None = None
        self._is_closed = False
        # A daemon: a process that ends without close must not hang, and what is not committed was promised to nobody.
        self._thread = threading.Thread(target=self._serve, name="musterbook-sqlite-writer", daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` in a transaction, alone or with others, and return its result once that is on disk.

        Once it was handed over, ``work`` runs also if the caller no longer waits.

        Raises:
            StoreUnavailableError: the file cannot be written to; nothing of ``work`` was stored.
        """
        if self._is_closed:
            raise StoreUnavailableError("the SQLite database was closed")
        answer: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(_Job(work, answer, time.monotonic() + self._busy_seconds))
        return await answer

    async def close(self) -> None:
        """Finish everything that was handed over, then end the thread."""
        if not self._is_closed:
            self._is_closed = True
            self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    # -- on the writer's thread ----------------------------------------------------------------------------------------

    def _serve(self) -> None:
        try:
            while (first := self._jobs.get()) is not None:
                self._write([first, *self._queued(MAX_BATCH - 1)])
        finally:
            self._let_go()

    def _queued(self, limit: int) -> list[_Job]:
        """Return what has queued, without waiting for more."""
        jobs: list[_Job] = []
        with contextlib.suppress(queue.Empty):
            while len(jobs) < limit:
                job = self._jobs.get_nowait()
                if job is None:
                    # The farewell is the last in the queue, and stays it.
                    self._jobs.put(None)
                    break
                jobs.append(job)
        return jobs

    def _write(self, jobs: list[_Job]) -> None:
        while jobs:
            try:
                outcomes = self._commit(jobs)
            except DatabaseBusyError as error:
                now = time.monotonic()
                self._refuse([job for job in jobs if job.give_up_at <= now], error)
                jobs = [job for job in jobs if job.give_up_at > now]
                jobs += self._queued(MAX_BATCH - len(jobs))
            except StoreUnavailableError as error:
                self._let_go()
                self._refuse(jobs, error)
                return
            else:
                self._answer(outcomes)
                return

    def _commit(self, jobs: Sequence[_Job]) -> list[_Outcome]:
        try:
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                outcomes = [_attempt(connection, job) for job in jobs]
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            failure = store_error(error) or StoreUnavailableError(f"SQLite: {error}")
            raise failure from error
        return outcomes

    def _connection(self) -> sqlite3.Connection:
        current = identity(self._path)
        if self._opened is None or self._opened[0] != current:
            self._let_go()
            self._opened = (current, connect_writer(self._path))
        return self._opened[1]

    def _let_go(self) -> None:
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None

    def _refuse(self, jobs: Sequence[_Job], error: StoreUnavailableError) -> None:
        self._answer([_Outcome(job, error=StoreUnavailableError(*error.args)) for job in jobs])

    def _answer(self, outcomes: Sequence[_Outcome]) -> None:
        # One call for the whole batch: each wakes the loop. A loop that is closed has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(_set_answers, outcomes)


def _attempt(connection: sqlite3.Connection, job: _Job) -> _Outcome:
    """Return what came of one change; if it failed, it is undone.

    Raises:
        sqlite3.Error: the file or the disk failed, and with it the whole transaction.
    """
    connection.execute("SAVEPOINT change")
    try:
        result = job.work(connection)
    except Exception as error:
        # Whatever a change raises is for its caller; this thread goes on to serve the others.
        if isinstance(error, sqlite3.Error) and store_error(error) is not None:
            raise
        connection.execute("ROLLBACK TO change")
        outcome = _Outcome(job, error=error)
    else:
        outcome = _Outcome(job, result)
    connection.execute("RELEASE change")
    return outcome


def _set_answers(outcomes: Sequence[_Outcome]) -> None:
    for outcome in outcomes:
        answer = outcome.job.answer
        if answer.cancelled():  # whoever asked waits no longer
            continue
        if outcome.error is None:
            answer.set_result(outcome.result)
        else:
            answer.set_exception(outcome.error)
