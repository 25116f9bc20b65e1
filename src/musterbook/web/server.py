"""*Running the server.* Decides how the application gets a socket, processes, and an end.

Knows uvicorn; knows no route and no setting beyond what it is given. The socket is bound first, so its address is known
(port 0 takes a free one) and a taken port fails before anything is opened. One process serves by itself; several share
the socket under uvicorn's supervisor, which starts a new one for each that dies. On SIGTERM or SIGINT the server takes
no new connections, finishes what it began, and returns.
"""

import asyncio
import contextlib
import functools
import gc
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import uvicorn
from prometheus_client.multiprocess import mark_process_dead
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from musterbook.web.application import DRAIN_SECONDS, Application
from musterbook.web.connection import BoundedHttpProtocol
from musterbook.web.log import route_library_logs
from musterbook.web.metrics import MULTIPROCESS_DIRECTORY

KEEP_ALIVE_SECONDS = 75
"""Longer than the 60 seconds after which common proxies (nginx, AWS and Google load balancers) drop an idle connection
to us: the side that sends requests should be the one to close."""
BACKLOG = 2048
START_SECONDS = 30.0
"""How long a worker process may take to open the database."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class ServerFailedError(Exception):
    """The server did not start; the log says why."""


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens on the address; port 0 takes a free port.

    Raises:
        OSError: the address is taken or not ours.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        # Two sockets may hold one address as long as neither listens: without this a taken port shows itself later.
        bound.listen(BACKLOG)
    except OSError:
        bound.close()
        raise
    bound.set_inheritable(True)
    return bound


def url_of(bound: socket.socket) -> str:
    """Return the http URL of a bound socket, without a trailing slash."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if bound.family is socket.AF_INET6 else f"http://{host}:{port}"


def serve(application: Application, bound: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve in this process until SIGTERM or SIGINT; call ``on_ready`` once requests are taken.

    Raises:
        NotReadyError: the database has a schema that this release cannot use.
        StoreUnavailableError: the database is away.
    """
    _settle()
    _run(_Server(_config(application), on_ready), application, bound)


def serve_with_workers(
    make_application: Callable[[], Application], bound: socket.socket, workers: int, on_ready: Callable[[], None]
) -> None:
    """Serve in ``workers`` processes until SIGTERM or SIGINT; call ``on_ready`` once requests are taken.

    ``make_application`` is called in each process, so it must be picklable.

    Raises:
        NotReadyError: the database has a schema that this release cannot use.
        StoreUnavailableError: the database is away.
        ServerFailedError: a process could not start; its log says why.
    """
    asyncio.run(_try(make_application()))
    config = _config(functools.partial(_make_in_worker, make_application), workers=workers)
    with tempfile.TemporaryDirectory(prefix="musterbook-metrics-") as directory, _metrics_in(directory):
        supervisor = _Supervisor(config, bound, on_ready, directory)
        supervisor.run()
    if supervisor.has_failed:
        raise ServerFailedError("A worker process could not start.")


@contextlib.contextmanager
def serving(application: Application, bound: socket.socket) -> Iterator[str]:
    """Serve in a thread while the context lasts, and yield the URL. For demonstrations and tests.

    Raises:
        ServerFailedError: the server did not start; the cause is attached.
    """
    started = threading.Event()
    server = _Server(_config(application), started.set)
    with ThreadPoolExecutor(1, "musterbook-server") as executor:
        running = executor.submit(_run, server, application, bound)
        running.add_done_callback(lambda _: started.set())
        started.wait()
        if running.done():
            raise ServerFailedError("The server did not start.") from running.exception()
        try:
            yield url_of(bound)
        finally:
            server.should_exit = True


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it is ready, and returns when it was asked to end."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn raises the signal again when it has finished, so an orderly end looks like a death by signal.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Supervisor(Multiprocess):
    """uvicorn's supervisor, which says when every process is ready, and forgets the figures of dead ones."""

    def __init__(
        self, config: uvicorn.Config, bound: socket.socket, on_ready: Callable[[], None], metrics_directory: str
    ) -> None:
        super().__init__(config, [bound])
        self._on_ready = on_ready
        self._metrics_directory = metrics_directory
        self.has_failed = False

    def init_processes(self) -> None:
        super().init_processes()
        if all(process.wait_until_ready(START_SECONDS, self.should_exit) for process in self.processes):
            self._on_ready()

    def terminate_all(self) -> None:
        # While any process holds the socket, the system goes on taking connections that nobody will ever serve.
        for bound in self.sockets:
            bound.close()
        super().terminate_all()

    def keep_subprocess_alive(self) -> None:
        before = list(self.processes)
        super().keep_subprocess_alive()
        for process in before:
            if process.exitcode is None:
                continue
            self.has_failed = self.has_failed or process.exitcode == STARTUP_FAILURE
            mark_process_dead(process.pid, self._metrics_directory)  # type: ignore[no-untyped-call]  # the library leaves it unannotated


async def _try(application: Application) -> None:
    """Open and close what a worker would, so that a database that cannot be used fails once and by its name."""
    async with application.lifespan():
        pass


def _make_in_worker(make_application: Callable[[], Application]) -> Application:
    application = make_application()
    route_library_logs(application.log)
    _settle()
    return application


def _settle() -> None:
    """Spare what was made so far from the search for garbage."""
    # It stays until the process ends, and looking through it again and again cost a request some 5 µs of 85.
    gc.collect()
    gc.freeze()


def _run(server: _Server, application: Application, bound: socket.socket) -> None:
    async def run() -> None:
        async with application.lifespan():
            await server.serve([bound])

    route_library_logs(application.log)
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(run())


def _config(application: Callable[..., object], workers: int = 1) -> uvicorn.Config:
    is_factory = workers > 1
    return uvicorn.Config(
        application,
        http=BoundedHttpProtocol,
        ws="none",
        # In a process of its own the application learns of start and end from uvicorn; otherwise from _run.
        lifespan="on" if is_factory else "off",
        factory=is_factory,
        workers=workers,
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(DRAIN_SECONDS),
    )


@contextlib.contextmanager
def _metrics_in(directory: str) -> Iterator[None]:
    """Have the processes that are started meanwhile count into files of ``directory``."""
    before = os.environ.get(MULTIPROCESS_DIRECTORY)
    os.environ[MULTIPROCESS_DIRECTORY] = directory
    try:
        yield
    finally:
        if before is None:
            del os.environ[MULTIPROCESS_DIRECTORY]
        else:
            os.environ[MULTIPROCESS_DIRECTORY] = before
